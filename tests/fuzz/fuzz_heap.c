/*
 * A libFuzzer target: bytes as a snapshot of the heap, opened, reported in
 * every form, and asked for advice.
 *
 *     tests/fuzz/run [SECONDS]
 *
 * What the fuzzer changes are streams that are not compressed yet (struct
 * fake_plain); here they are compressed and sealed, which would keep it out of
 * all that lies behind.
 */
#include "advice/advise.h"
#include "heap/holders.h"
#include "heap/outline.h"
#include "report/heap.h"
#include "tests/unit/fake_packed.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void give_up(struct weigh_error *error)
{
	if (error)
		abort();
}

static void hold(const struct weigh_heap_graph *graph)
{
	struct weigh_heap_dominators *dominators;
	struct weigh_heap_below *below;
	struct weigh_heap_places *places;
	struct weigh_heap_holders *holders;
	struct weigh_outline outline;
	char name[WEIGH_HEAP_NAME];

	give_up(weigh_heap_dominators_create(graph, &dominators));
	give_up(weigh_heap_below_create(graph, dominators, &below));
	give_up(weigh_heap_places_create(graph, &places));
	give_up(weigh_heap_holders_create(graph, dominators, below, places, &holders));
	give_up(weigh_outline_init(&outline, holders, 0, 0));
	for (uint32_t i = 0; i < holders->count; i++)
		weigh_holder_name(holders, i, name);
	weigh_outline_deinit(&outline);
	weigh_heap_holders_destroy(holders);
	weigh_heap_places_destroy(places);
	weigh_heap_below_destroy(below);
	weigh_heap_dominators_destroy(dominators);
}

static void report_all(const struct weigh_heap_graph *graph)
{
	static const struct weigh_heap_view *const views[] = {
		&weigh_heap_view_types,   &weigh_heap_view_duplicates, &weigh_heap_view_containers,
		&weigh_heap_view_fields,  &weigh_heap_view_sites,      &weigh_heap_view_retained,
		&weigh_heap_view_modules, &weigh_heap_view_suspects,   &weigh_heap_view_holders,
		&weigh_heap_view_summary,
	};
	const struct weigh_style style = {.width = 100, .unicode = true};
	struct weigh_heap_report report;
	struct weigh_document document;
	FILE *out = fopen("/dev/null", "w");

	give_up(weigh_heap_report_init(&report, graph, NULL, ~0u, &style));
	report.limit = 20;
	give_up(weigh_document_init(&document));
	weigh_heap_title(&report, out);
	weigh_heap_add_title(&report, &document);
	for (size_t i = 0; i < sizeof(views) / sizeof(*views); i++) {
		give_up(views[i]->print(&report, out));
		if (views[i]->add)
			give_up(views[i]->add(&report, &document));
	}
	give_up(weigh_document_print(&document, out));
	weigh_document_deinit(&document);
	weigh_heap_report_deinit(&report);
	fclose(out);
}

static void advise(const struct weigh_heap_graph *graph)
{
	struct weigh_evidence evidence;
	struct weigh_advice *advice;

	give_up(weigh_evidence_init(&evidence, NULL, graph));
	give_up(weigh_advice_create(&evidence, 0, &advice));
	weigh_advice_destroy(advice);
	weigh_evidence_deinit(&evidence);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct weigh_heap_graph *graph;
	size_t packed;
	uint8_t *snapshot = fake_plain_pack(bytes, size, &packed);
	struct weigh_error *error = weigh_heap_graph_read(snapshot, packed, "fuzz.heap", &graph);

	free(snapshot);
	if (error) {
		weigh_error_destroy(error);
		return 0;
	}
	hold(graph);
	report_all(graph);
	advise(graph);
	weigh_heap_graph_close(graph);
	return 0;
}
