/*
 * A modelled table: many records with the same fields, in one of the ways in
 * which a program can keep them. Changing the way, or what a field holds, and
 * asking again what it occupies is what predictions are made of: changes are
 * applied one after another, so that two of them never save the same bytes.
 *
 * Pure functions over structures of the caller's; any thread.
 */
#ifndef WEIGH_ADVICE_TABLE_H
#define WEIGH_ADVICE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

enum weigh_record {
	WEIGH_RECORD_DICT,
	WEIGH_RECORD_LIST,
	WEIGH_RECORD_TUPLE,
	WEIGH_RECORD_NAMED_TUPLE,
	WEIGH_RECORD_INSTANCE,
	WEIGH_RECORD_INSTANCE_ASKED, /* whose __dict__ was asked for */
	WEIGH_RECORD_SLOTS,
	WEIGH_RECORD_SLOTS_BELOW, /* below a base that has a __dict__ */
	WEIGH_RECORD_COLUMNS, /* no record: a list, or an array, for each field */
	WEIGH_RECORD_NONE,    /* nothing kept: each is used and dropped */
	WEIGH_RECORD_COUNT,
};

enum weigh_content {
	WEIGH_CONTENT_AS_IS,  /* the objects that are there */
	WEIGH_CONTENT_SHARED, /* one object for each value */
	WEIGH_CONTENT_INT,    /* an int object for each record */
	WEIGH_CONTENT_FLOAT,  /* a float object for each record */
	WEIGH_CONTENT_DATE,   /* a datetime.date for each record */
	WEIGH_CONTENT_BYTES16, /* 16 bytes as a bytes object for each record */
	WEIGH_CONTENT_ARRAY,  /* machine numbers side by side; with COLUMNS only */
	WEIGH_CONTENT_CODES,  /* machine numbers that say which of the values; with COLUMNS only */
	WEIGH_CONTENT_COUNT,
};

struct weigh_table_field {
	const char *name;       /* borrowed; NULL: by position */
	enum weigh_content content;
	uint64_t objects;       /* distinct objects that the records refer to now */
	double objects_resident; /* bytes they occupy, those shared with others left away */
	uint64_t values;         /* distinct values among them */
	double values_resident;  /* bytes of one object for each value */
	uint64_t boxed;          /* records whose int would be an object of its own */
	unsigned bits;           /* of the widest int; 0: the values are no ints */
	bool numbers;            /* all values are numbers or text that reads as numbers */
	bool text;               /* all values are str */
};

struct weigh_table {
	uint32_t python; /* PY_VERSION_HEX */
	uint64_t records;
	enum weigh_record record;
	uint64_t room; /* of a list record: items it has room for */
	bool str_keys; /* of a dict record: every key is a str */
	/*
	 * What a record is found to be, and the bytes it takes so; 0: not measured.
	 * As long as `record` is still that, this counts and not the model.
	 */
	enum weigh_record found;
	double found_resident;
	struct weigh_table_field *fields; /* borrowed */
	uint32_t field_count;
};

/* Resident bytes of the table: what refers to the records, the records, what they refer to. */
double weigh_table_resident(const struct weigh_table *table);

/* Resident bytes of one record alone: by the model, and as found as long as it is that. */
double weigh_table_record_modelled(const struct weigh_table *table);

/* What its blocks occupy by the model: whole size classes, without what pools and arenas lose. */
double weigh_table_record_gross(const struct weigh_table *table);
double weigh_table_record_resident(const struct weigh_table *table);

/* Bytes of a machine number that holds ints of so many bits of two's complement: 1, 2, 4 or 8. */
unsigned weigh_width_of_bits(unsigned bits);

/* Bytes of a code for so many values. */
unsigned weigh_width_of_codes(uint64_t values);

#endif
