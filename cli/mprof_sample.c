/*
 * Reads memory and writes lines: see cli/mprof_sample.h. One thread; allocates
 * nothing while the program runs.
 */
#include "cli/mprof_sample.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DESCENDANTS = 4096 };

static const double mib = 1024.0 * 1024.0;

void weigh_probe_init(struct weigh_probe *p)
{
	uint64_t resident;
	p->exact = p->kind == WEIGH_MEMORY_RESIDENT && !p->sum;
	if (p->exact)
		weigh_process_highest(p->pid, &resident, &p->highest);
}

/* A line in one piece: the program may append to the same file. */
static bool write_line(struct weigh_probe *p, const char *line, int length)
{
	ssize_t written;
	do {
		written = write(p->file, line, (size_t)length);
	} while (written < 0 && errno == EINTR);
	if (written == length)
		return true;
	p->error = written < 0 ? errno : ENOSPC;
	return false;
}

static bool write_memory(struct weigh_probe *p, uint64_t bytes, uint64_t time_ns)
{
	char line[96];
	int length =
		snprintf(line, sizeof(line), "MEM %.6f %.4f\n", (double)bytes / mib, (double)time_ns / 1e9);
	if ((double)bytes / mib > p->most_mib)
		p->most_mib = (double)bytes / mib;
	p->written = bytes;
	p->between = 0;
	return write_line(p, line, length);
}

bool weigh_probe_tick(struct weigh_probe *p)
{
	uint64_t bytes, highest;
	if (!p->exact)
		return true;
	if (!weigh_process_highest(p->pid, &bytes, &highest))
		return false;
	p->latest = bytes;
	p->latest_ns = weigh_clock(CLOCK_REALTIME);
	uint64_t seen = highest > p->highest ? highest : bytes;
	if (seen > p->between) {
		p->between = seen;
		p->between_ns = p->latest_ns;
	}
	p->highest = highest > p->highest ? highest : p->highest;
	return true;
}

/* Descendants: their sum, and with `each` a line for each of them behind the program's. */
static bool write_descendants(struct weigh_probe *p, const pid_t *found, int count, uint64_t time_ns)
{
	for (int i = 0; i < count; i++) {
		char line[96];
		uint64_t bytes;
		if (weigh_process_memory(found[i], p->kind, &bytes) != 0)
			continue;
		int length = snprintf(line, sizeof(line), "CHLD %d %.6f %.4f\n", (int)found[i],
				      (double)bytes / mib, (double)time_ns / 1e9);
		if (!write_line(p, line, length))
			return false;
	}
	return true;
}

static uint64_t sum_of(const struct weigh_probe *p, const pid_t *found, int count)
{
	uint64_t sum = 0, bytes;
	for (int i = 0; i < count; i++)
		if (weigh_process_memory(found[i], p->kind, &bytes) == 0)
			sum += bytes;
	return sum;
}

static bool read_now(struct weigh_probe *p, const pid_t *found, int count)
{
	if (p->exact)
		return weigh_probe_tick(p);
	int error = weigh_process_memory(p->pid, p->kind, &p->latest);
	/* A program that has ended and was not waited for yet has no memory. */
	if (error || p->latest == 0) {
		p->error = error == ESRCH ? 0 : error;
		return false;
	}
	p->latest_ns = weigh_clock(CLOCK_REALTIME);
	if (p->sum)
		p->latest += sum_of(p, found, count);
	return true;
}

bool weigh_probe_write(struct weigh_probe *p)
{
	pid_t found[DESCENDANTS];
	int count = p->sum || p->each ? weigh_process_descendants(p->pid, found, DESCENDANTS) : 0;
	if (!read_now(p, found, count))
		return false;
	if (p->between > p->latest && p->between > p->written && p->written &&
	    !write_memory(p, p->between, p->between_ns))
		return false;
	return write_memory(p, p->latest, p->latest_ns) &&
	       (!p->each || write_descendants(p, found, count, p->latest_ns));
}

void weigh_probe_end(struct weigh_probe *p)
{
	/* What was written last stands for itself. */
	uint64_t latest = p->latest, latest_ns = p->latest_ns;
	if (!p->exact || p->error || p->between == 0)
		return;
	if (p->between <= latest || write_memory(p, p->between, p->between_ns))
		write_memory(p, latest, latest_ns);
}
