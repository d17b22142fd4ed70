/*
 * Making a finished capture small and tamper-evident: see capture/finish.h.
 *
 * One thread per capture; allocates with malloc, about the size of what is in
 * use.
 */
#include "capture/finish.h"

#include "capture/open.h"
#include "vendor/xxhash/xxhash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t align_section(uint64_t offset)
{
	return (offset + 63) & ~(uint64_t)63;
}

/* A capture with every section cut to its use, sealed; the caller frees `*bytes`. */
static struct weigh_error *compact(const struct weigh_capture *capture, uint8_t **bytes, uint64_t *size)
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
	uint64_t seal = XXH3_64bits(header, end);
	header->seal = seal ? seal : 1;
	*bytes = (uint8_t *)header;
	*size = end;
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

/* Put `bytes` at `path` in one step: readers see the old file or the new one. */
static struct weigh_error *replace(const char *path, const uint8_t *bytes, uint64_t size, mode_t mode)
{
	char *beside;
	if (asprintf(&beside, "%s.%ld.tmp", path, (long)getpid()) < 0)
		return weigh_error_create_memory();

	int failure = 0;
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0) {
		failure = errno;
	} else {
		failure = write_all(fd, bytes, size);
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

static struct weigh_error *finish(struct weigh_capture *capture, const char *path, mode_t mode)
{
	uint8_t *bytes;
	uint64_t size;
	struct weigh_error *error = compact(capture, &bytes, &size);

	if (!error) {
		error = replace(path, bytes, size, mode);
		free(bytes);
	}
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
