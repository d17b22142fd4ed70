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
	struct weigh_taking takings[WEIGH_PART_COUNT];
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

static void take(enum weigh_part_id id, enum weigh_snapshot_when when)
{
	struct weigh_part *part = &weigh_recorder.header->parts[id];
	struct weigh_taking *taking = &schedule.takings[id];
	char path[PATH_MAX];
	if (!name_file(path, id))
		return;
	int number = weigh_taking_start(taking, path, when, WEIGH_TAKING_FORK, part);
	/* Only what a fork alone can be refused for: a full disk is full in place too. */
	if ((number == EAGAIN || number == ENOMEM) && schedule.in_place)
		number = weigh_taking_start(taking, path, when, WEIGH_TAKING_IN_PLACE, part);
	schedule.errors[id] = number;
}

/*
 * A lower peak that is still being written gives way. It is the last one that
 * was finished that stays until a higher one is.
 */
static void clear_peak(struct weigh_climb *climb)
{
	struct weigh_taking *taking = &schedule.takings[WEIGH_PART_PEAK];
	if (!taking->child)
		return;
	if (weigh_taking_runs(taking, false, &schedule.errors[WEIGH_PART_PEAK])) {
		weigh_taking_cancel(taking, true);
		weigh_climb_dropped(climb);
	} else if (schedule.errors[WEIGH_PART_PEAK]) {
		weigh_climb_failed(climb, weigh_clock_now());
	}
}

static void take_peak(struct weigh_climb *climb)
{
	const struct weigh_taking *taking = &schedule.takings[WEIGH_PART_PEAK];
	take(WEIGH_PART_PEAK, WEIGH_SNAPSHOT_PEAK);
	weigh_climb_taken(climb, taking->live, weigh_clock_now(), taking->pause_ns);
	if (schedule.errors[WEIGH_PART_PEAK])
		weigh_climb_failed(climb, weigh_clock_now());
}

static const struct weigh_peak_calls peak_calls = {clear_peak, take_peak};

int weigh_schedule_begin(const struct weigh_schedule_wants *wants)
{
	schedule.process = 0;
	if (snprintf(schedule.capture, sizeof(schedule.capture), "%s", wants->capture) >=
	    (int)sizeof(schedule.capture))
		return ENAMETOOLONG;
	schedule.peak = wants->peak;
	schedule.end = wants->end;
	schedule.in_place = wants->in_place;
	memset(schedule.takings, 0, sizeof(schedule.takings));
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
	if (weigh_peak_stop(&climb) && weigh_climb_wants_last(&climb, weigh_recorder_live())) {
		clear_peak(&climb);
		take_peak(&climb);
	}
	if (schedule.end)
		take(WEIGH_PART_END, WEIGH_SNAPSHOT_END);
	schedule.end = false;
}

bool weigh_schedule_written(bool wait)
{
	bool written = true;
	for (int id = 0; is_ours() && id < WEIGH_PART_COUNT; id++) {
		if (!schedule.takings[id].child)
			continue;
		written &= !weigh_taking_runs(&schedule.takings[id], wait, &schedule.errors[id]);
	}
	return written;
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
	for (int id = 0; is_ours() && id < WEIGH_PART_COUNT; id++)
		weigh_taking_cancel(&schedule.takings[id], false);
}
