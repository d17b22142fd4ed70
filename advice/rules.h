/*
 * The rules: each looks at the evidence and says what it found, or why not.
 * advice/advise.c lists them in the order in which they are asked.
 *
 * One thread; they allocate through the collector and with malloc.
 */
#ifndef WEIGH_ADVICE_RULES_H
#define WEIGH_ADVICE_RULES_H

#include "advice/collect.h"
#include "advice/evidence.h"

struct weigh_error;

enum {
	WEIGH_CACHE_BOUND = 1024, /* answers, when a cache is to have a bound */
	WEIGH_CACHE_LEAST = 4 * WEIGH_CACHE_BOUND, /* in it before a bound is worth a word */
};

/* Fails only for want of memory of its own; that of the collector is seen to at the end. */
struct weigh_error *weigh_rules_records(const struct weigh_evidence *evidence,
					struct weigh_collector *collector);
struct weigh_error *weigh_rules_values(const struct weigh_evidence *evidence,
				       struct weigh_collector *collector);

struct weigh_error *weigh_rules_duplicates(const struct weigh_evidence *evidence,
					   struct weigh_collector *collector);
struct weigh_error *weigh_rules_held(const struct weigh_evidence *evidence,
				     struct weigh_collector *collector);
struct weigh_error *weigh_rules_containers(const struct weigh_evidence *evidence,
					   struct weigh_collector *collector);
struct weigh_error *weigh_rules_category(const struct weigh_evidence *evidence,
					 struct weigh_collector *collector);
struct weigh_error *weigh_rules_reading(const struct weigh_evidence *evidence,
					struct weigh_collector *collector);
struct weigh_error *weigh_rules_keys(const struct weigh_evidence *evidence,
				     struct weigh_collector *collector);
struct weigh_error *weigh_rules_caches(const struct weigh_evidence *evidence,
				       struct weigh_collector *collector);
struct weigh_error *weigh_rules_callbacks(const struct weigh_evidence *evidence,
					  struct weigh_collector *collector);
struct weigh_error *weigh_rules_sets(const struct weigh_evidence *evidence,
				     struct weigh_collector *collector);
struct weigh_error *weigh_rules_text(const struct weigh_evidence *evidence,
				     struct weigh_collector *collector);
struct weigh_error *weigh_rules_dtype(const struct weigh_evidence *evidence,
				      struct weigh_collector *collector);
struct weigh_error *weigh_rules_slices(const struct weigh_evidence *evidence,
				       struct weigh_collector *collector);

/* On captures of several processes; needs no graph. */
struct weigh_error *weigh_rules_copies(const struct weigh_evidence *evidence,
				       struct weigh_collector *collector);

/* On stacks, source and time; needs no graph. */
struct weigh_error *weigh_rules_stacks(const struct weigh_evidence *evidence,
				       struct weigh_collector *collector);

#endif
