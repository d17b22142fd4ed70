/*
 * The heap of a small program that reads bus rides, made by hand: what tests of
 * analyses count and what golden files show.
 *
 * Everything is the test's own memory; a failed allocation ends the test.
 */
#ifndef WEIGH_TESTS_FAKE_HEAP_H
#define WEIGH_TESTS_FAKE_HEAP_H

#include "fake_snapshot.h"

#include <stdbool.h>

enum {
	FAKE_ROWS = 1000,   /* dicts of route, date, daytype, rides */
	FAKE_ROUTES = 10,   /* distinct ones, each row with a string of its own */
	FAKE_DATES = 250,
	FAKE_DAYTYPES = 3,  /* interned: three strings in all */
	FAKE_TRIPS = 100,   /* instances of Trip: route of the rows, note None in every second one */
	FAKE_PAIRS = 60,    /* tuples (4, 'W'), 20 of each of three kinds */
	FAKE_SETS = 40,     /* empty ones, in a list */
	FAKE_DICT = 184,    /* gross of a row */
	FAKE_STR = 64,
	FAKE_TRIP = 96,
	FAKE_TUPLE = 64,
	FAKE_SET = 232,
};

/* Numbers of what tests look at. */
struct fake_heap {
	struct fake_snapshot *snapshot;
	uint32_t dict, list, str, integer, tuple, trip, set; /* types */
	uint32_t rows, frame, first_row;                     /* objects */
	uint32_t trip_site;
};

/* With weights when `sampled`: every tenth row has a site and stands for ten. */
void fake_heap_init(struct fake_heap *heap, bool sampled);
void fake_heap_deinit(struct fake_heap *heap);

#endif
