/*
 * Snapshots beside a capture: see capture/beside.h.
 */
#include "capture/beside.h"

#include "weigh/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const endings[WEIGH_PART_COUNT] = WEIGH_PART_ENDINGS;
static const char *const unfinished[] = WEIGH_PART_UNFINISHED;

/* The name of the file, to be freed; NULL without memory. */
static char *name_of(const char *path, enum weigh_part_id id, const char *more)
{
	char *name;
	return asprintf(&name, "%s%s%s", path, endings[id], more) < 0 ? NULL : name;
}

static int open_named(const char *path, enum weigh_part_id id, const char *more)
{
	char *name = name_of(path, id, more);
	int fd = name ? open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
	free(name);
	return fd;
}

static bool read_header(int fd, struct weigh_snapshot_header *header)
{
	return pread(fd, header, sizeof(*header), 0) == (ssize_t)sizeof(*header) &&
	       !memcmp(header->magic, WEIGH_SNAPSHOT_MAGIC, sizeof(header->magic));
}

static bool is_written(const char *path, enum weigh_part_id id, const char *more,
		       struct weigh_beside_progress *progress)
{
	struct weigh_snapshot_header header;
	int fd = open_named(path, id, more);
	if (fd < 0)
		return false;
	/* Whoever writes it holds the lock to his end, whatever that end is. */
	bool written = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	if (written && read_header(fd, &header))
		*progress = (struct weigh_beside_progress){header.progress, header.expected};
	close(fd);
	return written;
}

bool weigh_beside_written(const char *path, enum weigh_part_id id, struct weigh_beside_progress *progress)
{
	bool written = false;
	*progress = (struct weigh_beside_progress){0};
	for (int i = 0; i < 2; i++)
		written |= is_written(path, id, unfinished[i], progress);
	return written;
}

int weigh_beside_open(const char *path, enum weigh_part_id id, uint32_t pid, struct weigh_part *part)
{
	struct weigh_snapshot_header header;
	struct stat status;
	int fd = open_named(path, id, "");
	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && read_header(fd, &header) &&
	    header.pid == pid && header.state == WEIGH_SNAPSHOT_COMPLETE &&
	    header.size == (uint64_t)status.st_size) {
		part->size = header.size;
		/* It may be one before the last that was begun. */
		part->live = header.live;
		return fd;
	}
	close(fd);
	return -1;
}

static void remove_named(const char *path, enum weigh_part_id id, const char *more)
{
	char *name = name_of(path, id, more);
	if (name)
		unlink(name);
	free(name);
}

void weigh_beside_sweep(const char *path, enum weigh_part_id id)
{
	struct weigh_beside_progress progress;
	for (int i = 0; i < 2; i++)
		if (!is_written(path, id, unfinished[i], &progress))
			remove_named(path, id, unfinished[i]);
}

void weigh_beside_remove(const char *path, enum weigh_part_id id)
{
	remove_named(path, id, "");
	for (int i = 0; i < 2; i++)
		remove_named(path, id, unfinished[i]);
}

bool weigh_beside_exists(const char *path, enum weigh_part_id id)
{
	char *name = name_of(path, id, "");
	bool exists = name && access(name, F_OK) == 0;
	free(name);
	return exists;
}
