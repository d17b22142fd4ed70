/*
 * How full containers are: see heap/containers.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/containers.h"

#include "base/grow.h"
#include "heap/index.h"

#include <stdlib.h>

/* Rows that grow with the keys of their index. */
struct rows {
	struct weigh_heap_index index;
	struct weigh_heap_container *rows;
	uint32_t room;
};

static struct weigh_heap_container *row_of(struct rows *rows, uint32_t type, uint32_t place)
{
	uint32_t before = rows->index.count;
	uint32_t number = weigh_heap_index_put(&rows->index, type, place);

	if (number == WEIGH_NO_OBJECT || !weigh_grow(&rows->rows, &rows->room, number, sizeof(*rows->rows)))
		return NULL;
	if (number == before)
		rows->rows[number] = (struct weigh_heap_container){.type = type, .place = place};
	return &rows->rows[number];
}

/*
 * Bytes behind the room without items. What an object occupies beyond its
 * instance without items is shared out evenly over the room: of a table of
 * hashes so much for each entry it can take.
 */
static uint64_t slack_of(const struct weigh_heap_graph *graph, uint32_t object, uint64_t gross)
{
	const struct weigh_heap_type *type = weigh_heap_type(graph, object);
	uint64_t fixed = type->basic + (type->flags & WEIGH_TYPE_COLLECTED ? 16 : 0);
	uint32_t room = graph->room[object], length = graph->length[object];

	if (room <= length || gross <= fixed)
		return 0;
	return (uint64_t)((double)(gross - fixed) * (room - length) / room);
}

static struct weigh_heap_container measure(const struct weigh_heap_graph *graph, uint32_t object)
{
	uint32_t length = graph->length[object];
	uint64_t gross = weigh_heap_gross(graph, object), slack = slack_of(graph, object, gross);

	return (struct weigh_heap_container){
		.count = 1,
		.gross = gross,
		.empty = length == 0,
		.one = length == 1,
		.few = length > 1 && length <= WEIGH_HEAP_FEW,
		.items = length,
		.room = graph->room[object] > length ? graph->room[object] : length,
		.empty_gross = length ? 0 : gross,
		.slack = slack,
		.waste = length ? slack : gross,
	};
}

static void add(struct weigh_heap_container *to, const struct weigh_heap_container *one)
{
	to->count += one->count;
	to->gross += one->gross;
	to->empty += one->empty;
	to->one += one->one;
	to->few += one->few;
	to->items += one->items;
	to->room += one->room;
	to->empty_gross += one->empty_gross;
	to->slack += one->slack;
	to->waste += one->waste;
}

static struct weigh_error *add_all(struct rows *types, struct rows *places,
				   const struct weigh_heap_graph *graph,
				   const struct weigh_heap_places *where)
{
	for (uint32_t i = 0; i < graph->object_count; i++) {
		const struct weigh_heap_shape *shape = weigh_heap_shape(graph, i);

		if (!(shape->flags & WEIGH_SHAPE_SIZED) || !weigh_heap_gross(graph, i))
			continue;
		struct weigh_heap_container one = measure(graph, i);
		struct weigh_heap_container *row = row_of(types, shape->type, 0);
		if (!row)
			return weigh_error_create_memory();
		add(row, &one);
		row = row_of(places, shape->type, where->of[i]);
		if (!row)
			return weigh_error_create_memory();
		add(row, &one);
	}
	return NULL;
}

static int order(const struct weigh_heap_container *a, const struct weigh_heap_container *b, uint64_t x,
		 uint64_t y)
{
	if (x != y)
		return x < y ? 1 : -1;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return (a->place > b->place) - (a->place < b->place);
}

static int compare_gross(const void *left, const void *right)
{
	const struct weigh_heap_container *a = left, *b = right;

	return order(a, b, a->gross, b->gross);
}

static int compare_waste(const void *left, const void *right)
{
	const struct weigh_heap_container *a = left, *b = right;

	return order(a, b, a->waste, b->waste);
}

struct weigh_error *weigh_heap_containers_init(struct weigh_heap_containers *containers,
					       const struct weigh_heap_graph *graph,
					       const struct weigh_heap_places *where)
{
	struct rows types = {0}, places = {0};
	struct weigh_error *error = weigh_heap_index_init(&types.index);

	if (!error)
		error = weigh_heap_index_init(&places.index);
	if (!error)
		error = add_all(&types, &places, graph, where);
	*containers = (struct weigh_heap_containers){types.rows, types.index.count, places.rows,
						     places.index.count};
	weigh_heap_index_deinit(&types.index);
	weigh_heap_index_deinit(&places.index);
	if (error) {
		weigh_heap_containers_deinit(containers);
		return error;
	}
	if (containers->type_count) {
		qsort(containers->types, containers->type_count, sizeof(*containers->types), compare_gross);
		qsort(containers->places, containers->place_count, sizeof(*containers->places),
		      compare_waste);
	}
	while (containers->place_count && !containers->places[containers->place_count - 1].waste)
		containers->place_count--;
	return NULL;
}

void weigh_heap_containers_deinit(struct weigh_heap_containers *containers)
{
	free(containers->types);
	free(containers->places);
	*containers = (struct weigh_heap_containers){0};
}
