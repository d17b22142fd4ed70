/*
 * Making a finished capture small and tamper-evident: see capture/finish.h.
 *
 * One thread per capture; allocates with malloc, about the size of what is in
 * use.
 */
#include "capture/finish.h"

#include "capture/beside.h"
#include "capture/open.h"
#include "capture/parts.h"
#include "vendor/xxhash/xxhash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The finished capture: what is in memory, and after it the parts from their files. */
struct parcel {
	uint8_t *bytes; /* owned */
	uint64_t size;
	int parts[WEIGH_PART_COUNT]; /* owned; -1: none */
};

static uint64_t align_section(uint64_t offset)
{
	return (offset + 63) & ~(uint64_t)63;
}

static void parcel_deinit(struct parcel *parcel)
{
	free(parcel->bytes);
	for (int id = 0; id < WEIGH_PART_COUNT; id++)
		if (parcel->parts[id] >= 0)
			close(parcel->parts[id]);
}

/* Snapshots that were taken and are whole get their places behind the capture. */
static void place_parts(struct parcel *parcel, struct weigh_header *header, const char *path)
{
	uint64_t end = header->file_size;
	for (int id = 0; id < WEIGH_PART_COUNT; id++) {
		struct weigh_part *part = &header->parts[id];
		if (part->state != WEIGH_PART_TAKEN)
			continue;
		parcel->parts[id] = weigh_beside_open(path, (enum weigh_part_id)id, header->pid, part);
		if (parcel->parts[id] < 0) {
			part->state = WEIGH_PART_WANTED;
			part->error = part->error ? part->error : WEIGH_PART_DIED;
			continue;
		}
		part->state = WEIGH_PART_HERE;
		part->offset = align_section(end);
		end = part->offset + part->size;
	}
}

/* A capture with every section cut to its use, sealed. End `parcel` with parcel_deinit() also after an error. */
static struct weigh_error *compact(const struct weigh_capture *capture, const char *path,
				   struct parcel *parcel)
{
	uint64_t end = align_section(sizeof(struct weigh_header));

	for (int id = 0; id < WEIGH_SECTION_COUNT; id++) {
		const struct weigh_section *section = &capture->header->sections[id];
		end = align_section(end + (uint64_t)section->used * section->entry_size);
	}
	struct weigh_header *header = calloc(1, end);
	if (!header)
		return weigh_error_create_memory();
	*header = *capture->header;
	header->file_size = end;
	header->seal = 0;

	uint64_t offset = align_section(sizeof(*header));
	for (int id = 0; id < WEIGH_SECTION_COUNT; id++) {
		struct weigh_section *section = &header->sections[id];
		uint64_t length = (uint64_t)section->used * section->entry_size;

		if (length)
			memcpy((uint8_t *)header + offset, capture->bytes + section->offset, length);
		section->offset = offset;
		section->capacity = section->used;
		offset = align_section(offset + length);
	}
	parcel->bytes = (uint8_t *)header;
	parcel->size = end;
	place_parts(parcel, header, path);
	uint64_t seal = XXH3_64bits(header, end);
	header->seal = seal ? seal : 1;
	return NULL;
}

/* 0, or the errno of the first failure. */
static int write_all(int fd, const uint8_t *bytes, uint64_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		bytes += n;
		size -= (uint64_t)n;
	}
	return 0;
}

/* The same for a file from its beginning. */
static int write_file(int fd, int from, uint64_t size)
{
	enum { STEP = 256 << 10 };
	uint8_t *buffer = malloc(STEP);
	int failure = buffer ? 0 : ENOMEM;

	for (uint64_t done = 0; !failure && done < size;) {
		ssize_t n = pread(from, buffer, STEP, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		failure = n < 0 ? errno : n == 0 ? EIO : write_all(fd, buffer, (uint64_t)n);
		done += (uint64_t)(n > 0 ? n : 0);
	}
	free(buffer);
	return failure;
}

static int write_parcel(int fd, const struct parcel *parcel)
{
	const struct weigh_header *header = (const struct weigh_header *)parcel->bytes;
	int failure = write_all(fd, parcel->bytes, parcel->size);

	for (int id = 0; id < WEIGH_PART_COUNT && !failure; id++) {
		const struct weigh_part *part = &header->parts[id];
		if (parcel->parts[id] < 0)
			continue;
		if (lseek(fd, (off_t)part->offset, SEEK_SET) < 0)
			failure = errno;
		else
			failure = write_file(fd, parcel->parts[id], part->size);
	}
	return failure;
}

/* Put it at `path` in one step: readers see the old file or the new one. */
static struct weigh_error *replace(const char *path, const struct parcel *parcel, mode_t mode)
{
	char *beside;
	if (asprintf(&beside, "%s.%ld.tmp", path, (long)getpid()) < 0)
		return weigh_error_create_memory();

	int failure = 0;
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0) {
		failure = errno;
	} else {
		failure = write_parcel(fd, parcel);
		/* Some file systems tell of a full disk only here. */
		if (close(fd) && !failure)
			failure = errno;
		if (!failure && rename(beside, path))
			failure = errno;
		if (failure)
			unlink(beside);
	}
	free(beside);
	if (failure)
		return weigh_error_create_system(
			failure, path,
			"the capture could not be made smaller; free some space in its folder");
	return NULL;
}

static bool has_parts(const struct weigh_header *header)
{
	return weigh_parts_end(header) != header->file_size;
}

static struct weigh_error *finish(struct weigh_capture *capture, const char *path, mode_t mode)
{
	/* Only a capture that was finished before has parts. */
	if (has_parts(capture->header)) {
		weigh_capture_close(capture);
		return NULL;
	}
	struct parcel parcel = {.parts = {-1, -1}};
	struct weigh_error *error = compact(capture, path, &parcel);

	if (!error)
		error = replace(path, &parcel, mode);
	for (int id = 0; id < WEIGH_PART_COUNT && !error; id++) {
		if (parcel.parts[id] >= 0)
			weigh_beside_remove(path, (enum weigh_part_id)id);
		else if (capture->header->parts[id].state == WEIGH_PART_TAKEN)
			weigh_beside_sweep(path, (enum weigh_part_id)id);
	}
	parcel_deinit(&parcel);
	weigh_capture_close(capture);
	return error;
}

struct weigh_error *weigh_capture_finish(const char *path)
{
	struct weigh_capture *capture;
	struct stat status;
	struct weigh_error *error = weigh_capture_open(path, &capture);

	if (error)
		return error;
	return finish(capture, path, stat(path, &status) ? 0600 : status.st_mode & 0777);
}

struct weigh_error *weigh_capture_finish_fd(int fd, const char *path)
{
	struct weigh_capture *capture;
	struct weigh_error *error = weigh_capture_open_fd(fd, path, &capture);

	return error ? error : finish(capture, path, 0666);
}
