/*
 * The heap of a small program that reads bus rides: see fake_heap.h.
 */
#include "fake_heap.h"

#include <stdio.h>

enum { PERIOD_LOG = 11 }; /* with blocks of 184 bytes: about one in eleven */

struct shapes {
	uint32_t row, list, str, number, tuple, trip, set, frame, none, module, namespace;
};

struct maker {
	struct fake_heap *heap;
	struct fake_snapshot *s;
	struct shapes shapes;
	uint32_t none;
	uint32_t keys[4];
	uint32_t site_rows, site_split, site_trips;
	uint32_t routes[FAKE_ROUTES], dates[FAKE_DATES]; /* values */
	uint32_t daytypes[FAKE_DAYTYPES];                /* objects */
};

static void make_types(struct maker *m)
{
	struct fake_heap *h = m->heap;
	const uint64_t collected = WEIGH_TYPE_COLLECTED;

	h->dict = fake_snapshot_type(m->s, "builtins", "dict", WEIGH_SNAPSHOT_DICT, collected);
	h->list = fake_snapshot_type(m->s, "builtins", "list", WEIGH_SNAPSHOT_LIST, collected);
	h->str = fake_snapshot_type(m->s, "builtins", "str", WEIGH_SNAPSHOT_STR, 0);
	h->integer = fake_snapshot_type(m->s, "builtins", "int", WEIGH_SNAPSHOT_INT, 0);
	h->tuple = fake_snapshot_type(m->s, "builtins", "tuple", WEIGH_SNAPSHOT_TUPLE, collected);
	h->set = fake_snapshot_type(m->s, "builtins", "set", WEIGH_SNAPSHOT_SET, collected);
	h->trip = fake_snapshot_type(m->s, "__main__", "Trip", WEIGH_SNAPSHOT_PLAIN,
				     collected | WEIGH_TYPE_PYTHON | WEIGH_TYPE_DICT);
}

static void make_shapes(struct maker *m)
{
	static const char *const names[4] = {"route", "date", "daytype", "rides"};
	struct fake_heap *h = m->heap;
	struct shapes *p = &m->shapes;
	uint32_t frame = fake_snapshot_type(m->s, "builtins", "frame", WEIGH_SNAPSHOT_FRAME, 0);
	uint32_t none = fake_snapshot_type(m->s, "builtins", "NoneType", WEIGH_SNAPSHOT_PLAIN, 0);
	uint32_t module = fake_snapshot_type(m->s, "builtins", "module", WEIGH_SNAPSHOT_MODULE, 0);

	p->str = fake_snapshot_shape(m->s, h->str, WEIGH_SHAPE_VALUED, WEIGH_TAIL_NONE);
	p->number = fake_snapshot_shape(m->s, h->integer, WEIGH_SHAPE_VALUED, WEIGH_TAIL_NONE);
	p->none = fake_snapshot_shape(m->s, none, WEIGH_SHAPE_STATIC, WEIGH_TAIL_NONE);
	p->list = fake_snapshot_shape(m->s, h->list, WEIGH_SHAPE_SIZED, WEIGH_TAIL_ITEMS);
	p->tuple = fake_snapshot_shape(m->s, h->tuple, WEIGH_SHAPE_SIZED, WEIGH_TAIL_ITEMS);
	p->set = fake_snapshot_shape(m->s, h->set, WEIGH_SHAPE_SIZED, WEIGH_TAIL_MEMBERS);
	p->module = fake_snapshot_shape(m->s, module, 0, WEIGH_TAIL_NONE);
	fake_snapshot_slot(m->s, WEIGH_SLOT_ATTRIBUTE, "__dict__", FAKE_NONE);
	p->namespace = fake_snapshot_shape(m->s, h->dict, WEIGH_SHAPE_SIZED, WEIGH_TAIL_PAIRS);
	p->frame = fake_snapshot_shape(m->s, frame, 0, WEIGH_TAIL_NONE);
	fake_snapshot_slot(m->s, WEIGH_SLOT_LOCAL, "rows", FAKE_NONE);
	fake_snapshot_slot(m->s, WEIGH_SLOT_LOCAL, "trips", FAKE_NONE);
	p->trip = fake_snapshot_shape(m->s, h->trip, WEIGH_SHAPE_DATA, WEIGH_TAIL_NONE);
	fake_snapshot_slot(m->s, WEIGH_SLOT_ATTRIBUTE, "route", FAKE_NONE);
	fake_snapshot_slot(m->s, WEIGH_SLOT_ATTRIBUTE, "note", FAKE_NONE);
	for (int i = 0; i < 4; i++)
		m->keys[i] = fake_snapshot_object(m->s, p->str, FAKE_STR);
	p->row = fake_snapshot_shape(m->s, h->dict, WEIGH_SHAPE_SIZED | WEIGH_SHAPE_KEYS | WEIGH_SHAPE_DATA,
				     WEIGH_TAIL_NONE);
	for (int i = 0; i < 4; i++)
		fake_snapshot_slot(m->s, WEIGH_SLOT_KEY, names[i], m->keys[i]);
}

static uint32_t make_text(struct maker *m, uint32_t value, uint32_t site)
{
	uint32_t object = fake_snapshot_object(m->s, m->shapes.str, FAKE_STR);

	fake_snapshot_at(m->s, object)->value = value;
	fake_snapshot_at(m->s, object)->site = site;
	return object;
}

static uint32_t number_value(struct maker *m, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "'%d'", number);
	return fake_snapshot_value(m->s, WEIGH_VALUE_INTEGER_TEXT, number < 128 ? 8 : 11, text);
}

static void make_values(struct maker *m)
{
	static const char *const names[FAKE_DAYTYPES] = {"'W'", "'A'", "'U'"};
	char text[24];

	for (int i = 0; i < FAKE_ROUTES; i++)
		m->routes[i] = number_value(m, i + 1);
	for (int i = 0; i < FAKE_DATES; i++) {
		snprintf(text, sizeof(text), "'%02d/%02d/2001'", i / 28 % 12 + 1, i % 28 + 1);
		m->dates[i] = fake_snapshot_value(m->s, WEIGH_VALUE_DATE_TEXT, 0, text);
	}
	for (int i = 0; i < FAKE_DAYTYPES; i++)
		m->daytypes[i] =
			make_text(m, fake_snapshot_value(m->s, WEIGH_VALUE_TEXT, 7, names[i]), FAKE_NONE);
}

static void make_sites(struct maker *m)
{
	uint32_t main = fake_snapshot_node(m->s, 0, "/home/ada/bus/bus.py", "main", 21);
	uint32_t read = fake_snapshot_node(m->s, main, "/home/ada/bus/bus.py", "read", 9);
	uint32_t next =
		fake_snapshot_node(m->s, read, "/usr/lib/python3.13/csv.py", "DictReader.__next__", 178);
	uint32_t split =
		fake_snapshot_node(m->s, read, "/usr/lib/python3.13/csv.py", "DictReader.__next__", 172);

	m->site_rows = fake_snapshot_site(m->s, next);
	m->site_split = fake_snapshot_site(m->s, split);
	m->site_trips = fake_snapshot_site(m->s, main);
	m->heap->trip_site = m->site_trips;
}

static uint32_t site_of_row(int i, bool sampled, uint32_t site)
{
	return sampled && i % 10 ? FAKE_NONE : site;
}

static void sample(struct maker *m, uint32_t object, bool sampled)
{
	struct fake_object *o = fake_snapshot_at(m->s, object);

	if (sampled && o->site != FAKE_NONE) {
		o->period_log = PERIOD_LOG;
		o->requested = (uint32_t)o->gross;
	}
}

static uint32_t make_row(struct maker *m, int i, bool sampled)
{
	uint32_t row = fake_snapshot_object(m->s, m->shapes.row, FAKE_DICT);
	uint32_t site = site_of_row(i, sampled, m->site_split);
	uint32_t route = make_text(m, m->routes[i % FAKE_ROUTES], site);
	uint32_t date = make_text(m, m->dates[i % FAKE_DATES], site);
	uint32_t rides = make_text(m, number_value(m, 1000 + i), site);

	fake_snapshot_at(m->s, row)->site = site_of_row(i, sampled, m->site_rows);
	fake_snapshot_at(m->s, row)->length = 4;
	fake_snapshot_at(m->s, row)->room = 5;
	sample(m, row, sampled);
	sample(m, route, sampled);
	sample(m, date, sampled);
	sample(m, rides, sampled);
	fake_snapshot_refer(m->s, row, route);
	fake_snapshot_refer(m->s, row, date);
	fake_snapshot_refer(m->s, row, m->daytypes[i % FAKE_DAYTYPES]);
	fake_snapshot_refer(m->s, row, rides);
	if (i < FAKE_TRIPS) {
		uint32_t trip = fake_snapshot_object(m->s, m->shapes.trip, FAKE_TRIP);
		fake_snapshot_at(m->s, trip)->site = site_of_row(i, sampled, m->site_trips);
		sample(m, trip, sampled);
		fake_snapshot_refer(m->s, trip, route);
		fake_snapshot_refer(m->s, trip, i % 2 ? m->none : FAKE_NONE);
	}
	return row;
}

static void make_rows(struct maker *m, bool sampled)
{
	struct fake_heap *h = m->heap;
	uint32_t trips;

	h->rows = fake_snapshot_object(m->s, m->shapes.list, 56 + 8 * 1200);
	trips = fake_snapshot_object(m->s, m->shapes.list, 56 + 8 * FAKE_TRIPS);
	fake_snapshot_at(m->s, h->rows)->length = FAKE_ROWS;
	fake_snapshot_at(m->s, h->rows)->room = 1200;
	fake_snapshot_refer(m->s, h->frame, h->rows);
	fake_snapshot_refer(m->s, h->frame, trips);
	for (int i = 0; i < FAKE_ROWS; i++) {
		uint32_t row = make_row(m, i, sampled);
		if (!i)
			h->first_row = row;
		fake_snapshot_refer(m->s, h->rows, row);
		if (i < FAKE_TRIPS)
			fake_snapshot_refer(m->s, trips, row + 4);
	}
}

/* Tuples (4, 'W') in a module's list `pairs`, and empty sets in one called `open`. */
static void make_module(struct maker *m)
{
	uint32_t module = fake_snapshot_object(m->s, m->shapes.module, 64);
	uint32_t names = fake_snapshot_object(m->s, m->shapes.namespace, 232);
	uint32_t pairs = fake_snapshot_object(m->s, m->shapes.list, 56 + 8 * FAKE_PAIRS);
	uint32_t open = fake_snapshot_object(m->s, m->shapes.list, 56 + 8 * FAKE_SETS);
	const uint32_t lists[2] = {pairs, open};
	const uint32_t numbers[3] = {
		fake_snapshot_value(m->s, WEIGH_VALUE_INTEGER, 4, "4"),
		fake_snapshot_value(m->s, WEIGH_VALUE_INTEGER, 4, "5"),
		fake_snapshot_value(m->s, WEIGH_VALUE_INTEGER, 4, "6"),
	};
	static const char *const keys[2] = {"'pairs'", "'open'"};

	fake_snapshot_refer(m->s, module, names);
	for (int i = 0; i < 2; i++) {
		uint32_t value = fake_snapshot_value(m->s, WEIGH_VALUE_TEXT, 7, keys[i]);
		fake_snapshot_refer(m->s, names, make_text(m, value, FAKE_NONE));
		fake_snapshot_refer(m->s, names, lists[i]);
	}
	for (int i = 0; i < FAKE_PAIRS; i++) {
		uint32_t pair = fake_snapshot_object(m->s, m->shapes.tuple, FAKE_TUPLE);
		uint32_t number = fake_snapshot_object(m->s, m->shapes.number, 32);
		fake_snapshot_at(m->s, number)->value = numbers[i % 3];
		fake_snapshot_refer(m->s, pair, number);
		fake_snapshot_refer(m->s, pair, m->daytypes[i % 3]);
		fake_snapshot_refer(m->s, pairs, pair);
	}
	for (int i = 0; i < FAKE_SETS; i++)
		fake_snapshot_refer(m->s, open, fake_snapshot_object(m->s, m->shapes.set, FAKE_SET));
	fake_snapshot_label(m->s, module, "__main__");
	fake_snapshot_root(m->s, WEIGH_ROOT_MODULES, "__main__", module);
}

/* One of each kind, on objects of which nobody asks for one. */
static void make_facts(struct maker *m)
{
	uint32_t text = fake_snapshot_text(m->s, "Blue line");
	uint64_t cache[] = {WEIGH_FACT_CACHE, 300, 20, 129};
	uint64_t numbers[] = {WEIGH_FACT_NUMBERS, 9000, 8999, WEIGH_VALUE_INTEGER, 9, 0, text, text};
	uint64_t texts[] = {WEIGH_FACT_TEXTS, 2, 1, text, 2, text, text};

	fake_snapshot_fact(m->s, m->heap->frame, cache, sizeof(cache) / sizeof(*cache));
	fake_snapshot_fact(m->s, m->heap->rows, numbers, sizeof(numbers) / sizeof(*numbers));
	fake_snapshot_fact(m->s, m->heap->first_row, texts, sizeof(texts) / sizeof(*texts));
}

void fake_heap_init(struct fake_heap *heap, bool sampled)
{
	struct maker m = {.heap = heap, .s = fake_snapshot_create()};

	*heap = (struct fake_heap){.snapshot = m.s};
	m.s->header.when = WEIGH_SNAPSHOT_PEAK;
	m.s->header.mode = sampled ? 1 : 2;
	m.s->header.recording_ns = 1000000000;
	m.s->header.taken_ns = 2250000000;
	m.s->header.taken_unix_ns = 1700000000000000000;
	m.s->header.rss = 12 << 20;
	m.s->header.anonymous = 7 << 20;
	make_types(&m);
	make_shapes(&m);
	make_values(&m);
	make_sites(&m);
	m.none = fake_snapshot_object(m.s, m.shapes.none, 0);
	heap->frame = fake_snapshot_object(m.s, m.shapes.frame, 0);
	fake_snapshot_label(m.s, heap->frame, "main (/home/ada/bus/bus.py:21)");
	make_rows(&m, sampled);
	make_module(&m);
	make_facts(&m);
	fake_snapshot_root(m.s, WEIGH_ROOT_FRAME, "MainThread", heap->frame);
}

void fake_heap_deinit(struct fake_heap *heap)
{
	fake_snapshot_destroy(heap->snapshot);
}
