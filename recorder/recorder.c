/*
 * Start and stop of a recording, and what can be asked of a running one. One
 * thread at a time, outside any event; the only part of the recorder that
 * does I/O.
 */
#define _GNU_SOURCE
#include "recorder/recorder.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/pages.h"
#include "recorder/blocks.h"
#include "recorder/codes.h"
#include "recorder/layout.h"
#include "recorder/mappings.h"
#include "recorder/pools.h"
#include "recorder/profile.h"
#include "recorder/prune.h"
#include "recorder/resident.h"
#include "recorder/sampler.h"
#include "recorder/sites.h"
#include "recorder/stacks.h"
#include "recorder/thread.h"
#include "recorder/traces.h"
#include "weigh/format_math.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct weigh_recorder weigh_recorder;
struct weigh_gate weigh_gate;

bool weigh_recorder_running(void)
{
	return weigh_gate.on != WEIGH_GATE_SHUT;
}

static struct weigh_error *map_without_file(size_t bytes)
{
	weigh_recorder.header = weigh_pages_take(bytes);
	if (!weigh_recorder.header)
		return weigh_error_create(WEIGH_ERROR_MEMORY,
					  "recorder: no memory for its tables: free some and try again");
	weigh_recorder.header->file_size = bytes;
	return NULL;
}

static struct weigh_error *map_capture(int fd)
{
	struct stat status;
	if (fd < 0)
		return map_without_file(WEIGH_LAYOUT_FILELESS);
	if (fstat(fd, &status) < 0)
		return weigh_error_create_system(errno, "capture", "check its file system");
	void *map = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return weigh_error_create_system(errno, "capture", "write it to another file system");
	weigh_recorder.header = map;
	weigh_recorder.header->file_size = (uint64_t)status.st_size;
	return NULL;
}

static void unmap_capture(void)
{
	size_t bytes = weigh_recorder.header->file_size;
	if (weigh_recorder.fileless)
		weigh_pages_give(weigh_recorder.header, bytes);
	else
		munmap(weigh_recorder.header, bytes);
	weigh_recorder.header = NULL;
}

static struct weigh_error *lay_out(const struct weigh_recording *recording)
{
	struct weigh_header *header = weigh_recorder.header;
	if (!weigh_layout_make(header, header->file_size))
		return weigh_error_create(WEIGH_ERROR_STATE,
					  "capture: the file is too small: allocate it in full first");
	weigh_recorder.codes = weigh_layout_entries(header, WEIGH_SECTION_CODES);
	weigh_recorder.nodes = weigh_layout_entries(header, WEIGH_SECTION_NODES);
	weigh_recorder.sites = weigh_layout_entries(header, WEIGH_SECTION_SITES);
	weigh_recorder.threads = weigh_layout_entries(header, WEIGH_SECTION_THREADS);
	weigh_recorder.sizes = weigh_layout_entries(header, WEIGH_SECTION_SIZES);
	weigh_recorder.strings = weigh_layout_entries(header, WEIGH_SECTION_STRINGS);
	weigh_recorder.walker = recording->walker;
	weigh_recorder.exact = recording->exact;
	weigh_recorder.counting = recording->counting;
	weigh_recorder.frames = recording->frames ? recording->frames : UINT32_MAX;
	return NULL;
}

static void release_tables(void)
{
	weigh_codes_deinit();
	weigh_stacks_deinit();
	weigh_sites_deinit();
	weigh_mappings_deinit();
	weigh_blocks_clear();
	weigh_arena_clear();
}

static struct weigh_error *make_tables(void)
{
	const struct weigh_section *sections = weigh_recorder.header->sections;
	weigh_prune_init();
	bool made = weigh_codes_init(sections[WEIGH_SECTION_CODES].capacity) &&
		    weigh_stacks_init(sections[WEIGH_SECTION_NODES].capacity) &&
		    weigh_sites_init(sections[WEIGH_SECTION_SITES].capacity) && weigh_mappings_init() &&
		    weigh_threads_init();
	if (made)
		return NULL;
	release_tables();
	return weigh_error_create(WEIGH_ERROR_MEMORY,
				  "recorder: no memory for its tables: free some and try again");
}

static void describe(const struct weigh_recording *recording)
{
	struct weigh_header *header = weigh_recorder.header;
	char folder[4096];
	header->version = WEIGH_FORMAT_VERSION;
	header->byte_order = WEIGH_BYTE_ORDER;
	header->header_size = sizeof(*header);
	header->state = WEIGH_STATE_RECORDING;
	header->mode = recording->exact ? WEIGH_MODE_EXACT : WEIGH_MODE_SAMPLED;
	header->mode_forced = recording->forced;
	header->python = recording->python;
	header->pid = (uint32_t)getpid();
	header->page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	header->started_unix_ns = weigh_clock(CLOCK_REALTIME);
	header->started_ns = weigh_recorder.started_ns;
	header->command = weigh_text_intern(recording->command, recording->command_bytes);
	if (getcwd(folder, sizeof(folder)))
		header->folder = weigh_text_intern(folder, strlen(folder));
	weigh_sites_begin();
	weigh_resident_read(&header->at_start);
}

/*
 * A forked child inherits a recording that the kernel has shut the gate of; a
 * new one may begin once its remains are gone. One that a stuck thread of this
 * process still uses cannot be cleared.
 */
static struct weigh_error *end_inherited(void)
{
	if (!weigh_recorder.header)
		return NULL;
	if (weigh_recorder.header->pid == (uint32_t)getpid())
		return weigh_error_create(
			WEIGH_ERROR_STATE,
			"recorder: a thread has not left the last recording: start the program anew");
	weigh_spin_forget();
	weigh_threads_forget_others();
	weigh_profiles_forget_others();
	release_tables();
	unmap_capture();
	return NULL;
}

static bool guard_against_fork(void)
{
	return madvise(&weigh_gate, sizeof(weigh_gate), MADV_WIPEONFORK) == 0;
}

struct weigh_error *weigh_recorder_start(const struct weigh_recording *recording)
{
	struct weigh_error *error;
	if (weigh_recorder_running())
		return weigh_error_create(WEIGH_ERROR_STATE,
					  "recorder: a recording is already running: stop it first");
	if ((error = end_inherited()))
		return error;
	if (!guard_against_fork())
		return weigh_error_create_system(errno, "recorder: forked children cannot be told apart",
						 "use Linux 4.14 or later");
	weigh_recorder.fileless = recording->fd < 0;
	if ((error = map_capture(recording->fd)))
		return error;
	if ((error = lay_out(recording)) || (error = make_tables())) {
		unmap_capture();
		return error;
	}
	weigh_recorder.started_ns = weigh_clock_now();
	describe(recording);
	weigh_sampler_init();
	weigh_traces_begin(0);
	weigh_threads_reset();
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	memcpy(weigh_recorder.header->magic, WEIGH_MAGIC, sizeof(weigh_recorder.header->magic));
	weigh_recorder.small_room = -1;
	weigh_gate.on = WEIGH_GATE_OPEN;
	return NULL;
}

static uint32_t gate_before_fork;

void weigh_recorder_before_fork(void)
{
	gate_before_fork = weigh_gate.on;
}

void weigh_recorder_after_fork(void)
{
	if (!gate_before_fork || !weigh_recorder.fileless || !weigh_threads_at_rest(weigh_self))
		return;
	weigh_spin_forget();
	weigh_threads_flush_others();
	weigh_threads_forget_others();
	weigh_recorder.header->pid = (uint32_t)getpid();
	weigh_gate.on = gate_before_fork;
}

void weigh_recorder_survey(uint64_t blocks)
{
	if (!weigh_recorder_running() || !weigh_pools_survey(blocks))
		return;
	weigh_gate.on = WEIGH_GATE_KNOWN;
	weigh_recorder_watch(weigh_profiles_watch());
}

void weigh_recorder_watch(bool watched)
{
	if (weigh_gate_knows_pools())
		weigh_gate.on = watched ? WEIGH_GATE_WATCHED : WEIGH_GATE_KNOWN;
}

bool weigh_recorder_counting(void)
{
	return weigh_recorder_running() && weigh_recorder.counting;
}

bool weigh_recorder_fileless(void)
{
	return weigh_recorder_running() && weigh_recorder.fileless;
}

/*
 * A thread inside an event has set `depth` and then seen the gate open. Its
 * store may still be on the way when we look, but the processor holds it back
 * for far less than this pause, which spares every event a fence.
 */
static bool close_gate(void)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	__atomic_store_n(&weigh_gate.on, WEIGH_GATE_SHUT, __ATOMIC_SEQ_CST);
	if (!weigh_alone())
		nanosleep(&pause, NULL);
	return weigh_threads_quiet(weigh_self);
}

void weigh_recorder_stop(void)
{
	struct weigh_header *header = weigh_recorder.header;
	if (!weigh_recorder_running())
		return;
	bool quiet = close_gate();
	weigh_threads_sum(&header->counters);
	weigh_resident_read(&header->at_end);
	uint64_t live = weigh_counters_live(&header->counters);
	if (live > header->peak.footprint) {
		header->peak.footprint = live;
		header->peak.blocks = weigh_counters_blocks(&header->counters);
		header->peak.time_ns = weigh_clock_now() - weigh_recorder.started_ns;
		header->peak.epoch++;
	}
	header->ended_ns = weigh_clock_now();
	header->state = WEIGH_STATE_ENDED;
	if (!quiet)
		return; /* a thread is stuck inside an event: what it may touch stays mapped */
	release_tables();
	unmap_capture();
	weigh_recorder.exact = false; /* the hooks need not try the way of exact mode */
}

uint64_t weigh_recorder_live(void)
{
	if (!weigh_recorder_running() || weigh_recorder.fileless)
		return 0;
	struct weigh_counters counters = weigh_recorder.header->counters;
	weigh_threads_sum(&counters);
	return weigh_counters_live(&counters);
}

uint64_t weigh_recorder_peak(void)
{
	if (!weigh_recorder_running() || weigh_recorder.fileless)
		return 0;
	uint64_t live = weigh_recorder_live();
	uint64_t peak = weigh_recorder.header->peak.footprint;
	return live > peak ? live : peak;
}

void weigh_recorder_reset_peak(void)
{
	if (!weigh_recorder_running())
		return;
	struct weigh_header *header = weigh_recorder.header;
	weigh_recorder.small_room = -1;
	header->peak.footprint = weigh_recorder_live();
	header->peak.blocks = weigh_counters_blocks(&header->counters);
	header->peak.time_ns = weigh_clock_now() - weigh_recorder.started_ns;
	header->peak.epoch++;
}

void weigh_recorder_lose(enum weigh_loss why, uint64_t bytes)
{
	struct weigh_lost *lost = &weigh_recorder.header->lost[why];
	__atomic_fetch_add(&lost->blocks, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&lost->bytes, bytes, __ATOMIC_RELAXED);
}
