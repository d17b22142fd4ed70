/*
 * Opening a capture: see capture/open.h.
 *
 * One thread per capture; allocates with malloc.
 */
#include "capture/open.h"

#include "base/file.h"
#include "capture/check.h"
#include "vendor/xxhash/xxhash.h"
#include "weigh/format_math.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read up to `length` bytes; `*got` is less only at the end of the file. */
static struct weigh_error *read_at(int fd, const char *path, uint64_t offset, void *to, size_t length,
				   size_t *got)
{
	*got = 0;
	while (*got < length) {
		ssize_t n = pread(fd, (char *)to + *got, length - *got, (off_t)(offset + *got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return weigh_error_create_system(
				errno, path, "check the disk, or copy the file elsewhere and try there");
		if (n == 0)
			break;
		*got += (size_t)n;
	}
	return NULL;
}

static struct weigh_error *check_seal(struct weigh_capture *capture)
{
	struct weigh_header *header = (struct weigh_header *)capture->bytes;
	uint64_t seal = header->seal;

	if (!seal)
		return NULL;
	header->seal = 0;
	uint64_t hash = XXH3_64bits(capture->bytes, capture->size);
	header->seal = seal;
	if (hash != seal)
		return weigh_error_create(
			WEIGH_ERROR_FORMAT,
			"%s: damaged: its bytes do not match its seal: copy it again from where it came, or record it again",
			capture->path);
	capture->sealed = true;
	return NULL;
}

static struct weigh_error *became_shorter(const char *path)
{
	return weigh_error_create(WEIGH_ERROR_FORMAT, "%s: became shorter while it was read: try again",
				  path);
}

/*
 * Reads what is in use of each section and was not read yet; `more` tells
 * whether there was anything. Sections that lie outside the file are left to
 * the check.
 */
static struct weigh_error *read_sections(struct weigh_capture *capture, int fd, uint64_t *done, bool *more)
{
	*more = false;
	for (int id = 0; id < WEIGH_SECTION_COUNT; id++) {
		const struct weigh_section *section = &((struct weigh_header *)capture->bytes)->sections[id];
		uint64_t wanted = (uint64_t)section->used * section->entry_size;
		uint64_t start = section->offset + done[id];
		size_t got;
		if (section->offset > capture->size || wanted > capture->size - section->offset ||
		    section->offset < sizeof(struct weigh_header) || wanted <= done[id])
			continue;
		struct weigh_error *error =
			read_at(fd, capture->path, start, capture->bytes + start, wanted - done[id], &got);
		if (error)
			return error;
		if (got < wanted - done[id])
			return became_shorter(capture->path);
		done[id] = wanted;
		*more = true;
	}
	return NULL;
}

/*
 * A capture that is not sealed has room that was never used, and a program may
 * be recording into it. The program fills an entry before it counts it, and
 * counts it before it refers to it; so a header read after the rest counts
 * every entry that the rest refers to.
 */
static struct weigh_error *read_used(struct weigh_capture *capture, int fd)
{
	enum { LOOKS = 8 };
	uint64_t done[WEIGH_SECTION_COUNT] = {0};
	struct weigh_error *error = NULL;
	bool more = true;
	for (int look = 0; look < LOOKS && more && !error; look++) {
		struct weigh_header header;
		size_t got;
		error = read_at(fd, capture->path, 0, &header, sizeof(header), &got);
		if (!error)
			error = weigh_check_header(capture->path, &header, got, capture->file_size);
		if (!error) {
			memcpy(capture->bytes, &header, sizeof(header));
			error = read_sections(capture, fd, done, &more);
		}
	}
	return error;
}

static struct weigh_error *read_whole(struct weigh_capture *capture, int fd)
{
	size_t got;
	struct weigh_error *error = read_at(fd, capture->path, 0, capture->bytes, capture->size, &got);
	return !error && got < capture->size ? became_shorter(capture->path) : error;
}

struct weigh_error *weigh_capture_open_fd(int fd, const char *path, struct weigh_capture **result)
{
	struct weigh_header header = {0};
	struct stat status;
	size_t got;

	if (fstat(fd, &status))
		return weigh_error_create_system(errno, path, "give the path of a capture");
	if (S_ISDIR(status.st_mode))
		return weigh_error_create_system(EISDIR, path, "give the path of a capture");
	if (!S_ISREG(status.st_mode))
		return weigh_error_create(WEIGH_ERROR_SYSTEM,
					  "%s: not a regular file: give the path of a capture", path);

	struct weigh_error *error = read_at(fd, path, 0, &header, sizeof(header), &got);
	if (!error)
		error = weigh_check_header(path, &header, got, (uint64_t)status.st_size);
	if (error)
		return error;

	struct weigh_capture *capture = calloc(1, sizeof(*capture));
	if (!capture)
		return weigh_error_create_memory();
	capture->size = header.file_size;
	capture->file_size = (uint64_t)status.st_size;
	capture->path = strdup(path);
	capture->bytes = calloc(1, capture->size);
	if (!capture->path || !capture->bytes)
		error = weigh_error_create_memory();
	if (!error)
		error = header.seal ? read_whole(capture, fd) : read_used(capture, fd);
	if (!error)
		error = check_seal(capture);
	if (!error)
		error = weigh_check_capture(capture);
	if (error) {
		weigh_capture_close(capture);
		return error;
	}
	*result = capture;
	return NULL;
}

struct weigh_error *weigh_capture_open(const char *path, struct weigh_capture **capture)
{
	int fd;
	struct weigh_error *error = weigh_file_open(path, "a capture", &fd);

	if (error)
		return error;
	error = weigh_capture_open_fd(fd, path, capture);
	close(fd);
	return error;
}

void weigh_capture_close(struct weigh_capture *capture)
{
	if (!capture)
		return;
	free(capture->path);
	free(capture->bytes);
	free(capture);
}

static bool peak_is_now(const struct weigh_header *header)
{
	return weigh_counters_live(&header->counters) > header->peak.footprint;
}

const struct weigh_tally *weigh_capture_at_peak(const struct weigh_capture *capture,
						const struct weigh_site *site)
{
	if (peak_is_now(capture->header) || site->peak_epoch != capture->header->peak.epoch)
		return &site->live;
	return &site->at_peak;
}

struct weigh_peak weigh_capture_peak(const struct weigh_capture *capture)
{
	const struct weigh_header *header = capture->header;

	if (!peak_is_now(header))
		return header->peak;
	return (struct weigh_peak){
		.footprint = weigh_counters_live(&header->counters),
		.blocks = weigh_counters_blocks(&header->counters),
		.epoch = header->peak.epoch,
		.time_ns = weigh_capture_duration(capture),
	};
}

uint64_t weigh_capture_duration(const struct weigh_capture *capture)
{
	const struct weigh_header *header = capture->header;
	uint64_t end = header->ended_ns ? header->ended_ns : header->seen_ns;
	uint64_t duration = end > header->started_ns ? end - header->started_ns : 0;

	/* A recording that was cut off lasted at least until its last point. */
	uint32_t ticks = weigh_capture_count(capture, WEIGH_SECTION_TIMELINE);
	if (!header->ended_ns && ticks && capture->ticks[ticks - 1].time_ns > duration)
		duration = capture->ticks[ticks - 1].time_ns;
	return duration;
}
