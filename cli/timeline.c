/*
 * Writes the timeline of a capture in place. One thread, the launcher's; no
 * allocation. The program may be recording into other parts of the same
 * mapping meanwhile, and a reader may open the file at any moment: an entry
 * is complete before `used` counts it.
 */
#include "cli/timeline.h"

#include <string.h>

void weigh_timeline_init(struct weigh_timeline *t, struct weigh_section *section, struct weigh_tick *ticks,
			 uint32_t capacity, uint64_t *step_ns)
{
	memset(t, 0, sizeof(*t));
	t->section = section;
	t->ticks = ticks;
	t->capacity = capacity;
	t->step_ns = step_ns;
	*step_ns = WEIGH_TIMELINE_STEP_NS;
	__atomic_store_n(&section->used, 0, __ATOMIC_RELEASE);
}

/*
 * Entry i is written from entries 2i and 2i+1, never from one already
 * written, so a launcher killed half way leaves nothing worse than a few
 * readings that stand twice.
 */
static void merge_neighbours(struct weigh_timeline *t)
{
	uint32_t half = t->used / 2;
	for (uint32_t i = 0; i < half; i++) {
		const struct weigh_tick *left = &t->ticks[2 * i];
		const struct weigh_tick *right = left + 1;
		t->ticks[i] = right->rss > left->rss ? *right : *left;
	}
	if (t->used % 2)
		t->ticks[half++] = t->ticks[t->used - 1];
	t->used = half;
	__atomic_store_n(&t->section->used, half, __ATOMIC_RELEASE);
	*t->step_ns *= 2;
}

static void append(struct weigh_timeline *t)
{
	if (t->capacity < 2)
		return;
	if (t->used == t->capacity)
		merge_neighbours(t);
	t->ticks[t->used++] = t->pending;
	__atomic_store_n(&t->section->used, t->used, __ATOMIC_RELEASE);
	t->held = false;
}

void weigh_timeline_push(struct weigh_timeline *t, const struct weigh_tick *tick)
{
	if (!t->held || tick->rss > t->pending.rss)
		t->pending = *tick;
	t->held = true;
	if (tick->time_ns < t->due_ns)
		return;
	append(t);
	/* Half a tick of slack: a wake-up that comes a little early must not skip its step. */
	t->due_ns = tick->time_ns + *t->step_ns - WEIGH_TIMELINE_STEP_NS / 2;
}

void weigh_timeline_flush(struct weigh_timeline *t)
{
	if (t->held)
		append(t);
}
