/*
 * Creates capture files: see base/file.h. One thread at a time. SIGXFSZ must
 * be blocked or ignored by a caller who runs under a file size limit.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct weigh_error *create_failed(int number, const char *path)
{
	const char *advice = "choose another place with -o";
	if (number == EEXIST)
		return weigh_error_create(WEIGH_ERROR_SYSTEM,
					  "%s: the file exists: give -f to replace it, or "
					  "another name with -o",
					  path);
	if (number == ENOENT || number == ENOTDIR)
		return weigh_error_create(WEIGH_ERROR_SYSTEM,
					  "%s: there is no such folder: make it, or choose "
					  "another with -o",
					  path);
	if (number == EACCES || number == EPERM || number == EROFS)
		return weigh_error_create(WEIGH_ERROR_SYSTEM, "%s: the folder cannot be written to: %s", path,
					  advice);
	return weigh_error_create_system(number, path, advice);
}

/* With overwrite the new file grows up under another name beside the old one. */
static struct weigh_error *check_replaceable(const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0 || S_ISREG(st.st_mode))
		return NULL;
	return weigh_error_create(WEIGH_ERROR_SYSTEM,
				  "%s: not a regular file, not replaced: name a file with -o", path);
}

static bool is_no_room(int number)
{
	return number == ENOSPC || number == EDQUOT || number == EFBIG || number == ENOMEM;
}

static struct weigh_error *create_in_memory(const char *path, uint64_t size, int *fd)
{
	int file = memfd_create("weigh", MFD_CLOEXEC);
	if (file < 0)
		return weigh_error_create_system(errno, path, "make room on the disk");
	if (ftruncate(file, (off_t)size) != 0) {
		struct weigh_error *error = weigh_error_create_system(
			errno, path, "make room on the disk, or raise the limit on file sizes (ulimit -f)");
		close(file);
		return error;
	}
	*fd = file;
	return NULL;
}

static int allocate(int file, uint64_t size)
{
	int number;
	do {
		number = posix_fallocate(file, 0, (off_t)size);
	} while (number == EINTR);
	return number;
}

/* `*no_room` is set, and nothing left behind, when that was the only obstacle. */
static struct weigh_error *create_on_disk(const char *path, const char *name, uint64_t size, int *fd,
					  bool *no_room)
{
	int file = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (file < 0 && is_no_room(errno)) {
		*no_room = true;
		return NULL;
	}
	if (file < 0)
		return create_failed(errno, path);
	int number = allocate(file, size);
	if (number == 0 && strcmp(name, path) != 0 && rename(name, path) != 0)
		number = errno;
	if (number == 0) {
		*fd = file;
		return NULL;
	}
	close(file);
	unlink(name);
	*no_room = is_no_room(number);
	return *no_room ? NULL : create_failed(number, path);
}

struct weigh_error *weigh_file_create(const char *path, uint64_t size, bool overwrite, int *fd,
				      enum weigh_file_place *place)
{
	struct weigh_error *error = NULL;
	char *beside = NULL;
	bool no_room = false;

	*place = WEIGH_FILE_ON_DISK;
	if (overwrite) {
		error = check_replaceable(path);
		if (!error && asprintf(&beside, "%s.%d.new", path, (int)getpid()) < 0)
			return weigh_error_create_memory();
		if (beside)
			unlink(beside);
	}
	if (!error)
		error = create_on_disk(path, beside ? beside : path, size, fd, &no_room);
	free(beside);
	if (!error && no_room) {
		*place = WEIGH_FILE_IN_MEMORY;
		error = create_in_memory(path, size, fd);
	}
	return error;
}

struct weigh_error *weigh_file_open(const char *path, const char *what, int *fd)
{
	/* Not blocking: a path that names a pipe must not hang the reader. */
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd >= 0)
		return NULL;
	int number = errno;
	char hint[128];
	snprintf(hint, sizeof(hint), "give the path of %s", what);
	return weigh_error_create_system(number, path,
					 number == EACCES ? "you may not read it; ask its owner" : hint);
}
