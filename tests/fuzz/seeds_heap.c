/*
 * Writes the snapshots that fuzzing starts from into a folder: seeds_heap FOLDER
 */
#include "tests/unit/fake_heap.h"
#include "tests/unit/fake_packed.h"

#include <stdio.h>
#include <stdlib.h>

static void write_seed(const char *folder, const char *name, const struct fake_snapshot *fake)
{
	char path[4096];
	size_t size, length;
	uint8_t *snapshot = fake_snapshot_build(fake, &size), *plain = fake_plain_unpack(snapshot, &length);

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	if (!file || fwrite(plain, 1, length, file) != length || fclose(file))
		abort();
	free(plain);
	free(snapshot);
}

/* Every kind of reference in few bytes, for the fuzzer to begin with. */
static struct fake_snapshot *small(void)
{
	struct fake_snapshot *fake = fake_snapshot_create();
	uint32_t heap = fake_snapshot_type(fake, "bus", "Trip", WEIGH_SNAPSHOT_PLAIN, WEIGH_TYPE_HEAP);
	uint32_t dict = fake_snapshot_type(fake, "builtins", "dict", WEIGH_SNAPSHOT_DICT, 0);
	uint32_t module = fake_snapshot_type(fake, "builtins", "module", WEIGH_SNAPSHOT_MODULE, 0);
	uint32_t frame = fake_snapshot_type(fake, "builtins", "frame", WEIGH_SNAPSHOT_FRAME, 0);

	for (uint32_t tail = WEIGH_TAIL_NONE; tail <= WEIGH_TAIL_MEMBERS; tail++)
		fake_snapshot_shape(fake, heap, WEIGH_SHAPE_SIZED, tail);
	fake_snapshot_shape(fake, dict, WEIGH_SHAPE_KEYS | WEIGH_SHAPE_DATA, WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_KEY, "a", 0);
	fake_snapshot_shape(fake, dict, WEIGH_SHAPE_OWN_KEYS | WEIGH_SHAPE_VALUED, WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_KEY, "b", FAKE_NONE);
	fake_snapshot_shape(fake, module, 0, WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_ATTRIBUTE, "__dict__", FAKE_NONE);
	fake_snapshot_shape(fake, frame, 0, WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_LOCAL, "rows", FAKE_NONE);
	for (uint32_t i = 0; i < 24; i++)
		fake_snapshot_object(fake, i % 8, 48);
	for (uint32_t i = 0; i < 24; i++) {
		fake_snapshot_refer(fake, i, (i + 1) % 24);
		fake_snapshot_refer(fake, i, (i * 5 + 2) % 24);
	}
	fake_snapshot_type_object(fake, heap, 3);
	fake_snapshot_root(fake, WEIGH_ROOT_MODULES, "sys.modules", 4);
	fake_snapshot_root(fake, WEIGH_ROOT_FRAME, "MainThread", 7);
	fake_snapshot_label(fake, 6, "bus");
	fake_snapshot_label(fake, 7, "main (bus.py:3)");
	return fake;
}

int main(int argc, char **argv)
{
	struct fake_heap heap;

	if (argc != 2)
		return 2;
	struct fake_snapshot *fake = small();
	write_seed(argv[1], "small.heap", fake);
	fake_snapshot_destroy(fake);
	for (int sampled = 0; sampled < 2; sampled++) {
		fake_heap_init(&heap, sampled);
		write_seed(argv[1], sampled ? "sampled.heap" : "exact.heap", heap.snapshot);
		fake_heap_deinit(&heap);
	}
	return 0;
}
