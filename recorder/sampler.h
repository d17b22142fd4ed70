/*
 * Which blocks are sampled. Points fall on the requested bytes as a Poisson
 * process of a given period (mean bytes between points); a block is sampled
 * when at least one point falls on it, which has probability
 * p = 1 - exp(-size / period) and is independent of every other block. So a
 * block counts for 1/p, and blocks far above the period are certain.
 *
 * The period starts at "everything" and stays there for WEIGH_SAMPLES_FREE
 * blocks, so that small programs are exact. Then it follows the load: it
 * doubles while samples come faster than WEIGH_SAMPLES_PER_SECOND (four times
 * that at first, so that short programs get narrow intervals too) or the live
 * ones outgrow their bound or the room for their stacks, and halves again when
 * both are far below. It depends on the past alone and each sample keeps the p
 * it was taken with, so estimates stay unbiased through every change.
 */
#ifndef WEIGH_RECORDER_SAMPLER_H
#define WEIGH_RECORDER_SAMPLER_H

#include "recorder/thread.h"

enum {
	WEIGH_SAMPLES_PER_SECOND = 25000,
	WEIGH_SAMPLES_PER_SECOND_EARLY = 100000,
	WEIGH_SAMPLES_EARLY = 1 << 17, /* until so many are taken: a few seconds */
	WEIGH_SAMPLES_FREE = 1 << 15, /* the first ones, however fast they come: some 2 ms */
	WEIGH_SAMPLES_LIVE = 1 << 16, /* the bound at first; grows by a quarter with each doubling */
	WEIGH_EXACT_PUBLISH = 4096, /* blocks of exact mode between looks at the recorder's own memory */
	WEIGH_PERIOD_FIRST_LOG = 8,   /* 256 bytes, the first step above everything */
	WEIGH_PERIOD_CROWDED_LOG = 15, /* 32 KiB: for want of room for stacks alone it grows no further */
	WEIGH_PERIOD_LAST_LOG = 18,  /* 256 KiB: larger blocks are all but certain at any load */
};

/* Starts anew for a recording. */
void weigh_sampler_init(void);

/* Gives a thread its first countdown. */
void weigh_sampler_begin(struct weigh_thread *thread);

/*
 * A point fell on a block: returns the log2 of the period it was drawn with
 * (0: certain), draws the next point and, from time to time, adapts.
 */
unsigned weigh_sampler_draw(struct weigh_thread *thread);

/*
 * The capture has little room for new stacks, and those it has hold live
 * blocks: samples become rarer, as when too many are live.
 */
void weigh_sampler_crowded(void);

/* In exact mode: whether a draw for this block would do nothing. */
static inline bool weigh_sampler_idle(const struct weigh_thread *thread)
{
	return thread->allocations % WEIGH_EXACT_PUBLISH != 0;
}

/* Probability with which a block was sampled; 1 for log 0. */
double weigh_sampler_probability(uint64_t bytes, unsigned period_log);

#endif
