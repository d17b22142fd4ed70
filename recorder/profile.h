/*
 * Memory by line of source, while profiled functions run: every change of the
 * live footprint is charged to the line that the innermost profiled frame of
 * its thread is on, at the place where it is counted. What a line's callees
 * take and give is the line's too.
 *
 * A thread has a stack of the profiled frames that run on it now. A frame is
 * pushed when a profiled function starts or goes on, and popped when it
 * returns, yields or is left by an exception; both with the GIL, and both may
 * take pages. Charging takes a few instructions, allocates nothing and happens
 * on any thread, inside an event or under the GIL.
 *
 * Figures belong to a thread and a code object and are added up when they are
 * read, so that threads share no line. Nothing here is ever given back: a
 * thread that is late may still write to it.
 */
#ifndef WEIGH_RECORDER_PROFILE_H
#define WEIGH_RECORDER_PROFILE_H

#include "recorder/thread.h"

/* What one line did on one thread; bytes are footprints. */
struct weigh_profile_row {
	uint64_t allocated;
	uint64_t freed;
	int64_t peak;     /* the most that was live above what was when the line began */
	uint64_t highest; /* the most that was live in the process when it was left */
	uint64_t starts;  /* counted one by one: see weigh_profile_code.by_unit */
};

/*
 * A code object that is profiled. Kept for ever; written before it is first
 * pushed. One that lies within another (a comprehension, a nested function)
 * has its rows in common with that one, its root, so that what both do on one
 * line counts once.
 */
struct weigh_profile_code {
	struct weigh_profile_code *root; /* itself, when it lies in no other */
	uint32_t index;                  /* among all of them */
	uint32_t unit_count;             /* two bytes of bytecode each */
	uint32_t row_count;
	bool by_unit;           /* line starts are counted by unit, some derived when they are read */
	const uint32_t *row_of; /* unit to row; one more for a frame before its first */
	const uint32_t *lines;  /* row to line, ascending */
	struct weigh_profile_table *tables; /* one per thread that ran it */
};

/* How often a unit of bytecode was the place of an event. */
struct weigh_profile_unit {
	uint64_t starts; /* of a line here */
	uint64_t passes; /* starts, returns, yields and resumptions of the function */
	uint64_t raises; /* exceptions that left the flow of the code */
};

struct weigh_profile_table {
	struct weigh_profile_code *code;
	struct weigh_profile_table *next; /* of the same code */
	struct weigh_profile_row *rows;
	struct weigh_profile_unit *units; /* NULL when counted by row */
};

struct weigh_profile_frame {
	const void *frame; /* the interpreter's */
	const void *place; /* where it keeps the address of its instruction, or the number of its unit */
	uintptr_t base;    /* the address of its first instruction; 0: it keeps a number of 32 bits */
	const uint32_t *row_of;         /* of its code: unit to row */
	struct weigh_profile_row *rows; /* of its table */
	struct weigh_profile_table *table;
	uint32_t unit_count;
	uint32_t row;         /* the line it is on */
	uint32_t pass;        /* the same, or UINT32_MAX: another line, or that one anew, has begun */
	bool thrown;          /* it went on by an exception that was thrown into it */
	int64_t start;        /* net when the line began */
	uint64_t turned; /* the thread's totals then, added up */
	int64_t high;         /* the highest net since */
	int64_t call_high;    /* and since the frame was pushed */
	uint64_t allocated;   /* the thread's totals when the frame was pushed */
	uint64_t freed;
	struct weigh_profile_row *outer; /* the line of the frame below, which called it; NULL: none */
	uint64_t outer_allocated;        /* its figures then */
	uint64_t outer_freed;
};

/* A thread's profile: weigh_thread.profile while frames are pushed, else NULL. */
struct weigh_profile {
	struct weigh_profile_frame *top; /* the innermost; there is one whenever something is charged */
	uint64_t allocated; /* charged so far */
	uint64_t freed;
	uint64_t last_allocated; /* what the last charge was, */
	int64_t last_high;       /* and the highest net of its line before it */
	struct weigh_profile_frame *frames;
	uint32_t depth;
	uint32_t capacity;
	struct weigh_profile_table **tables; /* by the code's index */
	uint32_t table_count;
};

/* Memory for tables of code, zeroed, 16-aligned, kept for ever; NULL when there is none. With the GIL. */
void *weigh_profile_take(size_t bytes);

/*
 * Pushes a frame that begins or goes on to run: its profile, whose top it is.
 * NULL when it cannot be kept: then it is part of the line that called it.
 * `place` and `base` are as in struct weigh_profile_frame. With the GIL.
 */
struct weigh_profile *weigh_profile_push(const void *frame, const void *place, uintptr_t base,
					 struct weigh_profile_code *code);

/* Pops a frame, also from below others. Does nothing for one that was not pushed. With the GIL. */
void weigh_profile_pop(const void *frame);

/* Pops what lies above a depth: frames whose end nobody told of. With the GIL. */
void weigh_profile_cut(uint32_t depth);

/* Forgets the frames of a thread that ended while they were pushed. */
void weigh_profile_abandon(struct weigh_thread *thread);

/* Frames that are pushed on this thread. */
uint32_t weigh_profile_depth(void);

/* Forgets what was found of a code object, on all threads. With the GIL. */
void weigh_profile_clear(const struct weigh_profile_code *code);

/* Brings the rows of all pushed frames up to date for a reader. With the GIL. */
void weigh_profiles_settle(void);

/* Calls for each frame of a code object that is pushed on any thread. With the GIL. */
void weigh_profiles_visit(const struct weigh_profile_code *code,
			  void (*call)(const struct weigh_profile_frame *frame, void *argument),
			  void *argument);

/* In a forked child, whose parent's other threads are not here. */
void weigh_profiles_forget_others(void);

/* Whether a frame is pushed on any thread: then no block passes without a look at whom to charge. */
bool weigh_profiles_watch(void);

/* The frame is pushed and the innermost of its thread. */
static inline struct weigh_profile *weigh_profile_of(const void *frame)
{
	struct weigh_profile *profile = weigh_self ? weigh_self->profile : NULL;
	return profile && profile->top->frame == frame ? profile : NULL;
}

/* The unit of bytecode that a frame is at; before the first a large number. */
static inline uint32_t weigh_profile_unit(const struct weigh_profile_frame *frame)
{
	if (__builtin_expect(!frame->base, 0))
		return *(const volatile uint32_t *)frame->place;
	return (uint32_t)((*(const volatile uintptr_t *)frame->place - frame->base) >> 1);
}

/* Calls are counted on a function's first line, but not where that lies within a line of another. */
static inline bool weigh_profile_is_root(const struct weigh_profile_frame *frame)
{
	return frame->table->code->root == frame->table->code;
}

/* The row that a frame is at; that of the function's first line before its first instruction. */
static inline uint32_t weigh_profile_row(const struct weigh_profile_frame *frame)
{
	uint32_t unit = weigh_profile_unit(frame);
	return frame->row_of[unit < frame->unit_count ? unit : frame->unit_count];
}

/* Ends the line that the top frame is on and begins another; a row may follow itself. */
void weigh_profile_turn(struct weigh_profile *profile, uint32_t row);

/* The same, at less cost, put off until something is charged to what begins now. */
static inline void weigh_profile_turn_later(struct weigh_profile *profile)
{
	profile->top->pass = UINT32_MAX;
}

/* The figures of the line that the top frame is on now. */
static inline struct weigh_profile_row *weigh_profile_present(struct weigh_profile *profile)
{
	struct weigh_profile_frame *top = profile->top;
	uint32_t row = weigh_profile_row(top);
	if (row != top->pass)
		weigh_profile_turn(profile, row);
	return &top->rows[row];
}

/* On the path of every block while a profiled function runs. */
static inline __attribute__((always_inline)) void weigh_profile_charge_allocated(
	struct weigh_profile *profile, uint64_t bytes)
{
	struct weigh_profile_row *row = weigh_profile_present(profile);
	struct weigh_profile_frame *top = profile->top;
	uint64_t allocated = profile->allocated + bytes;
	int64_t high = top->high;
	int64_t net = (int64_t)(allocated - profile->freed);
	row->allocated += bytes;
	profile->allocated = allocated;
	profile->last_allocated = bytes;
	profile->last_high = high;
	if (net > high)
		top->high = net;
}

static inline void weigh_profile_charge_freed(struct weigh_profile *profile, uint64_t bytes)
{
	weigh_profile_present(profile)->freed += bytes;
	profile->freed += bytes;
}

/* Takes back the last charge, of a block that only the profiling needed; its bytes. */
static inline uint64_t weigh_profile_undo(struct weigh_profile *profile)
{
	struct weigh_profile_frame *top = profile->top;
	uint64_t bytes = profile->last_allocated;
	top->rows[top->row].allocated -= bytes;
	profile->allocated -= bytes;
	profile->last_allocated = 0;
	top->high = profile->last_high;
	return bytes;
}

/* The present line is not to be charged for the end of such a block, which is near. */
static inline void weigh_profile_forgo(struct weigh_profile *profile, uint64_t bytes)
{
	profile->top->rows[weigh_profile_row(profile->top)].freed -= bytes;
	profile->freed -= bytes;
}

/* Charge the calling thread, if it runs a profiled function; less than nothing for what is taken back. */
static inline void weigh_profile_note_allocated(int64_t bytes)
{
	struct weigh_thread *thread = weigh_self;
	if (__builtin_expect(thread && thread->profile, 0))
		weigh_profile_charge_allocated(thread->profile, (uint64_t)bytes);
}

static inline void weigh_profile_note_freed(int64_t bytes)
{
	struct weigh_thread *thread = weigh_self;
	if (__builtin_expect(thread && thread->profile, 0))
		weigh_profile_charge_freed(thread->profile, (uint64_t)bytes);
}

#endif
