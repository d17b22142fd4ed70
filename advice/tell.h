/*
 * The wording of findings: names of the user's own fields and classes, where a
 * table is, numbers.
 *
 * One thread; allocates nothing but where said.
 */
#ifndef WEIGH_ADVICE_TELL_H
#define WEIGH_ADVICE_TELL_H

#include "advice/collect.h"
#include "advice/evidence.h"

enum { WEIGH_TELL_COUNT = 32, WEIGH_TELL_NAME = 200 };

/* A whole number with commas. Returns `text`. */
char *weigh_tell_count(uint64_t count, char text[static WEIGH_TELL_COUNT]);

/* Bytes in binary units with one decimal: "1.5 MiB". Returns `text`. */
char *weigh_tell_bytes(double bytes, char text[static WEIGH_TELL_COUNT]);

/* What the records of a table are called: "dict", "Trip". Static, or the graph's. */
const char *weigh_tell_record(const struct weigh_evidence *evidence, const struct weigh_record_table *table);

/* An object as the program calls it: "rows", "Store.trips"; empty when no name is known. Returns `name`. */
char *weigh_tell_object(const struct weigh_evidence *evidence, uint32_t object,
			char name[static WEIGH_TELL_NAME]);

/* What holds a table, as the program calls it: "rows", "Store.trips"; empty when no name is known. Returns `name`. */
char *weigh_tell_holder(const struct weigh_evidence *evidence, const struct weigh_record_table *table,
			char name[static WEIGH_TELL_NAME]);

/* The line that made an object; its file is NULL when it is not known. */
struct weigh_heap_frame weigh_tell_origin(const struct weigh_evidence *evidence, uint32_t object);

/* Puts a name, by a format with one %s, behind those in a list; one that finds no room is left out. */
enum { WEIGH_TELL_LIST = 300 };
void weigh_tell_add(char list[static WEIGH_TELL_LIST], const char *format, const char *name);

/* A field as the program writes it: "row['route']", "Trip.route", "row[2]". Returns `name`. */
char *weigh_tell_field(const struct weigh_evidence *evidence, const struct weigh_record_table *table,
		       uint32_t field, char name[static WEIGH_TELL_NAME]);

/* The field's name as a variable: "route", "field2". Returns `name`. */
char *weigh_tell_plain(const struct weigh_record_table *table, uint32_t field,
		       char name[static WEIGH_TELL_NAME]);

/* Whether all names of the fields can be attributes. */
bool weigh_tell_are_identifiers(const struct weigh_record_table *table);

/* how a record now; the caller's, NULL without memory. */
char *weigh_tell_record_now(struct weigh_collector *collector, const struct weigh_evidence *evidence,
			    const struct weigh_record_table *table);

/* A class with slots for the same fields, or their tuple; the caller's, NULL without memory. */
char *weigh_tell_slots(struct weigh_collector *collector, const struct weigh_evidence *evidence,
		       const struct weigh_record_table *table, const char *name);
char *weigh_tell_tuple(struct weigh_collector *collector, const struct weigh_record_table *table);

/* Columns for the same fields; `coded`: of machine numbers where they can be. */
char *weigh_tell_columns(struct weigh_collector *collector, const struct weigh_record_table *table,
			 bool coded);

/* Puts the place where the table's records are made. */
void weigh_tell_place(struct weigh_collector *collector, const struct weigh_evidence *evidence,
		      const struct weigh_record_table *table, struct weigh_finding *finding);

/*
 * Puts a line of the program as the change, with `now` in it replaced by
 * `later`; false when it is not to be had, or there is no `now` in it.
 */
bool weigh_tell_replaced(struct weigh_collector *collector, const struct weigh_evidence *evidence,
			 struct weigh_finding *finding, const char *now, const char *later);

/* Puts the place where one object was made, when it is known. */
void weigh_tell_made(struct weigh_collector *collector, const struct weigh_evidence *evidence,
		     uint32_t object, struct weigh_finding *finding);

/* The line of that place; its file is NULL when it is not known. */
struct weigh_heap_frame weigh_tell_frame(const struct weigh_evidence *evidence,
					 const struct weigh_record_table *table);

#endif
