/*
 * Pages from the kernel. Any thread; the only place where the recorder's own
 * memory comes from.
 */
#define _GNU_SOURCE
#include "base/pages.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static size_t held;
static uint64_t fail_from;
static uint64_t calls;

void *weigh_pages_take(size_t bytes)
{
	if (fail_from && __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) >= fail_from)
		return NULL;
	int kept = errno; /* the program's: a hook must not change it */
	void *pages =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	errno = kept;
	if (pages == MAP_FAILED)
		return NULL;
	__atomic_fetch_add(&held, bytes, __ATOMIC_RELAXED);
	return pages;
}

void weigh_pages_give(void *pages, size_t bytes)
{
	if (!pages)
		return;
	munmap(pages, bytes);
	__atomic_fetch_sub(&held, bytes, __ATOMIC_RELAXED);
}

bool weigh_pages_extend(void *array, size_t count, size_t *room, size_t size)
{
	enum { FIRST = 256 };
	void **elements = array;
	if (count < *room)
		return true;
	size_t more = *room ? *room * 2 : FIRST;
	void *larger = weigh_pages_take(more * size);
	if (!larger)
		return false;
	if (*elements)
		memcpy(larger, *elements, count * size);
	weigh_pages_give(*elements, *room * size);
	*elements = larger;
	*room = more;
	return true;
}

size_t weigh_pages_held(void)
{
	return __atomic_load_n(&held, __ATOMIC_RELAXED);
}

void weigh_pages_fail_from(uint64_t n)
{
	calls = 0;
	fail_from = n;
}
