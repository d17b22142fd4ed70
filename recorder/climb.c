/*
 * When a snapshot of the peak is due: see recorder/climb.h.
 */
#include "recorder/climb.h"

enum {
	LEAST = 8 << 20,      /* above the start: less is not worth a fork */
	STEP = 10,            /* a tenth */
	SMALL_STEP = 200,     /* half a percent */
	NOTICED = 1000,       /* what counts as growth: a thousandth */
	CALM_NS = 50000000,
	REST = 10,            /* pauses take a tenth of the time at the most, */
	CALM_REST = 4,        /* where it may be the summit a quarter */
	REST_FAILED_NS = 1000000000,
};

void weigh_climb_init(struct weigh_climb *climb, uint64_t live)
{
	*climb = (struct weigh_climb){.start = live, .highest = live};
}

bool weigh_climb_wants(struct weigh_climb *climb, uint64_t live, uint64_t now_ns)
{
	climb->asked_ns = now_ns;
	if (live > climb->highest + climb->highest / NOTICED) {
		climb->highest = live;
		climb->grown_ns = now_ns;
	}
	if (live < climb->start + LEAST || now_ns < climb->calm_rest_ns)
		return false;
	if (live >= climb->kept + climb->kept / STEP && now_ns >= climb->rest_ns)
		return true;
	if (now_ns - climb->grown_ns < CALM_NS)
		return false;
	return live >= climb->kept + climb->kept / SMALL_STEP ||
	       (climb->rising && live >= climb->kept - climb->kept / SMALL_STEP);
}

bool weigh_climb_wants_last(const struct weigh_climb *climb, uint64_t live)
{
	return live >= climb->kept + climb->kept / SMALL_STEP;
}

void weigh_climb_taken(struct weigh_climb *climb, uint64_t live, uint64_t now_ns, uint64_t pause_ns)
{
	climb->before = climb->kept;
	climb->kept = live;
	climb->rising = climb->asked_ns - climb->grown_ns < CALM_NS;
	climb->rest_ns = now_ns + pause_ns * REST;
	climb->calm_rest_ns = now_ns + pause_ns * CALM_REST;
}

void weigh_climb_dropped(struct weigh_climb *climb)
{
	climb->kept = climb->before;
}

void weigh_climb_failed(struct weigh_climb *climb, uint64_t now_ns)
{
	climb->kept = climb->before;
	weigh_climb_refused(climb, now_ns);
}

void weigh_climb_refused(struct weigh_climb *climb, uint64_t now_ns)
{
	climb->rest_ns = climb->calm_rest_ns = now_ns + REST_FAILED_NS;
}
