/*
 * The stacks of profiled frames and the turning of lines: see profile.h. With
 * the GIL; pages are taken when a thread first runs a code object, and when
 * its stack grows.
 */
#include "recorder/profile.h"

#include "base/pages.h"
#include "recorder/events.h"

#include <string.h>

enum {
	CHUNK = 256 << 10,
	FIRST_FRAMES = 64,
	FIRST_TABLES = 64,
};

static struct {
	char *next;
	size_t left;
} chunk;

void *weigh_profile_take(size_t bytes)
{
	bytes = (bytes + 15) & ~(size_t)15;
	if (bytes > CHUNK / 4)
		return weigh_pages_take((bytes + 4095) & ~(size_t)4095);
	if (bytes > chunk.left) {
		char *pages = weigh_pages_take(CHUNK);
		if (!pages)
			return NULL;
		chunk.next = pages;
		chunk.left = CHUNK;
	}
	void *taken = chunk.next;
	chunk.next += bytes;
	chunk.left -= bytes;
	return taken;
}

static struct weigh_profile_table *table_of(struct weigh_profile *profile, struct weigh_profile_code *code);

static void end_line(struct weigh_profile_frame *frame)
{
	struct weigh_profile_row *row = &frame->rows[frame->row];
	int64_t live = weigh_recorder_running() ? weigh_event_live() : 0;
	if (frame->high - frame->start > row->peak)
		row->peak = frame->high - frame->start;
	if (live > (int64_t)row->highest)
		row->highest = (uint64_t)live;
	if (frame->high > frame->call_high)
		frame->call_high = frame->high;
}

void weigh_profile_turn(struct weigh_profile *profile, uint32_t row)
{
	struct weigh_profile_frame *top = profile->top;
	uint64_t totals = profile->allocated + profile->freed;
	if (totals != top->turned || !top->rows[top->row].highest)
		end_line(top);
	top->row = top->pass = row;
	top->turned = totals;
	top->start = top->high = (int64_t)(profile->allocated - profile->freed);
}

static struct weigh_profile_row *rows_of(struct weigh_profile *profile, struct weigh_profile_code *code)
{
	if (code->root == code)
		return weigh_profile_take(code->row_count * sizeof(struct weigh_profile_row));
	const struct weigh_profile_table *table = table_of(profile, code->root);
	return table ? table->rows : NULL;
}

static struct weigh_profile_table *make_table(struct weigh_profile *profile, struct weigh_profile_code *code)
{
	struct weigh_profile_table *table = weigh_profile_take(sizeof(*table));
	if (!table || !(table->rows = rows_of(profile, code)))
		return NULL;
	if (code->by_unit && !(table->units = weigh_profile_take(code->unit_count * sizeof(*table->units))))
		return NULL;
	table->code = code;
	table->next = code->tables;
	code->tables = table;
	return table;
}

/* An array of twice the size or more, with what was in it; the old one is left to late readers. */
static void *larger(const void *old, size_t old_bytes, size_t bytes)
{
	void *array = weigh_profile_take(bytes);
	if (array && old_bytes)
		memcpy(array, old, old_bytes);
	return array;
}

static struct weigh_profile_table *table_of(struct weigh_profile *profile, struct weigh_profile_code *code)
{
	if (code->index >= profile->table_count) {
		uint32_t count = profile->table_count ? profile->table_count : FIRST_TABLES;
		while (count <= code->index)
			count *= 2;
		void *tables = larger(profile->tables, profile->table_count * sizeof(*profile->tables),
				      count * sizeof(*profile->tables));
		if (!tables)
			return NULL;
		profile->tables = tables;
		profile->table_count = count;
	}
	if (!profile->tables[code->index])
		profile->tables[code->index] = make_table(profile, code);
	return profile->tables[code->index];
}

static bool has_room(struct weigh_profile *profile)
{
	if (profile->depth < profile->capacity)
		return true;
	uint32_t capacity = profile->capacity ? 2 * profile->capacity : FIRST_FRAMES;
	struct weigh_profile_frame *frames =
		larger(profile->frames, profile->depth * sizeof(*frames), capacity * sizeof(*frames));
	if (!frames)
		return false;
	profile->frames = frames;
	profile->capacity = capacity;
	if (profile->depth)
		profile->top = &frames[profile->depth - 1];
	return true;
}

static uint32_t watched; /* threads that have frames pushed; under the GIL */

static void watch(int change)
{
	watched += (uint32_t)change;
	weigh_recorder_watch(watched > 0);
}

bool weigh_profiles_watch(void)
{
	return watched > 0;
}

static struct weigh_profile *own_profile(void)
{
	struct weigh_thread *thread = weigh_thread_attach();
	if (!thread || thread->gone)
		return NULL;
	if (!thread->own_profile)
		thread->own_profile = weigh_profile_take(sizeof(*thread->own_profile));
	return thread->own_profile;
}

struct weigh_profile *weigh_profile_push(const void *frame, const void *place, uintptr_t base,
					 struct weigh_profile_code *code)
{
	struct weigh_profile *profile = own_profile();
	struct weigh_profile_table *table = profile ? table_of(profile, code) : NULL;
	if (!table || !has_room(profile))
		return NULL;
	int64_t net = (int64_t)(profile->allocated - profile->freed);
	struct weigh_profile_row *outer = profile->depth ? weigh_profile_present(profile) : NULL;
	profile->frames[profile->depth] = (struct weigh_profile_frame){
		.frame = frame,
		.place = place,
		.base = base,
		.row_of = code->row_of,
		.rows = table->rows,
		.table = table,
		.unit_count = code->unit_count,
		.turned = profile->allocated + profile->freed,
		.start = net,
		.high = net,
		.call_high = net,
		.allocated = profile->allocated,
		.freed = profile->freed,
		.outer = outer,
		.outer_allocated = outer ? outer->allocated : 0,
		.outer_freed = outer ? outer->freed : 0,
	};
	profile->top = &profile->frames[profile->depth++];
	profile->top->row = profile->top->pass = weigh_profile_row(profile->top);
	if (profile->depth == 1) {
		weigh_self->profile = profile;
		watch(1);
	}
	return profile;
}

/*
 * What was charged while a frame was pushed is what the line below it took, no
 * more: the frame may have been on that very line too.
 */
static void charge_below(const struct weigh_profile *profile, const struct weigh_profile_frame *frame)
{
	if (!frame->outer)
		return;
	frame->outer->allocated = frame->outer_allocated + (profile->allocated - frame->allocated);
	frame->outer->freed = frame->outer_freed + (profile->freed - frame->freed);
}

static void rise_below(const struct weigh_profile *profile, struct weigh_profile_frame *frame)
{
	if (frame > profile->frames && frame->call_high > (frame - 1)->high)
		(frame - 1)->high = frame->call_high;
}

static void pop_top(struct weigh_profile *profile)
{
	struct weigh_profile_frame *top = profile->top;
	end_line(top);
	charge_below(profile, top);
	rise_below(profile, top);
	profile->depth--;
	if (profile->depth) {
		profile->top = top - 1;
		return;
	}
	weigh_self->profile = NULL;
	watch(-1);
}

/* One that is not on top: another stack of frames has been switched to since, as greenlets do. */
static void take_out(struct weigh_profile *profile, struct weigh_profile_frame *frame)
{
	end_line(frame);
	memmove(frame, frame + 1, (size_t)(profile->top - frame) * sizeof(*frame));
	profile->depth--;
	profile->top--;
}

void weigh_profile_pop(const void *frame)
{
	struct weigh_profile *profile = weigh_self ? weigh_self->profile : NULL;
	if (!profile)
		return;
	if (profile->top->frame == frame) {
		pop_top(profile);
		return;
	}
	for (uint32_t i = profile->depth - 1; i-- > 0;) {
		if (profile->frames[i].frame == frame) {
			take_out(profile, &profile->frames[i]);
			return;
		}
	}
}

uint32_t weigh_profile_depth(void)
{
	return weigh_self && weigh_self->profile ? weigh_self->profile->depth : 0;
}

void weigh_profile_cut(uint32_t depth)
{
	while (weigh_profile_depth() > depth)
		pop_top(weigh_self->profile);
}

void weigh_profile_abandon(struct weigh_thread *thread)
{
	thread->profile = NULL;
	if (thread->own_profile)
		thread->own_profile->depth = 0;
}

struct visit {
	const struct weigh_profile_code *code;
	void (*call)(const struct weigh_profile_frame *frame, void *argument);
	void *argument;
};

static void visit(struct weigh_thread *thread, const void *argument)
{
	const struct visit *wanted = argument;
	const struct weigh_profile *profile = thread->profile;
	for (uint32_t i = 0; profile && i < profile->depth; i++)
		if (profile->frames[i].table->code == wanted->code)
			wanted->call(&profile->frames[i], wanted->argument);
}

void weigh_profiles_visit(const struct weigh_profile_code *code,
			  void (*call)(const struct weigh_profile_frame *frame, void *argument),
			  void *argument)
{
	struct visit wanted = {code, call, argument};
	weigh_threads_each(visit, &wanted);
}

static void settle(struct weigh_thread *thread, const void *unused)
{
	struct weigh_profile *profile = thread->profile;
	(void)unused;
	if (!profile)
		return;
	for (struct weigh_profile_frame *frame = profile->top; frame >= profile->frames; frame--) {
		end_line(frame);
		charge_below(profile, frame);
		rise_below(profile, frame);
	}
}

/* The calls that are under way begin anew, as it were. */
static void restart(struct weigh_thread *thread, const void *unused)
{
	struct weigh_profile *profile = thread->profile;
	(void)unused;
	if (!profile)
		return;
	int64_t net = (int64_t)(profile->allocated - profile->freed);
	for (struct weigh_profile_frame *frame = profile->frames; frame <= profile->top; frame++) {
		frame->start = frame->high = frame->call_high = net;
		frame->allocated = profile->allocated;
		frame->freed = profile->freed;
		frame->outer_allocated = frame->outer ? frame->outer->allocated : 0;
		frame->outer_freed = frame->outer ? frame->outer->freed : 0;
	}
}

void weigh_profile_clear(const struct weigh_profile_code *code)
{
	for (struct weigh_profile_table *table = code->tables; table; table = table->next) {
		if (code->root == code)
			memset(table->rows, 0, code->row_count * sizeof(*table->rows));
		if (table->units)
			memset(table->units, 0, code->unit_count * sizeof(*table->units));
	}
	weigh_threads_each(restart, NULL);
}

static void forget(struct weigh_thread *thread, const void *unused)
{
	(void)unused;
	if (thread != weigh_self)
		thread->profile = NULL;
}

void weigh_profiles_forget_others(void)
{
	weigh_threads_each(forget, NULL);
	watched = weigh_self && weigh_self->profile;
}

void weigh_profiles_settle(void)
{
	weigh_threads_each(settle, NULL);
}
