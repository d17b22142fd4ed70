/*
 * Captures made by hand: see fake_capture.h.
 */
#include "fake_capture.h"

#include "vendor/xxhash/xxhash.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *check(void *pointer)
{
	if (!pointer) {
		fputs("fake_capture: out of memory or file system trouble\n", stderr);
		exit(99);
	}
	return pointer;
}

static void *append(struct fake_section *section, const void *bytes, uint32_t count)
{
	size_t size = section->entry_size;

	if (section->used + count > section->room) {
		section->room = (section->used + count) * 2;
		section->bytes = check(realloc(section->bytes, section->room * size));
	}
	char *at = section->bytes + section->used * size;
	memcpy(at, bytes, count * size);
	section->used += count;
	return at;
}

struct weigh_text fake_text(struct fake_capture *fake, const void *bytes, size_t length)
{
	struct fake_section *strings = &fake->sections[WEIGH_SECTION_STRINGS];
	struct weigh_text text = {strings->used, (uint32_t)length};

	append(strings, bytes, (uint32_t)length);
	return text;
}

void *fake_entry(struct fake_capture *fake, enum weigh_section_id id, const void *entry)
{
	return append(&fake->sections[id], entry, 1);
}

void fake_init(struct fake_capture *fake, enum weigh_mode mode)
{
	static const uint32_t entry_sizes[WEIGH_SECTION_COUNT] = {
		1,
		sizeof(struct weigh_code),
		sizeof(struct weigh_node),
		sizeof(struct weigh_site),
		sizeof(struct weigh_thread_entry),
		sizeof(struct weigh_tick),
		sizeof(struct weigh_size_bucket),
		sizeof(struct weigh_moment),
		sizeof(struct weigh_share),
		sizeof(struct weigh_large),
	};

	memset(fake, 0, sizeof(*fake));
	memcpy(fake->header.magic, WEIGH_MAGIC, sizeof(fake->header.magic));
	fake->header.version = WEIGH_FORMAT_VERSION;
	fake->header.byte_order = WEIGH_BYTE_ORDER;
	fake->header.header_size = sizeof(fake->header);
	fake->header.state = WEIGH_STATE_ENDED;
	fake->header.mode = mode;
	fake->header.python = 0x030d00f0;
	fake->header.pid = 4242;
	fake->header.page_size = 4096;
	fake->header.exit = WEIGH_EXIT_STATUS;
	fake->header.started_unix_ns = 1700000000000000000;
	fake->header.started_ns = 5000000000;
	fake->header.ended_ns = fake->header.seen_ns = 8500000000;
	for (int id = 0; id < WEIGH_SECTION_COUNT; id++)
		fake->sections[id].entry_size = entry_sizes[id];
	fake_entry(fake, WEIGH_SECTION_CODES, &(struct weigh_code){0});
	fake_entry(fake, WEIGH_SECTION_NODES, &(struct weigh_node){0});
	fake_entry(fake, WEIGH_SECTION_THREADS, &(struct weigh_thread_entry){0});
}

void fake_deinit(struct fake_capture *fake)
{
	for (int id = 0; id < WEIGH_SECTION_COUNT; id++)
		free(fake->sections[id].bytes);
}

uint32_t fake_code(struct fake_capture *fake, const char *file, const char *function, uint32_t first_line,
		   uint32_t lines)
{
	uint8_t table[512];
	size_t length = 0;

	/* Entries without columns: one code unit, and the line moves by none or one. */
	for (uint32_t i = 0; i < lines && length + 2 <= sizeof(table); i++) {
		table[length++] = 0x80 | 13 << 3;
		table[length++] = i ? 2 : 0;
	}
	struct weigh_code code = {
		.file = fake_text(fake, file, strlen(file)),
		.function = fake_text(fake, function, strlen(function)),
		.lines = fake_text(fake, table, length),
		.first_line = first_line,
	};
	fake_entry(fake, WEIGH_SECTION_CODES, &code);
	return fake->sections[WEIGH_SECTION_CODES].used - 1;
}

uint32_t fake_node(struct fake_capture *fake, uint32_t parent, uint32_t code, uint32_t line)
{
	const struct weigh_code *codes = (const void *)fake->sections[WEIGH_SECTION_CODES].bytes;
	struct weigh_node node = {parent, code, (int32_t)(line - codes[code].first_line) * 2};

	fake_entry(fake, WEIGH_SECTION_NODES, &node);
	return fake->sections[WEIGH_SECTION_NODES].used - 1;
}

struct weigh_site *fake_site(struct fake_capture *fake, uint32_t node, uint16_t thread, uint8_t domain)
{
	struct weigh_site site = {
		.key = 1000 + fake->sections[WEIGH_SECTION_SITES].used,
		.node = node,
		.thread = thread,
		.domain = domain,
		.flags = WEIGH_SITE_USED,
	};

	return fake_entry(fake, WEIGH_SECTION_SITES, &site);
}

uint16_t fake_thread(struct fake_capture *fake, const char *name)
{
	struct weigh_thread_entry thread = {.system_id = 4242 + fake->sections[WEIGH_SECTION_THREADS].used};

	snprintf(thread.name, sizeof(thread.name), "%s", name);
	fake_entry(fake, WEIGH_SECTION_THREADS, &thread);
	return (uint16_t)(fake->sections[WEIGH_SECTION_THREADS].used - 1);
}

struct weigh_tally fake_exact(uint64_t blocks, uint64_t size)
{
	return (struct weigh_tally){
		.bytes = (double)(blocks * size),
		.footprint = (double)(blocks * ((size + 15) & ~15ull)),
		.blocks = (double)blocks,
		.samples = (int64_t)blocks,
	};
}

struct weigh_tally fake_sampled(uint64_t seen, uint64_t size, double p)
{
	double footprint = (double)((size + 15) & ~15ull), weight = (1 - p) / (p * p);

	return (struct weigh_tally){
		.bytes = (double)(seen * size) / p,
		.footprint = (double)seen * footprint / p,
		.blocks = (double)seen / p,
		.bytes_variance = (double)seen * weight * (double)(size * size),
		.footprint_variance = (double)seen * weight * footprint * footprint,
		.blocks_variance = (double)seen * weight,
		.unseen = (double)(seen * size) * (1 - p) / p,
		.samples = (int64_t)seen,
	};
}

static uint64_t align64(uint64_t offset)
{
	return (offset + 63) & ~63ull;
}

uint8_t *fake_layout(const struct fake_capture *fake, uint32_t spare, bool sealed, size_t *size)
{
	struct weigh_header header = fake->header;
	uint64_t end = align64(sizeof(header));

	for (int id = 0; id < WEIGH_SECTION_COUNT; id++) {
		const struct fake_section *section = &fake->sections[id];
		header.sections[id].offset = end;
		header.sections[id].entry_size = section->entry_size;
		header.sections[id].used = section->used;
		header.sections[id].capacity = section->used + spare;
		end = align64(end + (uint64_t)(section->used + spare) * section->entry_size);
	}
	header.file_size = end;
	uint8_t *bytes = check(calloc(1, end));
	memcpy(bytes, &header, sizeof(header));
	for (int id = 0; id < WEIGH_SECTION_COUNT; id++) {
		const struct fake_section *section = &fake->sections[id];
		if (section->used)
			memcpy(bytes + header.sections[id].offset, section->bytes,
			       (size_t)section->used * section->entry_size);
	}
	if (sealed)
		fake_seal(bytes, end);
	*size = end;
	return bytes;
}

void fake_seal(uint8_t *bytes, size_t size)
{
	struct weigh_header *header = (struct weigh_header *)bytes;

	header->seal = 0;
	header->seal = XXH3_64bits(bytes, size);
}

void fake_write(const char *path, const uint8_t *bytes, size_t size)
{
	FILE *file = check(fopen(path, "wb"));

	if (fwrite(bytes, 1, size, file) != size || fclose(file))
		check(NULL);
}

char *fake_folder(void)
{
	const char *base = getenv("TMPDIR");
	char *folder = NULL;

	if (asprintf(&folder, "%s/weigh-test-XXXXXX", base && *base ? base : "/tmp") < 0)
		folder = NULL;
	return check(mkdtemp(check(folder)));
}

void fake_remove(char *folder)
{
	DIR *entries = check(opendir(folder));
	struct dirent *entry;

	while ((entry = readdir(entries)))
		unlinkat(dirfd(entries), entry->d_name, 0);
	closedir(entries);
	rmdir(folder);
	free(folder);
}
