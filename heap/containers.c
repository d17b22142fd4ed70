/*
 * How full containers are: see heap/containers.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/containers.h"

#include "heap/rows.h"

#include <stdlib.h>

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

static bool add(struct weigh_heap_rows *rows, uint32_t type, uint32_t place,
		const struct weigh_heap_container *one)
{
	struct weigh_heap_container *to = weigh_heap_rows_put(rows, type, place);

	if (!to)
		return false;
	to->type = type;
	to->place = place;
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
	return true;
}

static struct weigh_error *add_all(struct weigh_heap_rows *types, struct weigh_heap_rows *places,
				   const struct weigh_heap_graph *graph,
				   const struct weigh_heap_places *where)
{
	for (uint32_t i = 0; i < graph->object_count; i++) {
		const struct weigh_heap_shape *shape = weigh_heap_shape(graph, i);

		if (!(shape->flags & WEIGH_SHAPE_SIZED) || !weigh_heap_gross(graph, i))
			continue;
		struct weigh_heap_container one = measure(graph, i);
		if (!add(types, shape->type, 0, &one) || !add(places, shape->type, where->of[i], &one))
			return weigh_error_create_memory();
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
	struct weigh_heap_rows types, places = {0};
	struct weigh_error *error = weigh_heap_rows_init(&types, sizeof(struct weigh_heap_container));

	if (!error)
		error = weigh_heap_rows_init(&places, sizeof(struct weigh_heap_container));
	if (!error)
		error = add_all(&types, &places, graph, where);
	uint32_t type_count = types.index.count, place_count = places.index.count;
	*containers = (struct weigh_heap_containers){weigh_heap_rows_take(&types), type_count,
						     weigh_heap_rows_take(&places), place_count};
	weigh_heap_rows_deinit(&types);
	weigh_heap_rows_deinit(&places);
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
