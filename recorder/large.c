/*
 * The table of large blocks in the capture: open addressing by address, with a
 * short probe. On the recording path of any thread.
 */
#include "recorder/large.h"

#include "base/hash.h"
#include "recorder/layout.h"
#include "recorder/recorder.h"

enum { PROBES = 32 };

static struct weigh_large *entry_at(uintptr_t address, uint32_t probe)
{
	struct weigh_header *header = weigh_recorder.header;
	struct weigh_large *entries = weigh_layout_entries(header, WEIGH_SECTION_LARGE);
	uint32_t home = (uint32_t)((address >> 12) * WEIGH_HASH_ODD >> 40);
	return &entries[(home + probe) % header->sections[WEIGH_SECTION_LARGE].capacity];
}

void weigh_large_enter(uintptr_t address, uint64_t bytes, enum weigh_large_kind kind)
{
	for (uint32_t probe = 0; probe < PROBES; probe++) {
		struct weigh_large *entry = entry_at(address, probe);
		uint64_t empty = 0;
		if (!__atomic_compare_exchange_n(&entry->address, &empty, address, false, __ATOMIC_RELAXED,
						 __ATOMIC_RELAXED))
			continue;
		entry->kind = kind;
		entry->bytes = bytes;
		return;
	}
	weigh_recorder.header->sections[WEIGH_SECTION_LARGE].refused++;
}

void weigh_large_erase(uintptr_t address)
{
	for (uint32_t probe = 0; probe < PROBES; probe++) {
		struct weigh_large *entry = entry_at(address, probe);
		if (__atomic_load_n(&entry->address, __ATOMIC_RELAXED) != address)
			continue;
		entry->bytes = 0;
		__atomic_store_n(&entry->address, 0, __ATOMIC_RELEASE);
		return;
	}
}
