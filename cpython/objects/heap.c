/*
 * Finding out about places and blocks. With the GIL; takes no memory of the
 * program's but for the blocks of the probe.
 */
#ifndef Py_BUILD_CORE
#define Py_BUILD_CORE 1
#endif
#include "cpython/objects/heap.h"

#include "base/pages.h"

#include <Python.h>

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	PAGE = 4096,
	RANGES_BYTES = 1 << 16,
	RANGES_MAX = RANGES_BYTES / sizeof(struct weigh_range),
	ABSENT_FROM = 1 << 16, /* what is smaller is not asked about */
	ENTRIES = 4096,        /* of the page map at a time */
};

/* Set by the probe. */
static bool small_blocks_in_pools;
static bool chunks_have_heads;

static bool mapped(uintptr_t page)
{
	unsigned char answer;
	int kept = errno;
	bool there = mincore((void *)page, PAGE, &answer) == 0;
	errno = kept;
	return there;
}

static bool is_pool(uintptr_t address)
{
	uintptr_t pool = address & ~(uintptr_t)(WEIGH_POOL_BYTES - 1);
	if (address - pool >= PAGE && !mapped(pool))
		return false;
	return weigh_pool_is_sound((const struct weigh_pool *)pool);
}

/* A block of a debugging allocator lies off the pool's grid. */
static bool in_pool(size_t bytes)
{
	uintptr_t block = (uintptr_t)PyObject_Malloc(bytes);
	if (!block)
		return false;
	uint64_t size = (bytes + 15) & ~(uint64_t)15;
	uintptr_t offset = block % WEIGH_POOL_BYTES - WEIGH_POOL_FIRST;
	bool found = offset % size == 0 && is_pool(block) && weigh_pool_footprint(block) == size;
	PyObject_Free((void *)block);
	return found;
}

/* Whether blocks have the head of a chunk of malloc's before them. */
static bool have_heads(void *take(size_t), void give(void *), size_t smallest)
{
	for (size_t bytes = smallest; bytes < 16 * smallest; bytes += 5 * smallest / 2) {
		uintptr_t *block = take(bytes);
		uintptr_t chunk = block ? block[-1] & ~(uintptr_t)7 : 0;
		uintptr_t least = (bytes + 8 + 15) & ~(uintptr_t)15;
		give(block);
		if (chunk != least && chunk != least + 16)
			return false;
	}
	return true;
}

/* Of a debugging allocator neither is found, and sizes are arithmetic. */
void weigh_heap_probe(void)
{
	small_blocks_in_pools = in_pool(48) && in_pool(200) && in_pool(512);
	chunks_have_heads = have_heads(PyObject_Malloc, PyObject_Free, small_blocks_in_pools ? 1000 : 24);
}

static int add_ranges(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct weigh_heap *heap = arg;
	(void)size;
	for (int i = 0; i < info->dlpi_phnum && heap->range_count < RANGES_MAX; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		if (part->p_type != PT_LOAD || !(part->p_flags & PF_R) || (part->p_flags & PF_X))
			continue;
		struct weigh_range *range = &heap->ranges[heap->range_count++];
		range->first = info->dlpi_addr + part->p_vaddr;
		range->end = range->first + part->p_memsz;
	}
	return 0;
}

static void sort(struct weigh_range *ranges, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct weigh_range moved = ranges[i];
		size_t place = i;
		for (; place > 0 && ranges[place - 1].first > moved.first; place--)
			ranges[place] = ranges[place - 1];
		ranges[place] = moved;
	}
}

bool weigh_heap_init(struct weigh_heap *heap)
{
	*heap = (struct weigh_heap){.pagemap = -1};
	if (!weigh_marks_init(&heap->seen))
		return false;
	heap->ranges = weigh_pages_take(RANGES_BYTES);
	if (!heap->ranges)
		return false;
	dl_iterate_phdr(add_ranges, heap);
	sort(heap->ranges, heap->range_count);
	return true;
}

void weigh_heap_deinit(struct weigh_heap *heap)
{
	weigh_marks_deinit(&heap->seen);
	weigh_heap_forget(heap);
	weigh_pages_give(heap->ranges, RANGES_BYTES);
	if (heap->pagemap >= 0)
		close(heap->pagemap);
	*heap = (struct weigh_heap){.pagemap = -1};
}

bool weigh_heap_claim(struct weigh_heap *heap, uintptr_t address)
{
	if (!heap->data.root && !weigh_marks_init(&heap->data))
		return true;
	struct weigh_marks_leaf *leaf = weigh_marks_leaf(&heap->data, address);
	return !leaf || weigh_marks_add(leaf, address);
}

void weigh_heap_forget(struct weigh_heap *heap)
{
	if (heap->data.root)
		weigh_marks_deinit(&heap->data);
}

/* The first range that ends above an address; NULL when none does. */
static const struct weigh_range *range_above(const struct weigh_heap *heap, uintptr_t address)
{
	size_t low = 0;
	size_t high = heap->range_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (heap->ranges[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low < heap->range_count ? &heap->ranges[low] : NULL;
}

static enum weigh_place classify(const struct weigh_heap *heap, uintptr_t address)
{
	uintptr_t first = address & ~(uintptr_t)(WEIGH_POOL_BYTES - 1);
	const struct weigh_range *range = range_above(heap, first);
	if (range && range->first < first + WEIGH_POOL_BYTES)
		return WEIGH_PLACE_MIXED;
	return small_blocks_in_pools && is_pool(address) ? WEIGH_PLACE_POOL : WEIGH_PLACE_OTHER;
}

enum weigh_place weigh_heap_look(struct weigh_heap *heap, struct weigh_marks_leaf *leaf, uintptr_t address)
{
	uint8_t *tag = weigh_marks_tag(leaf, address);
	if (*tag == WEIGH_PLACE_UNKNOWN)
		*tag = classify(heap, address);
	if (*tag != WEIGH_PLACE_MIXED)
		return *tag;
	const struct weigh_range *range = range_above(heap, address);
	return range && range->first <= address ? WEIGH_PLACE_STATIC : WEIGH_PLACE_OTHER;
}

uint64_t weigh_heap_rounded(uint64_t requested)
{
	if (requested && requested <= WEIGH_POOL_SMALL_MAX)
		return (requested + 15) & ~(uint64_t)15;
	uint64_t chunk = (requested + 8 + 15) & ~(uint64_t)15;
	return chunk < 32 ? 32 : chunk;
}

/*
 * malloc looks beyond the end of a chunk, so it is asked only about what looks
 * like one: the word before a block is the chunk's size, with three flags, and
 * no chunk is two pages larger than what was asked for. At the start of a page
 * that word may not be there. Another malloc than the system's has no such
 * word.
 */
uint64_t weigh_heap_native(uintptr_t block, uint64_t requested)
{
	if (!chunks_have_heads || block % 16 || (block % PAGE == 0 && !mapped(block - PAGE)))
		return weigh_heap_rounded(requested);
	uint64_t chunk = ((const uint64_t *)block)[-1] & ~(uint64_t)7;
	if (chunk < requested + 8 || chunk > requested + 2 * PAGE)
		return weigh_heap_rounded(requested);
	return malloc_usable_size((void *)block) + 8;
}

uint64_t weigh_heap_absent(struct weigh_heap *heap, uintptr_t first, uintptr_t end)
{
	uint64_t entries[ENTRIES];
	uint64_t page = (first + PAGE - 1) / PAGE;
	uint64_t last = end / PAGE;
	uint64_t absent = 0;
	if (end < first + ABSENT_FROM)
		return 0;
	if (heap->pagemap < 0)
		heap->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	while (heap->pagemap >= 0 && page < last) {
		size_t wanted = last - page < ENTRIES ? last - page : ENTRIES;
		ssize_t got = pread(heap->pagemap, entries, wanted * 8, (off_t)(page * 8));
		if (got < 8)
			break;
		for (ssize_t i = 0; i < got / 8; i++)
			absent += !(entries[i] >> 62); /* neither in memory nor swapped out */
		page += (uint64_t)got / 8;
	}
	return absent * PAGE;
}
