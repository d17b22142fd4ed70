/*
 * What `weigh heap` prints, letter by letter, of the heap in fake_heap.h: see
 * golden.h.
 */
#include "cli/verbs.h"
#include "fake_capture.h"
#include "fake_heap.h"
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const struct golden goldens[] = {
	{"heap", "exact.heap", "80", "C.UTF-8", {0}},
	{"heap-ascii", "exact.heap", "60", "C", {0}},
	{"heap-sampled", "sampled.heap", "100", "C.UTF-8", {"--limit", "4"}},
	{"heap-holders", "exact.heap", "100", "C.UTF-8", {"--holders", "all"}},
	{"heap-holders-type", "exact.heap", "100", "C.UTF-8", {"--holders", "str", "--limit", "4"}},
	{"heap-holders-line", "exact.heap", "70", "C.UTF-8", {"--holders", "bus.py:9"}},
	{"heap-json", "exact.heap", "", "C.UTF-8", {"--json", "--limit", "3"}},
	{"heap-types", "exact.heap", "100", "C.UTF-8", {"--types"}},
	{"heap-types-narrow", "exact.heap", "46", "C.UTF-8", {"--types", "--limit", "3"}},
	{"heap-duplicates", "exact.heap", "100", "C.UTF-8", {"--duplicates"}},
	{"heap-duplicates-ascii", "exact.heap", "80", "C", {"--duplicates", "--filter", "route"}},
	{"heap-containers", "exact.heap", "100", "C.UTF-8", {"--containers"}},
	{"heap-fields", "exact.heap", "100", "C.UTF-8", {"--fields"}},
	{"heap-sites", "exact.heap", "100", "C.UTF-8", {"--sites"}},
	{"heap-sites-sampled", "sampled.heap", "100", "C.UTF-8", {"--sites"}},
	{"heap-paths", "exact.heap", "100", "C.UTF-8", {"--paths", "str", "--limit", "6"}},
	{"heap-paths-narrow", "exact.heap", "60", "C", {"--paths", "bus.py:9", "--limit", "4"}},
	{"heap-paths-one", "exact.heap", "80", "C.UTF-8", {"--paths", "0x7f00000010c0"}},
	{"heap-retained", "exact.heap", "100", "C.UTF-8", {"--retained"}},
	{"heap-suspects", "exact.heap", "80", "C.UTF-8", {"--suspects"}},
	{"heap-modules", "exact.heap", "80", "C.UTF-8", {"--module"}},
	{"heap-module", "exact.heap", "80", "C.UTF-8", {"--module=__main__"}},
	{"heap-diff", "exact.heap", "100", "C.UTF-8", {"later.heap", "--diff"}},
	{"heap-diff-other", "sampled.heap", "90", "C", {"other.heap", "--diff", "-n", "2"}},
	{"heap-file", "exact.heap", "", "C.UTF-8", {"--types", "--fields", "--filter", "Trip"}},
	{"heap-json-fields", "exact.heap", "", "C.UTF-8", {"--json", "--fields"}},
	{"heap-json-paths", "exact.heap", "", "C.UTF-8", {"--json", "--paths", "Trip", "-n", "1"}},
	{"heap-json-suspects",
	 "exact.heap",
	 "",
	 "C.UTF-8",
	 {"--json", "--suspects", "--retained", "-n", "1"}},
	{"heap-json-diff", "sampled.heap", "", "C.UTF-8", {"other.heap", "--diff", "--json", "-n", "1"}},
	{"heap-json-sites", "sampled.heap", "", "C.UTF-8", {"--json", "--sites", "--limit", "2"}},
	{"heap-json-containers",
	 "exact.heap",
	 "",
	 "C.UTF-8",
	 {"--json", "--containers", "--duplicates", "--limit", "1"}},
};

static void write_snapshot(const char *name, bool sampled)
{
	struct fake_heap heap;
	size_t size;

	fake_heap_init(&heap, sampled);
	uint8_t *bytes = fake_snapshot_build(heap.snapshot, &size);
	fake_write(name, bytes, size);
	free(bytes);
	fake_heap_deinit(&heap);
}

/* The same program later: LATER lists more in its rows, or the same heap in another process. */
static void write_later(const char *name, bool sampled, uint32_t pid, uint32_t later)
{
	struct fake_heap heap;
	size_t size;

	fake_heap_init(&heap, sampled);
	uint32_t list = fake_snapshot_shape(heap.snapshot, heap.list, WEIGH_SHAPE_SIZED, WEIGH_TAIL_ITEMS);
	for (uint32_t i = 0; i < later; i++) {
		uint32_t object = fake_snapshot_object(heap.snapshot, list, 56);
		fake_snapshot_at(heap.snapshot, object)->site = heap.trip_site;
		fake_snapshot_refer(heap.snapshot, heap.rows, object);
	}
	heap.snapshot->header.pid += pid;
	uint8_t *bytes = fake_snapshot_build(heap.snapshot, &size);
	fake_write(name, bytes, size);
	free(bytes);
	fake_heap_deinit(&heap);
}

static int set_up(void **state)
{
	(void)state;
	golden_enter();
	write_snapshot("exact.heap", false);
	write_snapshot("sampled.heap", true);
	write_later("later.heap", false, 0, 200);
	write_later("other.heap", true, 99, 300);
	return 0;
}

int main(void)
{
	return golden_group(goldens, sizeof(goldens) / sizeof(goldens[0]), &weigh_verb_heap, set_up);
}
