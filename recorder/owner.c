/*
 * Lookups and copies for a snapshot: see recorder/owner.h. Memory comes from
 * the kernel.
 */
#include "recorder/owner.h"

#include "base/pages.h"
#include "recorder/blocks.h"
#include "recorder/recorder.h"

#include <string.h>

bool weigh_owner_find(uintptr_t block, struct weigh_owner *owner)
{
	struct weigh_granule *granule = weigh_granule_find(block);
	struct weigh_entry entry;
	if (!granule || weigh_state_get(granule, block) != WEIGH_BLOCK_SAMPLED)
		return false;
	if (!weigh_blocks_read(granule, block, &entry) || !entry.sampled)
		return false;
	*owner = (struct weigh_owner){
		.site = (uint32_t)entry.site,
		.period_log = (unsigned)entry.period,
		.bytes = entry.size,
		.traced = entry.traced,
	};
	return true;
}

/* What one table takes in the copy. */
static size_t room(uint32_t count, size_t each)
{
	return (count * each + 63) & ~(size_t)63;
}

static void *cut(char **at, uint32_t count, size_t each)
{
	void *place = *at;
	*at += room(count, each);
	return place;
}

static uint32_t used(enum weigh_section_id id)
{
	return __atomic_load_n(&weigh_recorder.header->sections[id].used, __ATOMIC_ACQUIRE);
}

/*
 * Threads without the GIL go on adding entries. An entry is whole before it is
 * counted and counted before another refers to it, so that those that refer
 * are counted first here.
 */
static void count(struct weigh_owner_tables *tables)
{
	tables->site_count = used(WEIGH_SECTION_SITES);
	tables->thread_count = used(WEIGH_SECTION_THREADS);
	tables->node_count = used(WEIGH_SECTION_NODES);
	tables->code_count = used(WEIGH_SECTION_CODES);
	tables->string_bytes = used(WEIGH_SECTION_STRINGS);
}

static void copy_sites(const struct weigh_owner_tables *tables)
{
	struct weigh_owner_site *sites = (struct weigh_owner_site *)tables->sites;
	for (uint32_t i = 0; i < tables->site_count; i++) {
		const struct weigh_site *site = &weigh_recorder.sites[i];
		sites[i] = (struct weigh_owner_site){site->node, site->thread, site->domain};
	}
}

bool weigh_owner_tables_init(struct weigh_owner_tables *tables)
{
	*tables = (struct weigh_owner_tables){0};
	if (!weigh_recorder_running())
		return true;
	count(tables);
	tables->bytes = room(tables->site_count, sizeof(*tables->sites)) +
			room(tables->node_count, sizeof(*tables->nodes)) +
			room(tables->code_count, sizeof(*tables->codes)) +
			room(tables->thread_count, sizeof(*tables->threads)) + room(tables->string_bytes, 1);
	char *at = tables->pages = weigh_pages_take(tables->bytes);
	if (!at) {
		*tables = (struct weigh_owner_tables){0};
		return false;
	}
	tables->sites = cut(&at, tables->site_count, sizeof(*tables->sites));
	tables->nodes = cut(&at, tables->node_count, sizeof(*tables->nodes));
	tables->codes = cut(&at, tables->code_count, sizeof(*tables->codes));
	tables->threads = cut(&at, tables->thread_count, sizeof(*tables->threads));
	tables->strings = cut(&at, tables->string_bytes, 1);
	copy_sites(tables);
	memcpy((void *)tables->nodes, weigh_recorder.nodes, tables->node_count * sizeof(*tables->nodes));
	memcpy((void *)tables->codes, weigh_recorder.codes, tables->code_count * sizeof(*tables->codes));
	memcpy((void *)tables->threads, weigh_recorder.threads,
	       tables->thread_count * sizeof(*tables->threads));
	memcpy((void *)tables->strings, weigh_recorder.strings, tables->string_bytes);
	return true;
}

void weigh_owner_tables_deinit(struct weigh_owner_tables *tables)
{
	weigh_pages_give(tables->pages, tables->bytes);
	*tables = (struct weigh_owner_tables){0};
}
