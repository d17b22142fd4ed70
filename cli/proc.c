/*
 * Reads /proc/PID. One thread, the launcher's; no allocation.
 */
#include "cli/proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_of(pid_t pid, const char *name)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

void weigh_proc_init(struct weigh_proc *p, pid_t pid)
{
	memset(p, 0, sizeof(*p));
	p->statm = open_of(pid, "statm");
	p->status = open_of(pid, "status");
	p->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
}

void weigh_proc_deinit(struct weigh_proc *p)
{
	if (p->statm >= 0)
		close(p->statm);
	if (p->status >= 0)
		close(p->status);
	p->statm = p->status = -1;
}

/* The whole of a small file from its start, ended by NUL; false when there is nothing. */
static bool read_text(int file, char *text, size_t size)
{
	ssize_t got = file < 0 ? -1 : pread(file, text, size - 1, 0);
	if (got <= 0)
		return false;
	text[got] = '\0';
	return true;
}

/* The number after `name`, which must start a line; 0 when it is not there. */
static uint64_t field(const char *text, const char *name, int base)
{
	size_t length = strlen(name);
	while (text && strncmp(text, name, length) != 0) {
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return text ? strtoull(text + length, NULL, base) : 0;
}

static void read_status(struct weigh_proc *p)
{
	char text[4096];
	if (!read_text(p->status, text, sizeof(text)))
		return;
	uint64_t highest = field(text, "VmHWM:", 10) * 1024;
	if (highest > 0)
		p->memory.highest = highest;
	p->memory.shmem = field(text, "RssShmem:", 10) * 1024;
}

void weigh_proc_read(struct weigh_proc *p, bool closely)
{
	char text[128];
	p->memory.resident = p->memory.shared = 0;
	if (read_text(p->statm, text, sizeof(text))) {
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

/* One number of /proc/PID/status; 0 when there is no such process. */
static uint64_t status_field(pid_t pid, const char *name, int base)
{
	char text[4096];
	int file = open_of(pid, "status");
	if (file < 0)
		return 0;
	bool read = read_text(file, text, sizeof(text));
	close(file);
	return read ? field(text, name, base) : 0;
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
