/*
 * Tables in a heap: many records alike (dicts with the same keys, instances of
 * a class, named tuples; tuples or lists of one length in one container), what
 * their fields hold, which container has them and which line made them; and
 * each as a table of advice/table.h, on which predictions are made. A long
 * list of texts or numbers is a table too, with one column.
 *
 * One thread; allocates with malloc, about 16 bytes for each object while it
 * works.
 */
#ifndef WEIGH_ADVICE_RECORDS_H
#define WEIGH_ADVICE_RECORDS_H

#include "advice/table.h"
#include "base/error.h"
#include "heap/equal.h"
#include "heap/frames.h"
#include "heap/graph.h"
#include "heap/places.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	WEIGH_RECORDS_LEAST = 1000, /* fewer are no table */
	WEIGH_RECORD_FIELDS = 64,   /* more are none either */
	WEIGH_FIELD_NAME = 64,
};

/* What the fields of all records hold at one place. */
struct weigh_record_field {
	char name[WEIGH_FIELD_NAME]; /* "route"; "0" by position */
	uint64_t set;                /* records that have the field */
	uint64_t none;               /* of them those with None */
	uint32_t type;               /* of most objects; WEIGH_NO_OBJECT: none at all */
	uint64_t of_type;
	uint64_t classes[WEIGH_VALUE_CLASSES]; /* records by the class of the value */
	uint8_t bits[WEIGH_VALUE_CLASSES];     /* the most that any needs */
	uint64_t objects, values;              /* distinct */
	uint64_t elsewhere;  /* objects that something beside tables refers to as well */
	uint64_t immortal;   /* records whose object is never freed: shared by the interpreter */
	double resident;     /* of all objects, also of those held elsewhere */
};

struct weigh_record_table {
	struct weigh_table model;          /* its fields are ours, below */
	struct weigh_record_field *fields; /* model.field_count of them */
	bool column;       /* one or more long lists from one place; their items are the records */
	uint32_t type;     /* of a record; of the list, for a column */
	uint32_t example;  /* a record; a list, for a column */
	uint32_t holder; /* container of most records; WEIGH_NO_OBJECT: none holds as many as make a table */
	uint64_t held; /* records in it */
	uint32_t line; /* of the lines: where most were made; WEIGH_NO_OBJECT: not known */
	double at_line; /* part of those with a known line that were made there */
	uint64_t alone; /* records that nothing but one container refers to */
	uint64_t own_keys; /* instances whose dict has keys of its own */
	uint32_t number; /* private */
	double modelled; /* resident bytes of a record by the model, the measured one beside it in `model` */
};

struct weigh_records {
	struct weigh_record_table *tables; /* by resident bytes, largest first */
	uint32_t count;
	uint32_t *table_of; /* for each object: the table whose record (column) it is, else WEIGH_NO_OBJECT */
	uint8_t *covered; /* for each object: whether a field of a table refers to it */
};

/* End with weigh_records_deinit(). */
struct weigh_error *weigh_records_init(struct weigh_records *records, const struct weigh_heap_graph *graph,
				       const struct weigh_heap_equal *equal,
				       const struct weigh_heap_lines *lines,
				       const struct weigh_heap_places *places);
void weigh_records_deinit(struct weigh_records *records);

/* What an object of so many occupied bytes takes of the machine's memory, as an average over many. */
double weigh_gross_resident(uint64_t gross);

/* Whether a field holds text, and nothing else. */
bool weigh_field_is_text(const struct weigh_record_field *field);

#endif
