/*
 * Code objects and text. Slow path only: a stack that was never seen before,
 * and the death of a code object that was. Any thread, under the intern lock.
 */
#include "recorder/codes.h"

#include "base/hash.h"
#include "base/pages.h"
#include "recorder/blocks.h"
#include "recorder/recorder.h"

#include "vendor/xxhash/xxhash.h"

#include <string.h>

/* Open addressing with linear probing; key 0 is free. */
struct table {
	struct table_cell {
		uint64_t key;
		uint64_t value;
	} *cells;
	uint32_t mask;
	uint32_t used;
};

static struct table by_address; /* code object -> index */
static struct table by_content; /* hash of text -> index */
static struct table texts;      /* hash of bytes -> offset | length << 32 */
static uint64_t epoch = 1;

static size_t table_bytes(const struct table *table)
{
	return ((size_t)table->mask + 1) * sizeof(*table->cells);
}

static bool table_init(struct table *table, uint32_t capacity)
{
	uint32_t cells = 64;
	while (cells < capacity * 2)
		cells *= 2;
	table->mask = cells - 1;
	table->used = 0;
	table->cells = weigh_pages_take(table_bytes(table));
	return table->cells != NULL;
}

static void table_deinit(struct table *table)
{
	weigh_pages_give(table->cells, table->cells ? table_bytes(table) : 0);
	table->cells = NULL;
}

static uint32_t table_home(const struct table *table, uint64_t key)
{
	return (uint32_t)(key * WEIGH_HASH_ODD >> 32) & table->mask;
}

static uint64_t *table_find(const struct table *table, uint64_t key)
{
	for (uint32_t i = table_home(table, key);; i = (i + 1) & table->mask) {
		if (table->cells[i].key == key)
			return &table->cells[i].value;
		if (!table->cells[i].key)
			return NULL;
	}
}

static bool table_add(struct table *table, uint64_t key, uint64_t value)
{
	if (table->used >= table->mask / 4 * 3)
		return false;
	uint32_t i = table_home(table, key);
	while (table->cells[i].key)
		i = (i + 1) & table->mask;
	table->cells[i] = (struct table_cell){key, value};
	table->used++;
	return true;
}

/* Removal that moves later members of the run up, so that no tombstone is needed. */
static void table_remove(struct table *table, uint64_t *value)
{
	uint32_t hole = (uint32_t)((struct table_cell *)((char *)value - offsetof(struct table_cell, value)) -
				   table->cells);
	table->used--;
	for (uint32_t i = (hole + 1) & table->mask; table->cells[i].key; i = (i + 1) & table->mask) {
		uint32_t home = table_home(table, table->cells[i].key);
		if (((i - home) & table->mask) < ((i - hole) & table->mask))
			continue;
		table->cells[hole] = table->cells[i];
		hole = i;
	}
	table->cells[hole].key = 0;
}

bool weigh_codes_init(uint32_t codes)
{
	epoch++;
	return table_init(&by_address, codes) && table_init(&by_content, codes) &&
	       table_init(&texts, codes * 3);
}

void weigh_codes_deinit(void)
{
	table_deinit(&by_address);
	table_deinit(&by_content);
	table_deinit(&texts);
}

uint64_t weigh_codes_epoch(void)
{
	return __atomic_load_n(&epoch, __ATOMIC_RELAXED);
}

struct weigh_text weigh_text_intern(const char *text, size_t bytes)
{
	struct weigh_section *section = &weigh_recorder.header->sections[WEIGH_SECTION_STRINGS];
	struct weigh_text none = {0, 0};
	if (!bytes)
		return none;
	uint64_t key = XXH3_64bits(text, bytes) | 1;
	uint64_t *known = table_find(&texts, key);
	if (known)
		return (struct weigh_text){(uint32_t)*known, (uint32_t)(*known >> 32)};
	if (bytes > section->capacity - section->used ||
	    !table_add(&texts, key, section->used | (uint64_t)bytes << 32)) {
		section->refused++;
		return none;
	}
	struct weigh_text stored = {section->used, (uint32_t)bytes};
	memcpy(weigh_recorder.strings + stored.offset, text, bytes);
	section->used += (uint32_t)bytes;
	return stored;
}

static uint64_t content_key(const struct weigh_code_text *text)
{
	uint64_t key = XXH3_64bits(text->file, text->file_bytes);
	key = weigh_hash_step(key, XXH3_64bits(text->function, text->function_bytes));
	key = weigh_hash_step(key, XXH3_64bits(text->lines, text->lines_bytes));
	return weigh_hash_step(key, text->first_line) | 1;
}

/* Codes and text kept for stacks of large blocks. */
enum { RESERVED_PART = 8 };

static bool has_room(const struct weigh_code_text *text, bool large)
{
	const struct weigh_section *codes = &weigh_recorder.header->sections[WEIGH_SECTION_CODES];
	const struct weigh_section *strings = &weigh_recorder.header->sections[WEIGH_SECTION_STRINGS];
	size_t bytes = text->file_bytes + text->function_bytes + text->lines_bytes;
	if (large)
		return codes->used < codes->capacity;
	return codes->used < codes->capacity - codes->capacity / RESERVED_PART &&
	       strings->used + bytes <= strings->capacity - strings->capacity / RESERVED_PART;
}

static uint32_t store(const struct weigh_code_text *text, bool large)
{
	struct weigh_section *section = &weigh_recorder.header->sections[WEIGH_SECTION_CODES];
	uint64_t key = content_key(text);
	uint64_t *known = table_find(&by_content, key);
	if (known)
		return (uint32_t)*known;
	if (!has_room(text, large) || !table_add(&by_content, key, section->used)) {
		section->refused++;
		return 0;
	}
	weigh_recorder.codes[section->used] = (struct weigh_code){
		.file = weigh_text_intern(text->file, text->file_bytes),
		.function = weigh_text_intern(text->function, text->function_bytes),
		.lines = weigh_text_intern(text->lines, text->lines_bytes),
		.first_line = text->first_line,
		.flags = text->flags,
	};
	return section->used++;
}

uint32_t weigh_codes_intern(const void *code, bool large)
{
	uint64_t *known = table_find(&by_address, (uintptr_t)code);
	if (known && (*known || !large))
		return (uint32_t)*known;
	struct weigh_code_text text;
	if (!weigh_recorder.walker->describe(code, &text))
		return 0;
	uint32_t index = store(&text, large);
	if (known)
		*known = index;
	else if (table_add(&by_address, (uintptr_t)code, index) && !weigh_blocks_watch((uintptr_t)code))
		table_remove(&by_address, table_find(&by_address, (uintptr_t)code));
	return index;
}

void weigh_codes_forget(const void *code)
{
	__atomic_fetch_add(&epoch, 1, __ATOMIC_RELAXED);
	if (!weigh_spin_take(&weigh_recorder.intern))
		return;
	uint64_t *known = table_find(&by_address, (uintptr_t)code);
	if (known)
		table_remove(&by_address, known);
	weigh_spin_give(&weigh_recorder.intern);
}
