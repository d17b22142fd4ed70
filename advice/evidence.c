/*
 * What rules look at: see advice/evidence.h.
 *
 * One thread; allocates with malloc.
 */
#include "advice/evidence.h"

#include <stdlib.h>

static struct weigh_error *look_at_graph(struct weigh_evidence *e)
{
	struct weigh_error *error = weigh_heap_lines_create(e->graph, &e->lines);

	e->dominators = calloc(1, sizeof(struct weigh_heap_dominators *));
	if (!error && !e->dominators)
		error = weigh_error_create_memory();
	if (!error)
		error = weigh_heap_places_create(e->graph, &e->places);
	if (!error)
		error = weigh_heap_equal_create(e->graph, &e->equal);
	if (!error)
		error = weigh_records_init(&e->records, e->graph, e->equal, e->lines, e->places);
	if (!error)
		error = weigh_pandas_init(&e->pandas, e->graph);
	return error;
}

static double gross_of(const struct weigh_heap_graph *graph)
{
	double sum = 0;

	for (uint32_t i = 0; i < graph->object_count; i++)
		sum += (double)weigh_heap_gross(graph, i);
	return sum;
}

static void find_totals(struct weigh_evidence *e)
{
	if (e->capture) {
		const struct weigh_counters *counters = &e->capture->header->counters;
		e->python = e->capture->header->python;
		e->peak = (double)weigh_capture_peak(e->capture).footprint;
		e->end = (double)(counters->small_allocated - counters->small_freed) +
			 (double)counters->other_live;
	}
	e->quantity = e->graph && e->graph->header.when != WEIGH_SNAPSHOT_PEAK ? WEIGH_QUANTITY_END
									       : WEIGH_QUANTITY_PEAK;
	if (!e->graph)
		return;
	e->python = e->graph->header.python;
	double live = (double)e->graph->header.live;
	if (live <= 0)
		live = gross_of(e->graph);
	e->seen = live;
	if (e->quantity == WEIGH_QUANTITY_PEAK)
		e->peak = e->peak > live ? e->peak : live;
	else
		e->end = live;
}

struct weigh_error *weigh_evidence_init(struct weigh_evidence *e, const struct weigh_capture *capture,
					const struct weigh_heap_graph *graph)
{
	struct weigh_error *error = NULL;

	*e = (struct weigh_evidence){.capture = capture, .graph = graph};
	if (capture)
		error = weigh_names_create(capture, &e->names);
	if (!error && graph)
		error = look_at_graph(e);
	if (error) {
		weigh_evidence_deinit(e);
		return error;
	}
	find_totals(e);
	return NULL;
}

void weigh_evidence_deinit(struct weigh_evidence *e)
{
	weigh_names_destroy(e->names);
	weigh_heap_lines_destroy(e->lines);
	weigh_heap_places_destroy(e->places);
	weigh_heap_equal_destroy(e->equal);
	weigh_records_deinit(&e->records);
	weigh_pandas_deinit(&e->pandas);
	if (e->dominators)
		weigh_heap_dominators_destroy(*e->dominators);
	free(e->dominators);
	*e = (struct weigh_evidence){0};
}

struct weigh_error *weigh_evidence_dominators(const struct weigh_evidence *e,
					      const struct weigh_heap_dominators **dominators)
{
	struct weigh_error *error =
		*e->dominators ? NULL : weigh_heap_dominators_create(e->graph, e->dominators);

	if (!error)
		*dominators = *e->dominators;
	return error;
}
