/*
 * The recorder as one would write it without a thought for speed: a list of
 * blocks, summed up anew after every event. The reference that the real one
 * is compared with.
 *
 * A site is a number that the test gives; which one it is does not matter here.
 */
#ifndef WEIGH_TESTS_MODEL_H
#define WEIGH_TESTS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MODEL_BLOCKS = 256,
	MODEL_SITES = 64,
	MODEL_PAGES = 48,
	MODEL_PAGE = 4096,
};

struct model_sum {
	uint64_t bytes;
	uint64_t footprint;
	uint64_t blocks;
};

struct model_block {
	const void *address;
	uint64_t bytes;
	uint64_t footprint;
	uint64_t birth; /* allocations before and with it */
	unsigned site;
};

struct model_mapping {
	uint64_t bytes; /* requested; 0 once a part is gone: then whole pages count */
	unsigned site;
};

struct model {
	struct model_block blocks[MODEL_BLOCKS];
	unsigned count;
	struct model_mapping mappings[MODEL_BLOCKS];
	unsigned mappings_made;
	unsigned pages[MODEL_PAGES]; /* number of the mapping + 1; 0: none */
	uint64_t allocations;
	struct model_sum total[MODEL_SITES];
	struct model_sum temporary[MODEL_SITES];
	struct model_sum recorded; /* all that the histogram of sizes has */
	struct model_sum peak;
	struct model_sum at_peak[MODEL_SITES];
	bool standing; /* nothing has ended since the peak, so what is recorded anew is at it too */
};

void model_init(struct model *model);

/* An allocation at an address where no block is. */
void model_alloc(struct model *model, const void *address, uint64_t bytes, uint64_t footprint, unsigned site);

/* The block at an address ends; without one, nothing happens. */
void model_free(struct model *model, const void *address);

/* The block at an address is taken out by a realloc that will succeed. */
void model_move(struct model *model, const void *address);

/* The block at an address was no allocation of its own. */
void model_retract(struct model *model, const void *address);

bool model_knows(const struct model *model, const void *address);

/* Pages [first, first + pages that `bytes` need) are mapped, over whatever is there. */
void model_map(struct model *model, unsigned first, uint64_t bytes, unsigned site);
void model_unmap(struct model *model, unsigned first, unsigned pages);

/* An event is over: is this the peak? */
void model_settle(struct model *model);

/* Live blocks, of each site and in all. */
struct model_sum model_live(const struct model *model, struct model_sum *sites);

#endif
