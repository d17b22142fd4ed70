/*
 * The process's resident memory at start and end of a recording, from the
 * kernel's and malloc's own accounts. One thread, outside any event.
 */
#include "recorder/resident.h"

#include "base/arena.h"
#include "base/clock.h"
#include "recorder/recorder.h"
#include "recorder/thread.h"
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

/* Pages of a hash index that so many entries have reached: each its own, until all are. */
static uint64_t reached(const struct weigh_section *section, uint64_t cell_bytes)
{
	uint64_t pages = (uint64_t)section->used * 4096;
	uint64_t whole = (uint64_t)section->capacity * 2 * cell_bytes;
	return pages < whole ? pages : whole;
}

/* Of a recording without a file: the tables that else lie in it. */
static uint64_t sections_reached(void)
{
	uint64_t bytes = 0;
	for (int id = WEIGH_SECTION_STRINGS; id <= WEIGH_SECTION_SITES; id++) {
		const struct weigh_section *section = &weigh_recorder.header->sections[id];
		bytes += (uint64_t)section->used * section->entry_size;
	}
	return bytes;
}

uint64_t weigh_resident_own(void)
{
	const struct weigh_section *sections = weigh_recorder.header->sections;
	return weigh_arena_used() + (weigh_recorder.fileless ? sections_reached() : 0) +
	       reached(&sections[WEIGH_SECTION_NODES], sizeof(uint32_t)) +
	       reached(&sections[WEIGH_SECTION_SITES], sizeof(uint32_t)) +
	       reached(&sections[WEIGH_SECTION_CODES], 5 * 2 * sizeof(uint64_t)) + weigh_threads_resident();
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
	resident->recorder = weigh_resident_own();
}
