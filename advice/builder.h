/*
 * How rules get to know what a structure of somebody's library takes: it is
 * built, by whoever asks for advice, who says how.
 */
#ifndef WEIGH_ADVICE_BUILDER_H
#define WEIGH_ADVICE_BUILDER_H

#include <stdbool.h>
#include <stdint.h>

struct weigh_build {
	const char *const *texts; /* a sample, UTF-8 */
	uint32_t count;
	uint32_t half;    /* so many of them, the first ones, are built by themselves too */
	uint64_t members; /* that a filter is to be for */
};

/* Bytes; 0: the library is not installed. */
struct weigh_built {
	double trie_half, trie; /* marisa-trie: of the first ones, of all texts */
	double filter;          /* rbloom, for so many members and one wrong answer in a hundred */
	double sketch;          /* datasketches' hll_sketch(14), which counts any number of members */
	double sketch_off;      /* by how much of the number it is off at most, in 95 % of cases */
	double sketch_import,
		numpy_import; /* that importing the library takes, and NumPy before it, which it needs */
	double sketch_counted, sketch_true; /* the texts by the sketch, and by a set */
};

struct weigh_builder {
	/* False when nothing can be built at all. */
	bool (*build)(void *arg, const struct weigh_build *build, struct weigh_built *built);
	void *arg;
};

#endif
