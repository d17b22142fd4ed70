/*
 * Starting a program with the recorder in it, and waiting for its end.
 */
#ifndef WEIGH_CLI_LAUNCH_H
#define WEIGH_CLI_LAUNCH_H

#include "base/error.h"
#include "cli/python.h"
#include "cli/signals.h"

#include <stdint.h>
#include <sys/types.h>

enum { WEIGH_LAUNCH_MESSAGE = 1024 };

/* What the recorder's boot file has said. */
enum weigh_boot {
	WEIGH_BOOT_SILENT = 0, /* nothing yet; at the end: it never ran */
	WEIGH_BOOT_RECORDING = 1,
	WEIGH_BOOT_REFUSED = 2, /* the program was not run; `message` says why */
};

struct weigh_launch {
	pid_t pid;
	struct weigh_signals signals;
	int boot_fd; /* -1 once the boot has closed its end */
	enum weigh_boot boot;
	char message[WEIGH_LAUNCH_MESSAGE];
	size_t message_length;
	bool stopped;
	bool continued; /* the launcher was, and the program may not have been */
	int wait_status;
};

struct weigh_program {
	const struct weigh_python *python; /* borrowed */
	char *const *arguments;            /* borrowed; what follows the interpreter, ended by NULL */
	int capture;         /* the program inherits a copy, which its boot closes */
	bool exact;
	bool heap_peak, heap_end, heap_in_place; /* snapshots it shall take */
	bool lines;       /* no capture is made: what the lines did is written to `capture` at the end */
	const char *path; /* of the capture, absolute; of lines, what is asked for; borrowed */
};

/*
 * From here on signals wait until weigh_launch_wait() takes them. End `l` with
 * weigh_launch_deinit() also after an error.
 */
struct weigh_error *weigh_launch_init(struct weigh_launch *l);
void weigh_launch_deinit(struct weigh_launch *l);

/*
 * Starts the program as a child in this process group, with the signal mask,
 * dispositions and open files the launcher was started with.
 */
struct weigh_error *weigh_launch_start(struct weigh_launch *l, const struct weigh_program *program);

/*
 * The same with any program, which is not recorded: `path` leads to it, and
 * `arguments` are what follows its name, ended by NULL.
 */
struct weigh_error *weigh_launch_start_plain(struct weigh_launch *l, const char *path,
					     char *const *arguments);

/*
 * Waits until CLOCK_MONOTONIC `deadline_ns` at the latest, passing signals
 * on meanwhile. True when the program has ended; `wait_status` is then as
 * waitpid() gives it.
 */
bool weigh_launch_wait(struct weigh_launch *l, uint64_t deadline_ns);

#endif
