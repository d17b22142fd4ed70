/*
 * `weigh run`: makes the capture, starts the program with the recorder in it,
 * watches it, and when it has ended finishes the capture, prints the summary
 * and ends as the program did.
 *
 * One thread; allocates with malloc, but not while the program runs.
 */
#include "base/clock.h"
#include "base/file.h"
#include "capture/beside.h"
#include "capture/finish.h"
#include "capture/open.h"
#include "cli/launch.h"
#include "cli/program.h"
#include "cli/python.h"
#include "cli/snapshots.h"
#include "cli/target.h"
#include "cli/verbs.h"
#include "cli/watch.h"
#include "report/style.h"
#include "report/summary.h"
#include "weigh/format.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	OPTION_OUTPUT,
	OPTION_FORCE,
	OPTION_QUIET,
	OPTION_EXACT,
	OPTION_HEAP,
	OPTION_HEAP_IN_PLACE,
	OPTION_PYTHON,
	OPTION_MODULE,
	OPTION_CODE,
	OPTION_COUNT,
};

static const struct weigh_option options[] = {
	[OPTION_OUTPUT] = {'o', "output", "FILE", NULL,
			   "capture to write (default weigh-<script>.<pid>.weigh)", WEIGH_OPTION_ENVIRONMENT},
	[OPTION_FORCE] = {'f', "force", NULL, NULL, "replace an existing capture", 0},
	[OPTION_QUIET] = {'q', "quiet", NULL, NULL, "no summary when the program ends",
			  WEIGH_OPTION_ENVIRONMENT},
	[OPTION_EXACT] = {0, "exact", NULL, NULL, "record every block; slower than sampling",
			  WEIGH_OPTION_ENVIRONMENT},
	[OPTION_HEAP] = {0, "heap", "WHEN", "end|peak|both|no",
			 "snapshot of the objects (default end; with --quiet none)",
			 WEIGH_OPTION_OPTIONAL | WEIGH_OPTION_ENVIRONMENT},
	[OPTION_HEAP_IN_PLACE] = {0, "heap-in-place", NULL, NULL,
				  "take it with the program standing still, where it cannot be forked",
				  WEIGH_OPTION_ENVIRONMENT},
	[OPTION_PYTHON] = {0, "python", "EXE", NULL, "interpreter to run the program with",
			   WEIGH_OPTION_ENVIRONMENT},
	[OPTION_MODULE] = {'m', NULL, "MODULE", NULL, "run a module, as python -m does", WEIGH_OPTION_ENDS},
	[OPTION_CODE] = {'c', NULL, "CODE", NULL, "run code from the command line, as python -c does",
			 WEIGH_OPTION_ENDS},
};

/* One run from the command line to its end. */
struct run {
	struct weigh_target target;
	struct weigh_python python;
	struct weigh_launch launch;
	struct weigh_watch watch;
	char *output; /* owned */
	char *whole_path; /* the same as an absolute path; owned */
	bool force, quiet, exact;
	bool heap_peak, heap_end, heap_in_place;
	int capture;
	enum weigh_file_place place;
	uint64_t size;
	void *map; /* shared with the program while it runs */
};

/* Not asked: one at the end, for the summary. Asked without a word: one at the end. */
static void read_heap(struct run *run, const char *when)
{
	if (!when)
		when = run->quiet ? "no" : "end";
	run->heap_peak = !strcmp(when, "peak") || !strcmp(when, "both");
	run->heap_end = !strcmp(when, "end") || !strcmp(when, "both") || !*when;
}

/* The program may change folders. To be freed; NULL without memory. */
static char *make_absolute(const char *path)
{
	char folder[PATH_MAX], *whole;
	if (*path == '/' || !getcwd(folder, sizeof(folder)))
		return strdup(path);
	return asprintf(&whole, "%s/%s", folder, path) < 0 ? NULL : whole;
}

static struct weigh_error *read_arguments(struct run *run, const struct weigh_arguments *arguments)
{
	const char *output = arguments->values[OPTION_OUTPUT];

	run->force = arguments->values[OPTION_FORCE] != NULL;
	run->quiet = arguments->values[OPTION_QUIET] != NULL;
	run->exact = arguments->values[OPTION_EXACT] != NULL;
	read_heap(run, arguments->values[OPTION_HEAP]);
	run->heap_in_place = arguments->values[OPTION_HEAP_IN_PLACE] != NULL;
	struct weigh_error *error =
		weigh_program_target(&run->target, arguments, "run", OPTION_MODULE, OPTION_CODE);
	if (error)
		return error;
	if (output && !*output)
		return weigh_error_create(WEIGH_ERROR_USAGE,
					  "run: --output: the name is empty: give the name of a file");
	run->output = output ? strdup(output) : weigh_target_capture_name(&run->target, run->force);
	run->whole_path = run->output ? make_absolute(run->output) : NULL;
	if (!run->whole_path)
		return weigh_error_create_memory();
	return weigh_python_find(&run->python, arguments->values[OPTION_PYTHON]);
}

/* What a run that was killed left beside a capture of that name. */
static struct weigh_error *clear_beside(const struct run *run)
{
	for (int id = 0; id < WEIGH_PART_COUNT; id++) {
		if (run->force)
			weigh_beside_remove(run->output, (enum weigh_part_id)id);
		else if (weigh_beside_exists(run->output, (enum weigh_part_id)id))
			return weigh_error_create(
				WEIGH_ERROR_SYSTEM,
				"%s: a snapshot of an earlier run lies beside it: give -f to remove it, or "
				"another name with -o",
				run->output);
	}
	return NULL;
}

static struct weigh_error *create_capture(struct run *run)
{
	struct weigh_error *error = run->heap_peak || run->heap_end ? clear_beside(run) : NULL;
	if (error)
		return error;
	run->size = run->exact ? WEIGH_FILE_SIZE_EXACT : WEIGH_FILE_SIZE_SAMPLED;
	error = weigh_file_create(run->output, run->size, run->force, &run->capture, &run->place);
	if (error)
		return error;
	run->map = mmap(NULL, run->size, PROT_READ | PROT_WRITE, MAP_SHARED, run->capture, 0);
	if (run->map != MAP_FAILED)
		return NULL;
	error = weigh_error_create_system(errno, run->output, "choose another place with -o");
	run->map = NULL;
	return error;
}

static void discard_capture(const struct run *run)
{
	if (run->capture >= 0 && run->place == WEIGH_FILE_ON_DISK)
		unlink(run->output);
}

static struct weigh_error *start_program(struct run *run)
{
	struct weigh_program program = {
		.python = &run->python,
		.arguments = run->target.arguments,
		.capture = run->capture,
		.exact = run->exact,
		.heap_peak = run->heap_peak,
		.heap_end = run->heap_end,
		.heap_in_place = run->heap_in_place,
		.path = run->whole_path,
	};
	return weigh_launch_start(&run->launch, &program);
}

static void look_at_large(struct run *run, struct weigh_proc *proc, uint64_t now)
{
	uint32_t count;
	const struct weigh_large *large = weigh_watch_wants_touch(&run->watch, now, &count);
	if (!large)
		return;
	/* By the processor's time: to be kept waiting by others costs nothing. */
	uint64_t before = weigh_clock(CLOCK_THREAD_CPUTIME_ID);
	weigh_proc_touch(proc, large, count);
	weigh_watch_touched(&run->watch, now, weigh_clock(CLOCK_THREAD_CPUTIME_ID) - before);
}

static void watch_until_end(struct run *run)
{
	struct weigh_proc proc;
	uint64_t next = weigh_clock_now();

	weigh_proc_init(&proc, run->launch.pid);
	weigh_watch_init(&run->watch, run->map, run->size);
	while (!weigh_launch_wait(&run->launch, next)) {
		uint64_t now = weigh_clock_now();
		if (now < next)
			continue;
		/* By the clock, not by naps; but what was slept through is not made up for. */
		next += WEIGH_TIMELINE_STEP_NS;
		if (next <= now)
			next = now + WEIGH_TIMELINE_STEP_NS;
		if (!weigh_watch_ready(&run->watch))
			continue;
		weigh_proc_read(&proc, weigh_watch_wants_close_look(&run->watch, now));
		look_at_large(run, &proc, now);
		if (proc.memory.resident > 0)
			weigh_watch_tick(&run->watch, now, &proc.memory);
	}
	weigh_proc_deinit(&proc);
	int status = run->launch.wait_status;
	if (WIFSIGNALED(status))
		weigh_watch_end(&run->watch, weigh_clock_now(), WEIGH_EXIT_SIGNAL, WTERMSIG(status));
	else
		weigh_watch_end(&run->watch, weigh_clock_now(), WEIGH_EXIT_STATUS, WEXITSTATUS(status));
}

/* Nothing was recorded: why, as far as can be told from here. */
static struct weigh_error *not_recorded(const struct run *run)
{
	if (run->launch.boot == WEIGH_BOOT_REFUSED)
		return weigh_error_create(WEIGH_ERROR_STATE, "%s", run->launch.message);
	if (run->launch.boot == WEIGH_BOOT_SILENT)
		return weigh_error_create(
			WEIGH_ERROR_STATE,
			"%s: the program ran unrecorded, the interpreter did not load %s/_boot: see that "
			"nothing makes it ignore PYTHONPATH",
			run->python.interpreter, run->python.package);
	return weigh_error_create(
		WEIGH_ERROR_STATE,
		"%s: the recorder writes another version of the capture: install the same weigh "
		"everywhere",
		run->python.package);
}

static struct weigh_error *finish_capture(const struct run *run)
{
	if (run->place == WEIGH_FILE_ON_DISK)
		return weigh_capture_finish(run->output);
	struct weigh_error *error = weigh_capture_finish_fd(run->capture, run->output);
	if (!error)
		return NULL;
	weigh_error_destroy(error);
	return weigh_error_create(
		WEIGH_ERROR_SYSTEM,
		"%s: no room on the disk, the capture is not written: free some and run again", run->output);
}

/* `finished`: the small file at its place; otherwise as the program left it, which may be in memory only. */
static struct weigh_error *print_summary(const struct run *run, bool finished)
{
	struct weigh_capture *capture;
	struct weigh_style style = weigh_style_of(stderr);
	struct weigh_error *error = finished ? weigh_capture_open(run->output, &capture)
					     : weigh_capture_open_fd(run->capture, run->output, &capture);
	if (error)
		return error;
	error = weigh_summary_print(capture, stderr, &style);
	weigh_capture_close(capture);
	return error;
}

/* The program's end is the outcome, whatever becomes of the capture: errors from here on are only told. */
static void tell(struct weigh_error *error)
{
	if (error)
		fprintf(stderr, "weigh: %s\n", error->message);
	weigh_error_destroy(error);
}

static void conclude(struct run *run)
{
	if (!weigh_watch_ready(&run->watch)) {
		discard_capture(run);
		tell(not_recorded(run));
		return;
	}
	if (run->heap_peak || run->heap_end) {
		struct weigh_header *header = run->map;
		weigh_snapshots_wait(&run->launch.signals, run->output, header->parts, !run->quiet);
	}
	struct weigh_error *error = finish_capture(run);
	if (!run->quiet)
		tell(print_summary(run, error == NULL));
	tell(error);
}

static void run_deinit(struct run *run)
{
	weigh_launch_deinit(&run->launch);
	if (run->map)
		munmap(run->map, run->size);
	if (run->capture >= 0)
		close(run->capture);
	weigh_python_deinit(&run->python);
	weigh_target_deinit(&run->target);
	free(run->output);
	free(run->whole_path);
}

static struct weigh_error *perform(const struct weigh_arguments *arguments, int *status)
{
	struct run run = {.capture = -1, .launch = {.boot_fd = -1, .signals = {.fd = -1}}};

	weigh_program_occupy_standard_files();
	struct weigh_error *error = read_arguments(&run, arguments);
	if (!error)
		error = weigh_launch_init(&run.launch);
	if (!error)
		error = create_capture(&run);
	if (!error)
		error = start_program(&run);
	if (error) {
		discard_capture(&run);
	} else {
		watch_until_end(&run);
		conclude(&run);
	}
	int wait_status = run.launch.wait_status;
	run_deinit(&run);
	if (!error)
		*status = weigh_program_end_alike(wait_status);
	return error;
}

const struct weigh_verb weigh_verb_run = {
	.name = "run",
	.usage = "[options] SCRIPT ARGS... | -m MODULE ARGS... | -c CODE ARGS...",
	.summary = "run a program and record where its memory goes",
	.notes = "The program runs as it would without weigh, and its exit status is that of weigh.\n",
	.options = options,
	.option_count = OPTION_COUNT,
	.stops_at_operand = true,
	.perform = perform,
};
