/*
 * Reads /proc: see base/procfs.h. Any thread. What needs room takes pages
 * from the kernel: this also runs inside the program.
 */
#include "base/procfs.h"

#include "base/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int weigh_procfs_open(pid_t pid, const char *name)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

bool weigh_procfs_read(int file, char *text, size_t size)
{
	ssize_t got = file < 0 ? -1 : pread(file, text, size - 1, 0);
	if (got <= 0)
		return false;
	text[got] = '\0';
	return true;
}

uint64_t weigh_procfs_field(const char *text, const char *name, int base)
{
	size_t length = strlen(name);
	while (text && strncmp(text, name, length) != 0) {
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return text ? strtoull(text + length, NULL, base) : 0;
}

/* Zero, or an errno. */
static int read_whole(pid_t pid, const char *name, char *text, size_t size)
{
	int file = weigh_procfs_open(pid, name);
	if (file < 0)
		return errno == ENOENT ? ESRCH : errno;
	errno = 0;
	int error = weigh_procfs_read(file, text, size) ? 0 : errno ? errno : ESRCH;
	close(file);
	return error;
}

int weigh_process_memory(pid_t pid, enum weigh_memory_kind kind, uint64_t *bytes)
{
	char text[4096];
	*bytes = 0;
	int error =
		read_whole(pid, kind == WEIGH_MEMORY_RESIDENT ? "statm" : "smaps_rollup", text, sizeof(text));
	if (error)
		return error;
	if (kind == WEIGH_MEMORY_RESIDENT) {
		const char *second = strchr(text, ' ');
		*bytes = second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
	} else if (kind == WEIGH_MEMORY_PROPORTIONAL) {
		*bytes = weigh_procfs_field(text, "Pss:", 10) * 1024;
	} else {
		*bytes = (weigh_procfs_field(text, "Private_Clean:", 10) +
			  weigh_procfs_field(text, "Private_Dirty:", 10) +
			  weigh_procfs_field(text, "Private_Hugetlb:", 10)) *
			 1024;
	}
	return 0;
}

bool weigh_process_highest(pid_t pid, uint64_t *resident, uint64_t *highest)
{
	char text[4096];
	*resident = *highest = 0;
	if (read_whole(pid, "status", text, sizeof(text)) != 0)
		return false;
	*resident = weigh_procfs_field(text, "VmRSS:", 10) * 1024;
	*highest = weigh_procfs_field(text, "VmHWM:", 10) * 1024;
	return *highest > 0;
}

bool weigh_process_forget_highest(void)
{
	int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	bool done = file >= 0 && write(file, "5", 1) == 1;
	if (file >= 0)
		close(file);
	return done;
}

void weigh_procfs_each(const char *folder, bool (*visit)(int number, int list, void *arg), void *arg)
{
	struct entry {
		uint64_t inode;
		int64_t offset;
		uint16_t bytes;
		uint8_t type;
		char name[];
	};
	char entries[4096] __attribute__((aligned(8)));
	int list = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool more = list >= 0;
	while (more) {
		long bytes = syscall(SYS_getdents64, list, entries, sizeof(entries));
		more = bytes > 0;
		for (long at = 0; at < bytes && more;) {
			const struct entry *entry = (const struct entry *)(entries + at);
			if (entry->name[0] >= '0' && entry->name[0] <= '9')
				more = visit(atoi(entry->name), list, arg);
			at += entry->bytes;
		}
	}
	if (list >= 0)
		close(list);
}

/* The parent's number stands behind the command, which may hold any character. */
static pid_t parent_of(pid_t pid)
{
	char text[512];
	if (read_whole(pid, "stat", text, sizeof(text)) != 0)
		return 0;
	const char *after = strrchr(text, ')');
	return after && strlen(after) > 4 ? (pid_t)atoi(after + 4) : 0;
}

struct kin {
	pid_t pid, parent;
};

/* The processes of the machine, in pages that double as they fill. */
struct census {
	struct kin *kin;
	size_t count, room;
};

static bool census_add(int pid, int list, void *arg)
{
	(void)list;
	struct census *census = arg;
	if (!weigh_pages_extend(&census->kin, census->count, &census->room, sizeof(*census->kin)))
		return false;
	census->kin[census->count++] = (struct kin){pid, parent_of(pid)};
	return true;
}

int weigh_process_descendants(pid_t pid, pid_t *found, int room)
{
	struct census census = {0};
	int count = 0;
	weigh_procfs_each("/proc", census_add, &census);
	for (int next = -1; next < count; next++) {
		pid_t parent = next < 0 ? pid : found[next];
		for (size_t i = 0; i < census.count && count < room; i++)
			if (census.kin[i].parent == parent)
				found[count++] = census.kin[i].pid;
	}
	weigh_pages_give(census.kin, census.room * sizeof(*census.kin));
	return count;
}

struct search {
	const char *name;
	pid_t found;
};

static bool search_visit(int pid, int list, void *arg)
{
	(void)list;
	struct search *search = arg;
	char text[64];
	if (pid != getpid() && (!search->found || pid < search->found) &&
	    read_whole(pid, "comm", text, sizeof(text)) == 0 && strstr(text, search->name))
		search->found = pid;
	return true;
}

pid_t weigh_process_find(const char *name)
{
	struct search search = {.name = name};
	weigh_procfs_each("/proc", search_visit, &search);
	return search.found;
}
