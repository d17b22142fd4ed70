/*
 * The checks that stand before decoding: whether the bytes are a snapshot that
 * was written to its end, whether they are as they were written, and whether
 * what the header promises can be true.
 *
 * One thread per graph; allocates with malloc, only for errors.
 */
#include "heap/store.h"
#include "vendor/xxhash/xxhash.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

enum {
	BYTE_ORDER_MARK = 0x01020304,
	/* No zstd frame yields more: a block of 128 KiB takes four bytes at the least. */
	ZSTD_RATIO_MAX = 1 << 15,
	ZSTD_BLOCK_MAX = 1 << 17,
};

/* Numbers of objects, and of owners beyond them, are 32 bits. */
static const uint64_t objects_max = 0xfffffff0;

static struct weigh_error *damaged(const char *path, uint64_t offset, const char *what)
{
	return weigh_error_create(WEIGH_ERROR_FORMAT,
				  "%s: byte %" PRIu64 ": %s: the snapshot is damaged: take it again", path,
				  offset, what);
}

static struct weigh_error *cut_short(const char *path, uint64_t is, uint64_t should)
{
	return weigh_error_create(WEIGH_ERROR_FORMAT,
				  "%s: cut short: it has %" PRIu64 " of %" PRIu64
				  " bytes: copy it again from where it came, or take it again",
				  path, is, should);
}

static struct weigh_error *check_version(const char *path, const struct weigh_snapshot_header *header)
{
	if (header->byte_order != BYTE_ORDER_MARK)
		return damaged(path, offsetof(struct weigh_snapshot_header, byte_order), "not little endian");
	if (header->version > WEIGH_SNAPSHOT_VERSION)
		return weigh_error_create(WEIGH_ERROR_FORMAT,
					  "%s: snapshot written by a newer weigh (layout %" PRIu32
					  ", this one reads %d): upgrade weigh",
					  path, header->version, WEIGH_SNAPSHOT_VERSION);
	if (header->version < 1)
		return damaged(path, offsetof(struct weigh_snapshot_header, version), "no version");
	if (header->version < WEIGH_SNAPSHOT_VERSION)
		return weigh_error_create(WEIGH_ERROR_FORMAT,
					  "%s: snapshot written by an older weigh (layout %" PRIu32
					  ", this one reads %d): take it again",
					  path, header->version, WEIGH_SNAPSHOT_VERSION);
	return NULL;
}

/* `header` has `length` bytes that are there, the rest zeros. */
static struct weigh_error *check_header(const char *path, const struct weigh_snapshot_header *header,
					uint64_t length)
{
	size_t magic = length < sizeof(header->magic) ? (size_t)length : sizeof(header->magic);
	struct weigh_error *error;

	if (!length)
		return weigh_error_create(WEIGH_ERROR_FORMAT, "%s: empty: take the snapshot again", path);
	if (memcmp(header->magic, WEIGH_SNAPSHOT_MAGIC, magic))
		return weigh_error_create(
			WEIGH_ERROR_FORMAT,
			"%s: not a snapshot of weigh: give a capture of 'weigh run --heap' or a file of weigh.snapshot()",
			path);
	if (length < offsetof(struct weigh_snapshot_header, state))
		return cut_short(path, length, sizeof(*header));
	error = check_version(path, header);
	if (error)
		return error;
	if (header->header_size != sizeof(*header))
		return damaged(path, offsetof(struct weigh_snapshot_header, header_size),
			       "a header of another size");
	if (length < sizeof(*header))
		return cut_short(path, length, sizeof(*header));
	if (header->state == WEIGH_SNAPSHOT_WRITING)
		return weigh_error_create(WEIGH_ERROR_FORMAT,
					  "%s: the snapshot was not written to its end (%" PRIu64
					  " of %" PRIu64 " objects): wait for it, or take it again",
					  path, header->progress, header->expected);
	if (header->state != WEIGH_SNAPSHOT_COMPLETE)
		return damaged(path, offsetof(struct weigh_snapshot_header, state), "no such state");
	return NULL;
}

static struct weigh_error *check_sections(const char *path, const struct weigh_snapshot_header *header)
{
	for (int id = 0; id < WEIGH_SNAPSHOT_SECTIONS; id++) {
		const struct weigh_snapshot_section *section = &header->sections[id];
		uint64_t at = (uint64_t)((const uint8_t *)section - (const uint8_t *)header);
		uint64_t end;
		if (!section->stored && !section->bytes && !section->entries)
			continue;
		if (section->offset < sizeof(*header) ||
		    __builtin_add_overflow(section->offset, section->stored, &end) || end > header->size)
			return damaged(path, at, "a section outside the file");
		if (section->bytes / ZSTD_RATIO_MAX > section->stored + ZSTD_BLOCK_MAX / ZSTD_RATIO_MAX)
			return damaged(path, at, "a section larger than its bytes can hold");
	}
	return NULL;
}

static uint64_t seal_of(const uint8_t *bytes, const struct weigh_snapshot_header *header)
{
	struct weigh_snapshot_header blank = *header;
	uint64_t words[1 + WEIGH_SNAPSHOT_SECTIONS] = {0};

	blank.seal = 0;
	words[0] = XXH3_64bits(&blank, sizeof(blank));
	for (int id = 0; id < WEIGH_SNAPSHOT_SECTIONS; id++) {
		const struct weigh_snapshot_section *section = &header->sections[id];
		if (section->stored)
			words[1 + id] = XXH3_64bits(bytes + section->offset, section->stored);
	}
	return XXH3_64bits(words, sizeof(words));
}

/* Each entry of these is at least one byte, and one for each object. */
static const enum weigh_snapshot_section_id for_each_object[] = {
	WEIGH_SNAPSHOT_ADDRESSES, WEIGH_SNAPSHOT_SHAPED,  WEIGH_SNAPSHOT_GROSS,
	WEIGH_SNAPSHOT_NET,       WEIGH_SNAPSHOT_COUNTED, WEIGH_SNAPSHOT_SITED,
};

/* Before anything is allocated by these numbers. */
static struct weigh_error *check_counts(const char *path, const struct weigh_snapshot_header *header)
{
	uint64_t at = offsetof(struct weigh_snapshot_header, objects);

	if (header->objects > objects_max)
		return weigh_error_create(WEIGH_ERROR_FORMAT,
					  "%s: %" PRIu64
					  " objects, more than weigh can number: take a smaller snapshot",
					  path, header->objects);
	for (size_t i = 0; i < sizeof(for_each_object) / sizeof(*for_each_object); i++) {
		uint64_t bytes = header->sections[for_each_object[i]].bytes;
		bool absent = for_each_object[i] == WEIGH_SNAPSHOT_SITED && !bytes;
		if (bytes < header->objects && !absent)
			return damaged(path, at, "more objects than there are entries for");
	}
	for (int id = 0; id < WEIGH_SNAPSHOT_SECTIONS; id++) {
		if (header->sections[id].entries > header->sections[id].bytes)
			return damaged(
				path,
				(uint64_t)((const uint8_t *)&header->sections[id] - (const uint8_t *)header),
				"more entries than bytes");
	}
	return NULL;
}

struct weigh_error *weigh_heap_check(const uint8_t *bytes, uint64_t size, const char *path)
{
	struct weigh_snapshot_header header = {0};
	struct weigh_error *error;

	memcpy(&header, bytes, size < sizeof(header) ? (size_t)size : sizeof(header));
	error = check_header(path, &header, size);
	if (error)
		return error;
	if (size < header.size)
		return cut_short(path, size, header.size);
	if (header.size != size)
		return damaged(path, offsetof(struct weigh_snapshot_header, size),
			       "a size that is not the file's");
	error = check_sections(path, &header);
	if (error)
		return error;
	if (seal_of(bytes, &header) != header.seal)
		return weigh_error_create(
			WEIGH_ERROR_FORMAT,
			"%s: the snapshot is damaged: its bytes do not match its seal: copy it again from where it came, or take it again",
			path);
	return check_counts(path, &header);
}
