/*
 * The process's resident memory at start and end of a recording, from the
 * kernel's and malloc's own accounts. One thread, outside any event.
 */
#include "recorder/resident.h"

#include "base/arena.h"
#include "base/clock.h"
#include "recorder/recorder.h"
#include "weigh/format_math.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The value of a line `Name:   123 kB` in bytes; 0 when there is none. */
static uint64_t field(const char *text, const char *name)
{
	const char *line = strstr(text, name);
	return line ? strtoull(line + strlen(name), NULL, 10) * 1024 : 0;
}

void weigh_resident_read(struct weigh_resident *resident)
{
	const struct weigh_counters *counters = &weigh_recorder.header->counters;
	char text[4096];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		ssize_t length = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[length > 0 ? length : 0] = '\0';
		resident->anonymous = field(text, "RssAnon:");
		resident->file = field(text, "RssFile:");
		resident->shared = field(text, "RssShmem:");
	}
	resident->time_ns = weigh_clock_now() - weigh_recorder.started_ns;
	resident->live = weigh_counters_live(counters);
	resident->small_live = counters->small_allocated - counters->small_freed;
	resident->arenas = counters->arenas;
	resident->mapped_live = (uint64_t)counters->mapped_live;
	resident->malloc_free = mallinfo2().fordblks;
	resident->recorder = weigh_arena_used();
}
