/*
 * Finding the parts of a capture: see capture/parts.h.
 */
#include "capture/parts.h"

#include "capture/check.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t aligned(uint64_t offset)
{
	return (offset + 63) & ~(uint64_t)63;
}

uint64_t weigh_parts_end(const struct weigh_header *header)
{
	uint64_t end = header->file_size;
	for (int id = 0; id < WEIGH_PART_COUNT; id++)
		if (header->parts[id].state == WEIGH_PART_HERE)
			end = header->parts[id].offset + header->parts[id].size;
	return end;
}

bool weigh_parts_sane(const struct weigh_header *header, const struct weigh_part **wrong)
{
	const uint64_t largest = 1ull << 48;
	uint64_t end = header->file_size;
	for (int id = 0; id < WEIGH_PART_COUNT; id++) {
		const struct weigh_part *part = &header->parts[id];
		*wrong = part;
		if (part->state > WEIGH_PART_HERE)
			return false;
		if (part->state != WEIGH_PART_HERE && (part->offset || part->size))
			return false;
		if (part->state != WEIGH_PART_HERE)
			continue;
		if (part->offset != aligned(end) || part->size < sizeof(struct weigh_snapshot_header) ||
		    part->size > largest)
			return false;
		end = part->offset + part->size;
	}
	return true;
}

static struct weigh_error *read_start(int fd, const char *path, void *to, size_t bytes, size_t *got)
{
	ssize_t length = pread(fd, to, bytes, 0);
	if (length < 0)
		return weigh_error_create_system(errno, path, "give the path of a capture");
	*got = (size_t)length;
	return NULL;
}

/* Why a capture has no snapshot, and what to do about it. */
static struct weigh_error *no_part(const char *path, const struct weigh_header *header,
				   enum weigh_snapshot_when when)
{
	const struct weigh_part *part =
		&header->parts[when == WEIGH_SNAPSHOT_PEAK ? WEIGH_PART_PEAK : WEIGH_PART_END];
	const char *option = when == WEIGH_SNAPSHOT_PEAK ? "peak" : "end";
	if (header->parts[WEIGH_PART_PEAK].state == WEIGH_PART_HERE && when == WEIGH_SNAPSHOT_END)
		return weigh_error_create(
			WEIGH_ERROR_STATE,
			"%s: has a snapshot of the peak only: give --at=peak, or record again "
			"with --heap=end",
			path);
	if (header->parts[WEIGH_PART_END].state == WEIGH_PART_HERE && when == WEIGH_SNAPSHOT_PEAK)
		return weigh_error_create(
			WEIGH_ERROR_STATE,
			"%s: has a snapshot of the end only: give --at=end, or record again "
			"with --heap=peak",
			path);
	if (part->state == WEIGH_PART_TAKEN)
		return weigh_error_create(WEIGH_ERROR_STATE,
					  "%s: its snapshot lies in a file of its own: give %s.heap-%s", path,
					  path, option);
	if (part->error)
		return weigh_error_create(WEIGH_ERROR_STATE,
					  "%s: has no snapshot of the objects: %s: record again", path,
					  weigh_part_trouble(part));
	if (part->state == WEIGH_PART_WANTED && when != WEIGH_SNAPSHOT_PEAK)
		return weigh_error_create(
			WEIGH_ERROR_STATE,
			"%s: has no snapshot of the objects: the program did not come to its "
			"end: record again with --heap=peak",
			path);
	return weigh_error_create(
		WEIGH_ERROR_STATE,
		"%s: has no snapshot of the objects: record again with 'weigh run --heap=%s'", path, option);
}

static const struct weigh_part *choose(const struct weigh_header *header, enum weigh_snapshot_when when)
{
	const struct weigh_part *peak = &header->parts[WEIGH_PART_PEAK],
				*end = &header->parts[WEIGH_PART_END];
	if (end->state == WEIGH_PART_HERE && when != WEIGH_SNAPSHOT_PEAK)
		return end;
	if (peak->state == WEIGH_PART_HERE && when != WEIGH_SNAPSHOT_END)
		return peak;
	return NULL;
}

const char *weigh_part_trouble(const struct weigh_part *part)
{
	if (part->error == WEIGH_PART_DIED)
		return "the process that wrote it was ended";
	if (part->error == ECANCELED)
		return "it was not waited for";
	if (part->error == EBUSY)
		return "another process writes to the same file";
	return strerror(part->error);
}

struct weigh_error *weigh_part_find(int fd, const char *path, enum weigh_snapshot_when when, uint64_t *offset,
				    uint64_t *size)
{
	struct weigh_header header = {0};
	struct stat status;
	size_t got;

	if (fstat(fd, &status))
		return weigh_error_create_system(errno, path, "give the path of a capture");
	struct weigh_error *error = read_start(fd, path, &header, sizeof(header), &got);
	if (error)
		return error;
	if (got >= sizeof(header.magic) &&
	    !memcmp(header.magic, WEIGH_SNAPSHOT_MAGIC, sizeof(header.magic))) {
		*offset = 0;
		*size = (uint64_t)status.st_size;
		return NULL;
	}
	error = weigh_check_header(path, &header, got, (uint64_t)status.st_size);
	if (error)
		return error;
	const struct weigh_part *part = choose(&header, when);
	if (!part)
		return no_part(path, &header, when);
	*offset = part->offset;
	*size = part->size;
	return NULL;
}
