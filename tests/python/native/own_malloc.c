/*
 * A library with an allocator of its own under the usual names, which it uses
 * itself when it is opened so that its own definitions come first.
 */
#include <stddef.h>
#include <string.h>

static char heap[1 << 20] __attribute__((aligned(16)));
static size_t used;
static int freed;

void *malloc(size_t bytes)
{
	void *block = heap + used;
	used += (bytes + 15) & ~(size_t)15;
	return block;
}

void free(void *block)
{
	if ((char *)block >= heap && (char *)block < heap + sizeof(heap))
		freed++;
}

static void *early;

__attribute__((constructor)) static void begin(void)
{
	early = malloc(100);
}

/* 1 when what was allocated came from here and was given back here. */
int own_works(void)
{
	char *block = malloc(50);
	int mine = block >= heap && block < heap + sizeof(heap);
	memset(block, 1, 50);
	free(block);
	free(early);
	return mine && freed == 2;
}
