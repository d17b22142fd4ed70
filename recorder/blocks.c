/*
 * The map of live blocks: making granules, and the entries of a page. Runs on
 * the recording path, on any thread; takes memory from the arena only.
 */
#include "recorder/blocks.h"

#include "base/arena.h"

#include <string.h>

enum {
	NODE_LOG_MAX = 8, /* 256 slots of 16 bytes in a page: no two blocks collide */
	CAPACITY_SHIFT = 48,
	COUNT_SHIFT = 52,
};

struct weigh_leaf *weigh_blocks_root[1 << WEIGH_ROOT_SHIFT];

struct node {
	struct weigh_entry *entries;
	unsigned log;
	unsigned count;
};

static struct node unpack(uint64_t page)
{
	return (struct node){
		.entries = (struct weigh_entry *)(uintptr_t)(page & ((1ull << CAPACITY_SHIFT) - 1)),
		.log = page >> CAPACITY_SHIFT & 15,
		.count = (unsigned)(page >> COUNT_SHIFT),
	};
}

static uint64_t pack(struct node node)
{
	return (uint64_t)(uintptr_t)node.entries | (uint64_t)node.log << CAPACITY_SHIFT |
	       (uint64_t)node.count << COUNT_SHIFT;
}

static unsigned slot_of(uintptr_t address)
{
	return address >> 4 & 255;
}

static struct weigh_entry *place(struct node node, unsigned slot)
{
	return &node.entries[slot >> (NODE_LOG_MAX - node.log)];
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

/* The smallest larger node in which all entries and the new slot have a place of their own. */
static bool grow(struct node *node, unsigned slot)
{
	struct node larger = *node;
	while (++larger.log <= NODE_LOG_MAX) {
		larger.entries = weigh_arena_take(node_bytes(larger.log));
		if (!larger.entries)
			return false;
		bool apart = true;
		for (unsigned i = 0; i < 1u << node->log && apart; i++) {
			struct weigh_entry *entry = &node->entries[i];
			if (!entry->used)
				continue;
			struct weigh_entry *target = place(larger, entry->slot);
			apart = !target->used;
			*target = *entry;
		}
		if (apart && !place(larger, slot)->used) {
			weigh_arena_give(node->entries, node_bytes(node->log));
			*node = larger;
			return true;
		}
		weigh_arena_give(larger.entries, node_bytes(larger.log));
	}
	return false;
}

static bool add_locked(uint64_t *page, struct weigh_entry entry)
{
	struct node node = unpack(*page);
	if (!node.entries) {
		node.entries = weigh_arena_take(node_bytes(0));
		if (!node.entries)
			return false;
		node.log = 0;
		node.count = 0;
	} else if (place(node, entry.slot)->used && !grow(&node, entry.slot)) {
		return false;
	}
	*place(node, entry.slot) = entry;
	node.count++;
	*page = pack(node);
	return true;
}

static uint64_t *page_of(struct weigh_granule *granule, uintptr_t address)
{
	return &granule->pages[address >> 12 & (WEIGH_GRANULE_PAGES - 1)];
}

bool weigh_blocks_add(struct weigh_granule *granule, uintptr_t address, struct weigh_entry entry)
{
	entry.used = 1;
	entry.slot = slot_of(address);
	if (!weigh_spin_take(&granule->lock))
		return false;
	bool added = add_locked(page_of(granule, address), entry);
	weigh_spin_give(&granule->lock);
	return added;
}

static bool remove_locked(uint64_t *page, unsigned slot, struct weigh_entry *entry)
{
	struct node node = unpack(*page);
	if (!node.entries)
		return false;
	struct weigh_entry *found = place(node, slot);
	if (!found->used || found->slot != slot)
		return false;
	*entry = *found;
	memset(found, 0, sizeof(*found));
	if (--node.count == 0) {
		weigh_arena_give(node.entries, node_bytes(node.log));
		*page = 0;
	} else {
		*page = pack(node);
	}
	return true;
}

bool weigh_blocks_remove(struct weigh_granule *granule, uintptr_t address, struct weigh_entry *entry)
{
	if (!weigh_spin_take(&granule->lock))
		return false;
	bool removed = remove_locked(page_of(granule, address), slot_of(address), entry);
	weigh_spin_give(&granule->lock);
	return removed;
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

void weigh_blocks_clear(void)
{
	memset(weigh_blocks_root, 0, sizeof(weigh_blocks_root));
}
