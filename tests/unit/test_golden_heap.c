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
	{"heap-types", "exact.heap", "100", "C.UTF-8", {"--types"}},
	{"heap-types-narrow", "exact.heap", "46", "C.UTF-8", {"--types", "--limit", "3"}},
	{"heap-duplicates", "exact.heap", "100", "C.UTF-8", {"--duplicates"}},
	{"heap-duplicates-ascii", "exact.heap", "80", "C", {"--duplicates", "--filter", "route"}},
	{"heap-containers", "exact.heap", "100", "C.UTF-8", {"--containers"}},
	{"heap-fields", "exact.heap", "100", "C.UTF-8", {"--fields"}},
	{"heap-sites", "exact.heap", "100", "C.UTF-8", {"--sites"}},
	{"heap-sites-sampled", "sampled.heap", "100", "C.UTF-8", {"--sites"}},
	{"heap-file", "exact.heap", "", "C.UTF-8", {"--types", "--fields", "--filter", "Trip"}},
	{"heap-json-fields", "exact.heap", "", "C.UTF-8", {"--json", "--fields"}},
	{"heap-json-sites", "sampled.heap", "", "C.UTF-8", {"--json", "--sites", "--limit", "2"}},
	{"heap-json-containers",
	 "exact.heap",
	 "",
	 "C.UTF-8",
	 {"--json", "--containers", "--duplicates", "--limit", "1"}},
};

static char *folder;

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

static int set_up(void **state)
{
	(void)state;
	folder = fake_folder();
	assert_int_equal(chdir(folder), 0);
	write_snapshot("exact.heap", false);
	write_snapshot("sampled.heap", true);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(chdir("/"), 0);
	fake_remove(folder);
	return 0;
}

static void test_golden(void **state)
{
	golden_run(*state, &weigh_verb_heap, folder);
}

int main(void)
{
	enum { COUNT = sizeof(goldens) / sizeof(goldens[0]) };
	struct CMUnitTest tests[COUNT];

	for (int i = 0; i < COUNT; i++)
		tests[i] = (struct CMUnitTest){.name = goldens[i].name,
					       .test_func = test_golden,
					       .initial_state = (void *)&goldens[i]};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
