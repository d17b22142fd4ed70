/*
 * The snapshots of a recording: see cpython/snapshot/schedule.h.
 */
#include "cpython/snapshot/schedule.h"

#include "base/clock.h"
#include "cpython/snapshot/peak.h"
#include "recorder/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One schedule at a time, as there is one recording. */
static struct {
	pid_t process; /* that began it; 0: none */
	bool peak, end, in_place;
	char capture[PATH_MAX];
	struct weigh_taking at_end;
	struct weigh_taking peaks[2]; /* a new one begins before the one before it is given up */
	unsigned turn;                /* of `peaks`, the newest */
	int errors[WEIGH_PART_COUNT]; /* of the last attempts */
} schedule;

static bool is_ours(void)
{
	return schedule.process && schedule.process == getpid();
}

static bool name_file(char path[PATH_MAX], enum weigh_part_id id)
{
	static const char *const endings[WEIGH_PART_COUNT] = WEIGH_PART_ENDINGS;
	int length = snprintf(path, PATH_MAX, "%s%s", schedule.capture, endings[id]);
	return length > 0 && length < PATH_MAX;
}

static int take(struct weigh_taking *taking, enum weigh_part_id id, enum weigh_snapshot_when when)
{
	struct weigh_part *part = &weigh_recorder.header->parts[id];
	char path[PATH_MAX];
	if (!name_file(path, id))
		return ENAMETOOLONG;
	int number = weigh_taking_start(taking, path, when, WEIGH_TAKING_FORK, part);
	/* Only what a fork alone can be refused for: a full disk is full in place too. */
	if ((number == EAGAIN || number == ENOMEM) && schedule.in_place)
		number = weigh_taking_start(taking, path, when, WEIGH_TAKING_IN_PLACE, part);
	return number;
}

/* Sees children off that have ended. */
static void tend_peaks(struct weigh_climb *climb)
{
	int number;
	for (unsigned i = 0; i < 2; i++) {
		bool newest = i == schedule.turn % 2;
		if (!schedule.peaks[i].child || weigh_taking_runs(&schedule.peaks[i], false, &number))
			continue;
		if (newest)
			schedule.errors[WEIGH_PART_PEAK] = number;
		if (newest && number)
			weigh_climb_failed(climb, weigh_clock_now());
	}
}

/*
 * A lower peak that is still being written gives way, once the higher one is on
 * its way. The one finished last stays until a higher one is finished.
 */
static void take_peak(struct weigh_climb *climb)
{
	struct weigh_taking *last = &schedule.peaks[schedule.turn % 2];
	struct weigh_taking *next = &schedule.peaks[(schedule.turn + 1) % 2];
	tend_peaks(climb);
	if (next->child)
		return; /* the one before the last was told to end, and soon will have */
	*next = (struct weigh_taking){.turn = schedule.turn + 1};
	int number = take(next, WEIGH_PART_PEAK, WEIGH_SNAPSHOT_PEAK);
	schedule.errors[WEIGH_PART_PEAK] = number;
	if (number) {
		weigh_climb_refused(climb, weigh_clock_now());
		return;
	}
	if (last->child) {
		weigh_taking_drop(last);
		weigh_climb_dropped(climb);
	}
	weigh_climb_taken(climb, next->live, weigh_clock_now(), next->pause_ns);
	schedule.turn++;
}

static const struct weigh_peak_calls peak_calls = {tend_peaks, take_peak};

int weigh_schedule_begin(const struct weigh_schedule_wants *wants)
{
	schedule.process = 0;
	if (snprintf(schedule.capture, sizeof(schedule.capture), "%s", wants->capture) >=
	    (int)sizeof(schedule.capture))
		return ENAMETOOLONG;
	schedule.peak = wants->peak;
	schedule.end = wants->end;
	schedule.in_place = wants->in_place;
	schedule.at_end = (struct weigh_taking){0};
	memset(schedule.peaks, 0, sizeof(schedule.peaks));
	memset(schedule.errors, 0, sizeof(schedule.errors));
	schedule.process = getpid();
	struct weigh_part *parts = weigh_recorder.header->parts;
	parts[WEIGH_PART_PEAK].state = wants->peak ? WEIGH_PART_WANTED : WEIGH_PART_NONE;
	parts[WEIGH_PART_END].state = wants->end ? WEIGH_PART_WANTED : WEIGH_PART_NONE;
	return wants->peak ? weigh_peak_start(&peak_calls) : 0;
}

void weigh_schedule_end(void)
{
	struct weigh_climb climb;
	if (!is_ours() || !weigh_recorder_running())
		return;
	/* A program that ends at its height, or before it has climbed far, has its peak now. */
	if (weigh_peak_stop(&climb) && weigh_climb_wants_last(&climb, weigh_recorder_live()))
		take_peak(&climb);
	if (schedule.end)
		schedule.errors[WEIGH_PART_END] = take(&schedule.at_end, WEIGH_PART_END, WEIGH_SNAPSHOT_END);
	schedule.end = false;
}

/* Whether a child still writes; what it came to when it does not, unless a newer one tells. */
static bool runs(struct weigh_taking *taking, bool wait, int *result)
{
	int number;
	if (!taking->child)
		return false;
	if (weigh_taking_runs(taking, wait, &number))
		return true;
	if (!taking->dropped)
		*result = number;
	return false;
}

bool weigh_schedule_written(bool wait)
{
	if (!is_ours())
		return true;
	bool running = runs(&schedule.at_end, wait, &schedule.errors[WEIGH_PART_END]);
	for (int i = 0; i < 2; i++)
		running |= runs(&schedule.peaks[i], wait, &schedule.errors[WEIGH_PART_PEAK]);
	return !running;
}

int weigh_schedule_error(void)
{
	int number = 0;
	for (int id = 0; is_ours() && id < WEIGH_PART_COUNT; id++)
		number = schedule.errors[id] ? schedule.errors[id] : number;
	return number;
}

void weigh_schedule_cancel(void)
{
	if (!is_ours())
		return;
	weigh_taking_cancel(&schedule.at_end);
	weigh_taking_cancel(&schedule.peaks[0]);
	weigh_taking_cancel(&schedule.peaks[1]);
}
