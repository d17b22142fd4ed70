/*
 * The map of live blocks: making granules, and the entries of a page. Runs on
 * the recording path, on any thread; takes memory from the arena only.
 */
#include "recorder/blocks.h"

#include "base/arena.h"

#include <string.h>

enum { NODE_LOG_MAX = WEIGH_PAGE_SMALLEST };

struct weigh_leaf *weigh_blocks_root[1 << WEIGH_ROOT_SHIFT];

static struct weigh_entry *entries_of(uint64_t page)
{
	return weigh_page_place(page, 0);
}

static unsigned log_of(uint64_t page)
{
	return NODE_LOG_MAX - (page >> WEIGH_PAGE_SHIFT & 31);
}

static uint64_t shift_for(unsigned log)
{
	return (uint64_t)(NODE_LOG_MAX - log) << WEIGH_PAGE_SHIFT;
}

static unsigned slot_of(uintptr_t address)
{
	return address >> 4 & 255;
}

static struct weigh_entry *place(uint64_t page, unsigned slot)
{
	return weigh_page_place(page, (uintptr_t)slot << 4);
}

static size_t node_bytes(unsigned log)
{
	return sizeof(struct weigh_entry) << log;
}

static void *publish(void **cell, size_t bytes)
{
	void *fresh = weigh_arena_take(bytes);
	void *expected = NULL;
	if (!fresh)
		return __atomic_load_n(cell, __ATOMIC_ACQUIRE);
	if (__atomic_compare_exchange_n(cell, &expected, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return fresh;
	weigh_arena_give(fresh, bytes);
	return expected;
}

struct weigh_granule *weigh_granule_make(uintptr_t address)
{
	struct weigh_granule *granule = weigh_granule_find(address);
	uintptr_t index = address >> WEIGH_GRANULE_SHIFT;
	if (granule || index >> (WEIGH_LEAF_SHIFT + WEIGH_ROOT_SHIFT))
		return granule;
	struct weigh_leaf *leaf =
		publish((void **)&weigh_blocks_root[index >> WEIGH_LEAF_SHIFT], sizeof(struct weigh_leaf));
	if (!leaf)
		return NULL;
	return publish((void **)&leaf->granules[index & ((1 << WEIGH_LEAF_SHIFT) - 1)],
		       sizeof(struct weigh_granule));
}

/*
 * Puts the entries into the smallest node in which the new slot and the one
 * that has its place are apart; the others are apart in any larger node.
 */
static bool grow(uint64_t *page, unsigned slot)
{
	unsigned differs = slot ^ place(*page, slot)->slot;
	if (!differs)
		return false;
	unsigned log = (unsigned)__builtin_clz(differs) - (31 - NODE_LOG_MAX);
	struct weigh_entry *entries = weigh_arena_take(node_bytes(log));
	if (!entries)
		return false;
	uint64_t larger = *page >> WEIGH_PAGE_COUNT << WEIGH_PAGE_COUNT;
	larger |= shift_for(log) | (uint64_t)(uintptr_t)entries;
	struct weigh_entry *old = entries_of(*page);
	for (unsigned i = 0; i < 1u << log_of(*page); i++)
		if (old[i].used)
			*place(larger, old[i].slot) = old[i];
	weigh_arena_give(old, node_bytes(log_of(*page)));
	*page = larger;
	return true;
}

/* Makes the page's first node. */
static bool begin(uint64_t *page)
{
	struct weigh_entry *entries = weigh_arena_take(node_bytes(0));
	*page = entries ? shift_for(0) | (uint64_t)(uintptr_t)entries : 0;
	return entries != NULL;
}

static uint64_t with_one_more(uint64_t page, struct weigh_entry entry)
{
	return ((page + WEIGH_PAGE_ONE) & ~WEIGH_PAGE_SMALL) |
	       (entry.kind == WEIGH_KIND_SMALL ? WEIGH_PAGE_SMALL : 0);
}

static __attribute__((noinline)) bool add(uint64_t *page, struct weigh_entry entry)
{
	if (!*page && !begin(page))
		return false;
	if (place(*page, entry.slot)->used && !grow(page, entry.slot))
		return false;
	*place(*page, entry.slot) = entry;
	*page = with_one_more(*page, entry);
	return true;
}

/* Apart from the other, so that the usual case keeps nothing for a call. */
static inline bool add_to_free_place(uint64_t *page, struct weigh_entry entry)
{
	if (!*page)
		return add(page, entry);
	struct weigh_entry *found = place(*page, entry.slot);
	if (found->used)
		return add(page, entry);
	*found = entry;
	*page = with_one_more(*page, entry);
	return true;
}

static __attribute__((noinline)) bool add_locked(struct weigh_granule *granule, uint64_t *page,
						 struct weigh_entry entry)
{
	if (!weigh_spin_take(&granule->lock))
		return false;
	bool added = add(page, entry);
	weigh_spin_give(&granule->lock);
	return added;
}

bool weigh_blocks_add(struct weigh_granule *granule, uintptr_t address, struct weigh_entry entry)
{
	uint64_t *page = weigh_page_of(granule, address);
	entry.used = 1;
	entry.slot = slot_of(address);
	if (entry.kind == WEIGH_KIND_SMALL)
		return add_to_free_place(page, entry);
	return add_locked(granule, page, entry);
}

void weigh_page_emptied(uint64_t *page)
{
	if (!log_of(*page))
		return;
	weigh_arena_give(entries_of(*page), node_bytes(log_of(*page)));
	*page = 0;
}

static inline struct weigh_entry *find(uint64_t page, unsigned slot)
{
	const uint64_t used_and_slot = 511;
	if (!page)
		return NULL;
	struct weigh_entry *found = place(page, slot);
	uint64_t word;
	memcpy(&word, found, sizeof(word));
	return (word & used_and_slot) == (slot << 1 | 1) ? found : NULL;
}

static inline bool take_out(uint64_t *page, unsigned slot, struct weigh_entry *entry)
{
	struct weigh_entry *found = find(*page, slot);
	if (!found)
		return false;
	*entry = *found;
	*found = (struct weigh_entry){0};
	*page -= WEIGH_PAGE_ONE;
	if (!(*page >> WEIGH_PAGE_COUNT))
		weigh_page_emptied(page);
	return true;
}

static __attribute__((noinline)) bool take_out_locked(struct weigh_granule *granule, uint64_t *page,
						      unsigned slot, struct weigh_entry *entry)
{
	if (!weigh_spin_take(&granule->lock))
		return false;
	bool removed = take_out(page, slot, entry);
	weigh_spin_give(&granule->lock);
	return removed;
}

bool weigh_blocks_remove(struct weigh_granule *granule, uintptr_t address, struct weigh_entry *entry)
{
	uint64_t *page = weigh_page_of(granule, address);
	if (__atomic_load_n(page, __ATOMIC_RELAXED) & WEIGH_PAGE_SMALL)
		return take_out(page, slot_of(address), entry);
	return take_out_locked(granule, page, slot_of(address), entry);
}

/* Never waits: in a forked child the thread that holds the lock does not exist. */
bool weigh_blocks_read(struct weigh_granule *granule, uintptr_t address, struct weigh_entry *entry)
{
	uint64_t page = __atomic_load_n(weigh_page_of(granule, address), __ATOMIC_RELAXED);
	bool lock = !(page & WEIGH_PAGE_SMALL);
	if (lock && !weigh_spin_try(&granule->lock))
		return false;
	const struct weigh_entry *found =
		find(lock ? *weigh_page_of(granule, address) : page, slot_of(address));
	if (found)
		*entry = *found;
	if (lock)
		weigh_spin_give(&granule->lock);
	return found != NULL;
}

static enum weigh_block_kind kind_of_state(enum weigh_block_state state)
{
	switch (state) {
	case WEIGH_BLOCK_SMALL:
		return WEIGH_KIND_SMALL;
	case WEIGH_BLOCK_NATIVE:
		return WEIGH_KIND_NATIVE;
	default:
		return WEIGH_KIND_UNCOUNTED;
	}
}

bool weigh_blocks_watch(uintptr_t address)
{
	struct weigh_granule *granule = weigh_granule_make(address);
	if (!granule)
		return false;
	enum weigh_block_state state = weigh_state_get(granule, address);
	if (state == WEIGH_BLOCK_SAMPLED) {
		struct weigh_entry entry;
		if (!weigh_blocks_remove(granule, address, &entry))
			return false;
		entry.code = 1;
		return weigh_blocks_add(granule, address, entry);
	}
	struct weigh_entry entry = {.kind = kind_of_state(state), .code = 1};
	if (!weigh_blocks_add(granule, address, entry))
		return false;
	weigh_state_set(granule, address, WEIGH_BLOCK_SAMPLED, true);
	return true;
}

static void visit_page(uint64_t page, void (*visit)(struct weigh_entry *entry, void *arg), void *arg)
{
	struct weigh_entry *entries = entries_of(page);
	for (unsigned i = 0; entries && i < 1u << log_of(page); i++)
		if (entries[i].used)
			visit(&entries[i], arg);
}

static void visit_granule(struct weigh_granule *granule, void (*visit)(struct weigh_entry *entry, void *arg),
			  void *arg)
{
	for (unsigned i = 0; i < WEIGH_GRANULE_PAGES; i++) {
		uint64_t page = __atomic_load_n(&granule->pages[i], __ATOMIC_RELAXED);
		if (page & WEIGH_PAGE_SMALL) {
			visit_page(page, visit, arg);
		} else if (page && weigh_spin_take(&granule->lock)) {
			visit_page(granule->pages[i], visit, arg);
			weigh_spin_give(&granule->lock);
		}
	}
}

void weigh_blocks_each(void (*visit)(struct weigh_entry *entry, void *arg), void *arg)
{
	for (size_t i = 0; i < 1 << WEIGH_ROOT_SHIFT; i++) {
		struct weigh_leaf *leaf = __atomic_load_n(&weigh_blocks_root[i], __ATOMIC_ACQUIRE);
		for (size_t j = 0; leaf && j < 1 << WEIGH_LEAF_SHIFT; j++) {
			struct weigh_granule *granule = __atomic_load_n(&leaf->granules[j], __ATOMIC_ACQUIRE);
			if (granule)
				visit_granule(granule, visit, arg);
		}
	}
}

void weigh_blocks_clear(void)
{
	memset(weigh_blocks_root, 0, sizeof(weigh_blocks_root));
}
