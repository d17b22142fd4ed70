/*
 * How long opening, dominators and holders take on a heap of five million
 * objects, and how much memory, without a program to snapshot:
 *
 *     build/unit/tests/unit/bench_heap [MILLIONS]
 *
 * The heap is made once by a child, so that its memory does not count.
 */
#include "fake_capture.h"
#include "fake_snapshot.h"
#include "heap/holders.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TRIPS_PER_MILLION = 300000, DICTS_PER_MILLION = 60000, LISTS_PER_MILLION = 40000, LIST = 20 };

static uint32_t shape(struct fake_snapshot *fake, const char *name, enum weigh_snapshot_form form,
		      uint64_t type_flags, uint64_t flags, enum weigh_snapshot_tail tail)
{
	return fake_snapshot_shape(fake, fake_snapshot_type(fake, "builtins", name, form, type_flags), flags,
				   tail);
}

/* Instances with strings of their own, dicts of some of these, lists of any instances. */
static void make(const char *path, uint32_t millions)
{
	enum { TYPE = 0, ROWS = 1, KEY = 2 };
	struct fake_snapshot *fake = fake_snapshot_create();
	uint32_t type = shape(fake, "type", WEIGH_SNAPSHOT_TYPE, 0, 0, WEIGH_TAIL_NONE);
	uint32_t list = shape(fake, "list", WEIGH_SNAPSHOT_LIST, 0, WEIGH_SHAPE_SIZED, WEIGH_TAIL_ITEMS);
	uint32_t str = shape(fake, "str", WEIGH_SNAPSHOT_STR, 0, WEIGH_SHAPE_VALUED, WEIGH_TAIL_NONE);
	uint32_t trip =
		shape(fake, "Trip", WEIGH_SNAPSHOT_PLAIN, WEIGH_TYPE_HEAP, WEIGH_SHAPE_DATA, WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_ATTRIBUTE, "route", FAKE_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_ATTRIBUTE, "date", FAKE_NONE);
	uint32_t dict = shape(fake, "dict", WEIGH_SNAPSHOT_DICT, 0, WEIGH_SHAPE_KEYS | WEIGH_SHAPE_SIZED,
			      WEIGH_TAIL_NONE);
	for (uint32_t i = 0; i < 4; i++)
		fake_snapshot_slot(fake, WEIGH_SLOT_KEY, "key", KEY + i);
	fake_snapshot_object(fake, type, 1064);
	fake_snapshot_type_object(fake, 3, TYPE);
	fake_snapshot_object(fake, list, 12000000);
	for (uint32_t i = 0; i < 4; i++)
		fake_snapshot_object(fake, str, 52);
	uint32_t trips = TRIPS_PER_MILLION * millions, first = (uint32_t)fake->objects.count;
	for (uint32_t i = 0; i < trips; i++) {
		uint32_t object = fake_snapshot_object(fake, trip, 48);
		fake_snapshot_refer(fake, ROWS, object);
		fake_snapshot_refer(fake, object, fake_snapshot_object(fake, str, 56));
		fake_snapshot_refer(fake, object, fake_snapshot_object(fake, str, 60));
	}
	for (uint32_t i = 0; i < DICTS_PER_MILLION * millions; i++) {
		uint32_t object = fake_snapshot_object(fake, dict, 184);
		fake_snapshot_refer(fake, ROWS, object);
		for (uint32_t k = 0; k < 4; k++)
			fake_snapshot_refer(fake, object, first + (uint32_t)random() % (trips * 3));
	}
	for (uint32_t i = 0; i < LISTS_PER_MILLION * millions; i++) {
		uint32_t object = fake_snapshot_object(fake, list, 88 + LIST * 8);
		fake_snapshot_refer(fake, ROWS, object);
		for (uint32_t k = 0; k < LIST; k++)
			fake_snapshot_refer(fake, object, first + (uint32_t)random() % trips * 3);
	}
	fake_snapshot_root(fake, WEIGH_ROOT_INTERPRETER, "builtins", ROWS);
	size_t size;
	uint8_t *bytes = fake_snapshot_build(fake, &size);
	fake_write(path, bytes, size);
	printf("%zu objects, %zu references, %.1f MB on disk\n", fake->objects.count, fake->references.count,
	       (double)size / 1e6);
	free(bytes);
	fake_snapshot_destroy(fake);
}

/* Of the processor: other programs do not count. */
static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void tell(struct weigh_error *error, const char *what, double *since)
{
	struct rusage usage;
	double now = seconds();

	if (error) {
		fprintf(stderr, "%s\n", error->message);
		abort();
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("%-12s %6.3f s, at most %ld MB so far\n", what, now - *since, usage.ru_maxrss / 1024);
	*since = seconds();
}

static void read_heap(const char *path)
{
	struct weigh_heap_graph *graph;
	struct weigh_heap_dominators *dominators;
	struct weigh_heap_below *below;
	struct weigh_heap_places *places;
	struct weigh_heap_holders *holders;
	double begin = seconds(), since = begin;

	tell(weigh_heap_graph_open(path, 0, &graph), "open", &since);
	tell(weigh_heap_dominators_create(graph, &dominators), "dominators", &since);
	printf("%-12s %6.3f s\n", "both", since - begin);
	tell(weigh_heap_below_create(graph, dominators, &below), "below", &since);
	tell(weigh_heap_places_create(graph, &places), "places", &since);
	tell(weigh_heap_holders_create(graph, dominators, below, places, &holders), "holders", &since);
	weigh_heap_holders_destroy(holders);
	weigh_heap_places_destroy(places);
	weigh_heap_below_destroy(below);
	weigh_heap_dominators_destroy(dominators);
	weigh_heap_graph_close(graph);
}

int main(int argc, char **argv)
{
	char *folder = fake_folder(), *path;

	if (asprintf(&path, "%s/bench.heap", folder) < 0)
		return 1;
	fflush(stdout);
	pid_t child = fork();
	if (!child) {
		make(path, argc > 1 ? (uint32_t)atoi(argv[1]) : 5);
		exit(0);
	}
	waitpid(child, NULL, 0);
	read_heap(path);
	free(path);
	fake_remove(folder);
	return 0;
}
