/*
 * The map of live blocks: for every 16 bytes of the address space two bits,
 * and for the blocks that are sampled an entry.
 *
 *   root -> leaf (8 GiB) -> granule (1 MiB): 65536 states of two bits,
 *                                           256 pages, each with a node
 *   node: a power-of-two array of entries, indexed by the position of the
 *         block in its page, grown until no two blocks share a place
 *
 * The bits answer a free in two loads: not ours (born before the recorder),
 * ours and only counted, or sampled. Entries lie in the order of the heap, so
 * a program that walks its heap walks this map alike, and a page of 64-byte
 * blocks costs 16 bytes each. Memory: 1.6 % of the heap that is in use, plus
 * 16 to 48 bytes for each sampled block.
 *
 * Threads: states of small blocks are written under the GIL only; states of
 * native blocks with atomic operations; nodes under their granule's lock.
 */
#ifndef WEIGH_RECORDER_BLOCKS_H
#define WEIGH_RECORDER_BLOCKS_H

#include "base/spin.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum weigh_block_state {
	WEIGH_BLOCK_NONE = 0,    /* not recorded */
	WEIGH_BLOCK_SMALL = 1, /* counted; of the small-object allocator. In a known pool also: no block */
	WEIGH_BLOCK_NATIVE = 2, /* counted; of malloc */
	WEIGH_BLOCK_SAMPLED = 3, /* has an entry */
};

/* Who can say what a block occupies. */
enum weigh_block_kind {
	WEIGH_KIND_SMALL = 0, /* the small-object allocator's pool header */
	WEIGH_KIND_NATIVE = 1, /* malloc_usable_size */
	WEIGH_KIND_OPAQUE = 2, /* nobody: requested bytes, rounded up */
	WEIGH_KIND_UNCOUNTED = 3, /* not a recorded block, only watched */
};

/* 16 bytes. */
struct weigh_entry {
	uint64_t used : 1;
	uint64_t slot : 8; /* address / 16 within the page */
	uint64_t kind : 2; /* enum weigh_block_kind */
	uint64_t sampled : 1;
	uint64_t code : 1; /* a code object lives here */
	uint64_t period : 6; /* log2 of the sampling period; 0: taken for certain */
	uint64_t traced : 1; /* see traces.h */
	uint64_t birth : 44; /* allocations of its thread before it */
	uint64_t site : 24;
	uint64_t size : 40; /* requested bytes; saturates at 1 TiB */
};

enum {
	WEIGH_GRANULE_SHIFT = 20,
	WEIGH_LEAF_SHIFT = 13,
	WEIGH_ROOT_SHIFT = 14,
	WEIGH_GRANULE_STATES = (1 << WEIGH_GRANULE_SHIFT) / 16 / 32,
	WEIGH_GRANULE_PAGES = (1 << WEIGH_GRANULE_SHIFT) / 4096,
	WEIGH_ENTRY_SIZE_MAX_LOG = 40,
	WEIGH_POOL_SHIFT = 14, /* 16 KiB of the small-object allocator: see pools.h */
};

struct weigh_granule {
	uint64_t states[WEIGH_GRANULE_STATES];
	uint64_t pages[WEIGH_GRANULE_PAGES]; /* see weigh_page_place */
	uint64_t pools; /* a bit for each known pool: see pools.h */
	uint64_t unsure_pools; /* what may become one without our being told */
	struct weigh_spin lock;
};

struct weigh_leaf {
	struct weigh_granule *granules[1 << WEIGH_LEAF_SHIFT];
};

extern struct weigh_leaf *weigh_blocks_root[1 << WEIGH_ROOT_SHIFT];

/* The granule of an address, or NULL when nothing was ever recorded there. */
static inline struct weigh_granule *weigh_granule_find(uintptr_t address)
{
	uintptr_t index = address >> WEIGH_GRANULE_SHIFT;
	if (index >> (WEIGH_LEAF_SHIFT + WEIGH_ROOT_SHIFT))
		return NULL;
	struct weigh_leaf *leaf = weigh_blocks_root[index >> WEIGH_LEAF_SHIFT];
	return leaf ? leaf->granules[index & ((1 << WEIGH_LEAF_SHIFT) - 1)] : NULL;
}

/* The same for the address of a block, which lies in the lower half of the address space. */
static inline struct weigh_granule *weigh_granule_at(uintptr_t address)
{
	struct weigh_leaf *leaf = weigh_blocks_root[address >> (WEIGH_GRANULE_SHIFT + WEIGH_LEAF_SHIFT) &
						    ((1 << WEIGH_ROOT_SHIFT) - 1)];
	return leaf ? leaf->granules[address >> WEIGH_GRANULE_SHIFT & ((1 << WEIGH_LEAF_SHIFT) - 1)] : NULL;
}

static inline const struct weigh_granule *weigh_granule_near(uintptr_t address)
{
	return weigh_granule_at(address);
}

static inline uint32_t weigh_state_index(uintptr_t address)
{
	return address >> 9 & (WEIGH_GRANULE_STATES - 1);
}

static inline uint64_t *weigh_state_word(struct weigh_granule *granule, uintptr_t address)
{
	return &granule->states[weigh_state_index(address)];
}

static inline unsigned weigh_state_shift(uintptr_t address)
{
	return (unsigned)(address >> 3 & 62);
}

static inline enum weigh_block_state weigh_state_get(const struct weigh_granule *granule, uintptr_t address)
{
	uint64_t word = __atomic_load_n(&granule->states[weigh_state_index(address)], __ATOMIC_RELAXED);
	return (enum weigh_block_state)(word >> weigh_state_shift(address) & 3);
}

/* Sets the state of an address whose state is NONE, or in a known pool SMALL. */
static inline void weigh_state_set(struct weigh_granule *granule, uintptr_t address,
				   enum weigh_block_state state, bool shared)
{
	uint64_t *word = weigh_state_word(granule, address);
	uint64_t bits = (uint64_t)state << weigh_state_shift(address);
	if (shared && !weigh_alone())
		__atomic_fetch_or(word, bits, __ATOMIC_RELAXED);
	else
		*word |= bits;
}

static inline void weigh_state_erase(struct weigh_granule *granule, uintptr_t address)
{
	*weigh_state_word(granule, address) &= ~(3ull << weigh_state_shift(address));
}

static inline uint64_t weigh_pool_bit(uintptr_t address)
{
	return 1ull << (address >> WEIGH_POOL_SHIFT & 63);
}

/* Sets the state of an address at which no block is recorded any more: SMALL in a known pool, else NONE. */
static inline void weigh_state_clear(struct weigh_granule *granule, uintptr_t address, bool shared)
{
	uint64_t *word = weigh_state_word(granule, address);
	uint64_t bits = 3ull << weigh_state_shift(address);
	if (granule->pools & weigh_pool_bit(address))
		*word = (*word & ~bits) | (uint64_t)WEIGH_BLOCK_SMALL << weigh_state_shift(address);
	else if (shared && !weigh_alone())
		__atomic_fetch_and(word, ~bits, __ATOMIC_RELAXED);
	else
		*word &= ~bits;
}

/*
 * A page's word: the address of its node, by how much a slot is shifted right
 * for its place in the node, whether the last entry stored was of a small
 * block, and the number of entries. If it was, all of the page's blocks are
 * small: they come and go under the GIL, and no lock is needed.
 */
enum {
	WEIGH_PAGE_SHIFT = 48,
	WEIGH_PAGE_COUNT = 55,
	WEIGH_PAGE_SMALLEST = 8, /* the shift of a node of one entry; of 256, in which no two collide: 0 */
};

#define WEIGH_PAGE_SMALL (1ull << 53)
#define WEIGH_PAGE_ONE (1ull << WEIGH_PAGE_COUNT)

static inline uint64_t *weigh_page_of(struct weigh_granule *granule, uintptr_t address)
{
	return &granule->pages[address >> 12 & (WEIGH_GRANULE_PAGES - 1)];
}

/* Where in the page's node the entry of an address would be. */
static inline struct weigh_entry *weigh_page_place(uint64_t page, uintptr_t address)
{
	uintptr_t node = page << (64 - WEIGH_PAGE_SHIFT) >> (64 - WEIGH_PAGE_SHIFT);
	return (struct weigh_entry *)(node + ((address & 4095) >> (page >> WEIGH_PAGE_SHIFT & 31) &
					      -sizeof(struct weigh_entry)));
}

/*
 * Entries of small blocks that are sampled for certain are kept as two words:
 * from fields the compiler makes stores of parts, which a load of the whole
 * then waits for, a third of what such a block cost.
 */
struct weigh_certain {
	uint64_t head;
	uint64_t site_and_size;
};

/* Where in its words the parts lie. */
enum { WEIGH_CERTAIN_TRACED = 19, WEIGH_CERTAIN_BIRTH = 20, WEIGH_CERTAIN_SIZE = 24 };

/* The head of such an entry without birth and trace: in use, its slot, and sampled with period 0. */
static inline uint64_t weigh_certain_head(uintptr_t address)
{
	return (address >> 3 & 0x1fe) | 1 << 11 | 1;
}

static inline uint64_t weigh_certain_birth(struct weigh_certain entry)
{
	return entry.head >> WEIGH_CERTAIN_BIRTH;
}

static inline uint32_t weigh_certain_site(struct weigh_certain entry)
{
	return (uint32_t)entry.site_and_size & ((1u << WEIGH_CERTAIN_SIZE) - 1);
}

static inline uint64_t weigh_certain_bytes(struct weigh_certain entry)
{
	return entry.site_and_size >> WEIGH_CERTAIN_SIZE;
}

/* The granule of an address, made if need be; NULL: no memory, or no user address. */
struct weigh_granule *weigh_granule_make(uintptr_t address);

/*
 * Stores an entry for a block (its slot and used fields are filled in here) and
 * leaves the state to the caller. False when there was no memory or no lock.
 */
bool weigh_blocks_add(struct weigh_granule *granule, uintptr_t address, struct weigh_entry entry);

/* Takes the entry of a block out; false when there is none to be had. */
bool weigh_blocks_remove(struct weigh_granule *granule, uintptr_t address, struct weigh_entry *entry);

/* As weigh_blocks_add, for such an entry. Under the GIL. */
static inline bool weigh_certain_put(struct weigh_granule *granule, uintptr_t address,
				     struct weigh_certain entry)
{
	uint64_t *page = weigh_page_of(granule, address);
	struct weigh_entry *place = weigh_page_place(*page, address);
	if (__builtin_expect(!(*page & WEIGH_PAGE_SMALL) || place->used, 0)) {
		struct weigh_entry whole;
		memcpy(&whole, &entry, sizeof(whole));
		return weigh_blocks_add(granule, address, whole);
	}
	memcpy(place, &entry, sizeof(entry));
	*page += WEIGH_PAGE_ONE;
	return true;
}

/* Gives back the node of a page whose last entry was taken out; the smallest stays for the next block. */
void weigh_page_emptied(uint64_t *page);

/* Whether a page's node stays when an entry is taken out. */
static inline bool weigh_page_stays(uint64_t page)
{
	return page >> WEIGH_PAGE_COUNT > 1 || (page >> WEIGH_PAGE_SHIFT & 31) == WEIGH_PAGE_SMALLEST;
}

/* Takes the entry of an address out, if it is such a one; `staying`: and if the page's node stays. Under the GIL. */
static inline bool weigh_certain_take(struct weigh_granule *granule, uintptr_t address,
				      struct weigh_certain *entry, bool staying)
{
	uint64_t *page = weigh_page_of(granule, address);
	if (!(*page & WEIGH_PAGE_SMALL) || (staying && !weigh_page_stays(*page)))
		return false;
	struct weigh_entry *place = weigh_page_place(*page, address);
	memcpy(entry, place, sizeof(*entry));
	if ((entry->head & ((1 << WEIGH_CERTAIN_TRACED) - 1)) != weigh_certain_head(address))
		return false;
	memset(place, 0, sizeof(entry->head));
	*page -= WEIGH_PAGE_ONE;
	if (!staying && !(*page >> WEIGH_PAGE_COUNT))
		weigh_page_emptied(page);
	return true;
}

/*
 * A copy of the entry of a block, for a reader under the GIL or in a forked
 * child; false when there is none, or another thread holds the page.
 */
bool weigh_blocks_read(struct weigh_granule *granule, uintptr_t address, struct weigh_entry *entry);

/*
 * Marks the block at an address as holding a code object, so that its end is
 * noticed; a block that is not recorded gets an entry of kind UNCOUNTED.
 * Under the GIL.
 */
bool weigh_blocks_watch(uintptr_t address);

/*
 * Calls back with every entry, which may change all but where it lies; those
 * of native blocks under their granule's lock. Under the GIL. What another
 * thread holds for long is left out.
 */
void weigh_blocks_each(void (*visit)(struct weigh_entry *entry, void *arg), void *arg);

/* Forgets everything. No other thread may be inside the map. */
void weigh_blocks_clear(void);

#endif
