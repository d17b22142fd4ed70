/*
 * Records field by field: instances of a class, dicts with the same keys,
 * named tuples; what their fields refer to, and how much of it is distinct.
 *
 * One thread; allocates with malloc, about 8 bytes for each object and 4 for
 * each value while it works.
 */
#ifndef WEIGH_HEAP_FIELDS_H
#define WEIGH_HEAP_FIELDS_H

#include "base/error.h"
#include "heap/duplicates.h"
#include "heap/equal.h"
#include "heap/graph.h"

#include <stdint.h>

enum { WEIGH_HEAP_FIELD_TYPES = 6 };

struct weigh_heap_field {
	uint32_t record; /* index into records */
	uint32_t name;   /* text */
	uint8_t naming;  /* enum weigh_snapshot_naming */
	uint8_t bits[WEIGH_VALUE_CLASSES]; /* by class of value: the most that any needs */
	uint64_t classes[WEIGH_VALUE_CLASSES]; /* records whose field has a value of the class */

	uint64_t records; /* that have the field */
	uint64_t empty;   /* whose field is not set */
	uint64_t none;    /* whose field is None */
	/* Of the others: how many refer to an object of the type, the most frequent first. */
	struct weigh_heap_field_type {
		uint32_t type;
		uint64_t count;
	} types[WEIGH_HEAP_FIELD_TYPES];
	uint32_t type_count;
	uint64_t other_types; /* of further types */

	/* None apart. */
	uint64_t objects; /* distinct ones that are referred to */
	uint64_t values;  /* distinct values; what cannot be compared counts as an object */
	uint64_t gross;   /* of those objects, each once, without what they refer to */
	struct weigh_heap_often often[WEIGH_HEAP_OFTEN];
};

struct weigh_heap_record {
	uint32_t type;
	uint32_t shape; /* one of its shapes, which has the names of the fields */
	uint64_t count; /* records */
	uint64_t gross; /* of the records themselves */
	uint64_t field_gross; /* sum over the fields; what two fields share counts twice */
	uint32_t first_field, field_count;
};

struct weigh_heap_fields {
	struct weigh_heap_record *records; /* by gross and field_gross together, largest first */
	uint32_t record_count;
	struct weigh_heap_field *fields; /* of a record together, in the order of its shape */
	uint32_t field_count;
};

/* End with weigh_heap_fields_deinit(). */
struct weigh_error *weigh_heap_fields_init(struct weigh_heap_fields *fields,
					   const struct weigh_heap_graph *graph,
					   const struct weigh_heap_equal *equal);
void weigh_heap_fields_deinit(struct weigh_heap_fields *fields);

/* "Trip", "dict(route, date, ..)", cut short where it gets long. Returns `name`. */
char *weigh_heap_record_name(const struct weigh_heap_graph *graph, const struct weigh_heap_record *record,
			     char name[WEIGH_HEAP_NAME]);

#endif
