/*
 * Waiting for snapshots: see cli/snapshots.h. One thread; allocates with malloc.
 */
#include "cli/snapshots.h"

#include "base/clock.h"
#include "capture/beside.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum {
	LOOK_MS = 20,
	BAR = 30,
};
static const uint64_t second = 1000000000;

/* The line on the terminal. */
struct bar {
	bool wanted;
	int shown; /* percent; -1: nothing is */
	uint64_t started_ns;
};

static void draw(struct bar *bar, const struct weigh_beside_progress *progress)
{
	char marks[BAR + 1];
	double part = progress->expected ? (double)progress->done / (double)progress->expected : 0;
	int percent = part < 1 ? (int)(part * 100) : 100;
	if (!bar->wanted || percent == bar->shown || weigh_clock_now() - bar->started_ns < second)
		return;
	memset(marks, '.', BAR);
	memset(marks, '#', (size_t)(percent * BAR / 100));
	marks[BAR] = '\0';
	fprintf(stderr, "\rweigh: snapshot of the objects [%s] %3d %%  (Ctrl-C: without it)", marks, percent);
	fflush(stderr);
	bar->shown = percent;
}

static void clear(struct bar *bar)
{
	if (bar->shown < 0)
		return;
	fprintf(stderr, "\r\033[K");
	fflush(stderr);
	bar->shown = -1;
}

/* Whether any is being written; the progress is that of the last of them. */
static bool look(const char *path, struct weigh_beside_progress *progress)
{
	struct weigh_beside_progress one;
	bool written = false;
	for (int id = 0; id < WEIGH_PART_COUNT; id++) {
		if (!weigh_beside_written(path, (enum weigh_part_id)id, &one))
			continue;
		*progress = one;
		written = true;
	}
	return written;
}

/* Whether the user asks to go on without them. */
static bool is_asked_to_end(struct weigh_signals *signals)
{
	int number;
	bool forward, asked = false;
	while (weigh_signals_next(signals, 0, &number, &forward)) {
		if (number == SIGTSTP)
			weigh_signals_stop(number);
		asked |= number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT;
	}
	return asked;
}

static void give_up(const char *path, struct weigh_part *parts)
{
	struct weigh_beside_progress progress;
	for (int id = 0; id < WEIGH_PART_COUNT; id++) {
		if (!weigh_beside_written(path, (enum weigh_part_id)id, &progress))
			continue;
		/* The lock is held, so the process that we know of still is the writer. */
		if (parts[id].writer)
			kill((pid_t)parts[id].writer, SIGKILL);
		parts[id].error = ECANCELED;
		while (weigh_beside_written(path, (enum weigh_part_id)id, &progress))
			usleep(LOOK_MS * 1000);
	}
}

void weigh_snapshots_wait(struct weigh_signals *signals, const char *path, struct weigh_part *parts,
			  bool show)
{
	struct weigh_beside_progress progress = {0};
	struct bar bar = {show && isatty(STDERR_FILENO), -1, weigh_clock_now()};
	struct pollfd arrival = {.fd = signals->fd, .events = POLLIN};

	/* What came while the program ran was for the program. */
	is_asked_to_end(signals);
	while (look(path, &progress)) {
		draw(&bar, &progress);
		if (poll(&arrival, 1, LOOK_MS) > 0 && is_asked_to_end(signals)) {
			clear(&bar);
			give_up(path, parts);
			break;
		}
	}
	clear(&bar);
}
