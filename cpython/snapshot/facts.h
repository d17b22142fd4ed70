/*
 * What is seen in single large objects; see enum weigh_snapshot_fact. During
 * the second pass. Nothing that may be a file, or that the program shares with
 * others, is read: only what the program took for itself.
 */
#ifndef WEIGH_CPYTHON_SNAPSHOT_FACTS_H
#define WEIGH_CPYTHON_SNAPSHOT_FACTS_H

#include "cpython/snapshot/shapes.h"

/* Puts a fact about the object that is being written; the caller then puts its fields. */
struct weigh_stream *weigh_fact_begin(struct weigh_scan *scan, enum weigh_snapshot_fact fact);

/* numbers.c: of an array, NumPy's or array.array. */
void weigh_fact_write_numbers(struct weigh_scan *scan, const struct weigh_plan *plan, PyObject *object);

/* stretches.c: of a set or a dict. */
void weigh_fact_write_texts(struct weigh_scan *scan, PyObject *object);

#endif
