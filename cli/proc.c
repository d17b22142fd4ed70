/*
 * Reads /proc/PID. One thread, the launcher's; no allocation.
 */
#include "cli/proc.h"

#include "base/procfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void weigh_proc_init(struct weigh_proc *p, pid_t pid)
{
	memset(p, 0, sizeof(*p));
	p->statm = weigh_procfs_open(pid, "statm");
	p->status = weigh_procfs_open(pid, "status");
	p->pagemap = weigh_procfs_open(pid, "pagemap");
	p->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
}

void weigh_proc_deinit(struct weigh_proc *p)
{
	if (p->statm >= 0)
		close(p->statm);
	if (p->status >= 0)
		close(p->status);
	if (p->pagemap >= 0)
		close(p->pagemap);
	p->statm = p->status = p->pagemap = -1;
}

static void read_status(struct weigh_proc *p)
{
	char text[4096];
	if (!weigh_procfs_read(p->status, text, sizeof(text)))
		return;
	uint64_t highest = weigh_procfs_field(text, "VmHWM:", 10) * 1024;
	if (highest > 0)
		p->memory.highest = highest;
	p->memory.shmem = weigh_procfs_field(text, "RssShmem:", 10) * 1024;
}

void weigh_proc_read(struct weigh_proc *p, bool closely)
{
	char text[128];
	p->memory.resident = p->memory.shared = 0;
	if (weigh_procfs_read(p->statm, text, sizeof(text))) {
		char *at = text;
		strtoull(at, &at, 10);
		p->memory.resident = strtoull(at, &at, 10) * p->page_size;
		p->memory.shared = strtoull(at, &at, 10) * p->page_size;
	}
	if (closely && p->memory.resident > 0)
		read_status(p);
	if (p->memory.shmem > p->memory.shared)
		p->memory.shmem = p->memory.shared;
}

/* Resident or swapped bytes of a range; as many as it has when the kernel does not say. */
static uint64_t resident_of(const struct weigh_proc *p, uint64_t address, uint64_t bytes)
{
	enum { AT_ONCE = 4096 };
	const uint64_t held = 3ull << 62; /* present, or swapped out */
	uint64_t words[AT_ONCE];
	uint64_t first = address / p->page_size;
	uint64_t end = (address + bytes + p->page_size - 1) / p->page_size;
	uint64_t pages = 0;
	while (first < end) {
		uint64_t wanted = end - first < AT_ONCE ? end - first : AT_ONCE;
		ssize_t got =
			pread(p->pagemap, words, wanted * sizeof(*words), (off_t)(first * sizeof(*words)));
		if (got <= 0)
			return bytes;
		for (size_t i = 0; i < (size_t)got / sizeof(*words); i++)
			pages += (words[i] & held) != 0;
		first += (uint64_t)got / sizeof(*words);
	}
	uint64_t resident = pages * p->page_size;
	return resident < bytes ? resident : bytes;
}

void weigh_proc_touch(struct weigh_proc *p, const struct weigh_large *entries, uint32_t count)
{
	p->memory.untouched = p->memory.reserved = 0;
	for (uint32_t i = 0; i < count && p->pagemap >= 0; i++) {
		uint64_t address = __atomic_load_n(&entries[i].address, __ATOMIC_ACQUIRE);
		uint64_t bytes = __atomic_load_n(&entries[i].bytes, __ATOMIC_RELAXED);
		if (!address || !bytes)
			continue;
		uint64_t resident = resident_of(p, address, bytes);
		if (entries[i].kind == WEIGH_LARGE_RESERVATION)
			p->memory.reserved += resident;
		else
			p->memory.untouched += bytes - resident;
	}
}

/* One number of /proc/PID/status; 0 when there is no such process. */
static uint64_t status_field(pid_t pid, const char *name, int base)
{
	char text[4096];
	int file = weigh_procfs_open(pid, "status");
	if (file < 0)
		return 0;
	bool read = weigh_procfs_read(file, text, sizeof(text));
	close(file);
	return read ? weigh_procfs_field(text, name, base) : 0;
}

uint64_t weigh_proc_pending(pid_t pid)
{
	return status_field(pid, "ShdPnd:", 16);
}

bool weigh_proc_descends(pid_t pid, pid_t ancestor)
{
	/* Bounded: a chain read while processes come and go need not end. */
	for (int depth = 0; pid > 1 && depth < 64; depth++) {
		if (pid == ancestor)
			return true;
		pid = (pid_t)status_field(pid, "PPid:", 10);
	}
	return false;
}
