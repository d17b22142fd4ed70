/*
 * PyMem hooks. The object and mem domains are called with the GIL, the raw
 * domain with or without it. A hook enters an event, forwards, and records;
 * the record of a free precedes the free.
 */
#include "cpython/domains.h"

#include "cpython/walk.h"
#include "recorder/events.h"

#include <string.h>
#include <unistd.h>

enum {
	DOMAINS = 3,
	SMALL_MAX =
		512, /* bytes that the small-object allocator serves; larger and empty requests go to malloc */
};

/* What is below the hooks; written before they are in place. */
static PyMemAllocatorEx below[DOMAINS];
static PyObjectArenaAllocator arenas_below;
static bool opaque;
static bool reached[DOMAINS]; /* a call has passed through the hook */

/* `fresh`: the block was not reallocated, so it lies in the smallest place that its bytes fit. */
static inline __attribute__((always_inline)) void record(struct weigh_thread *thread, void *block,
							 size_t bytes, bool fresh, enum weigh_domain domain)
{
	const uint64_t rounded = ((uint64_t)bytes + 15) & ~(uint64_t)15;
	if (weigh_unlikely(opaque))
		weigh_event_opaque(thread, block, bytes, domain);
	else if (domain == WEIGH_DOMAIN_RAW || weigh_unlikely(!bytes || bytes > SMALL_MAX) ||
		 weigh_unlikely(weigh_event_is_native(thread, block)))
		weigh_event_native(thread, block, bytes, domain);
	else
		weigh_event_small(thread, block, bytes,
				  fresh ? rounded : weigh_small_footprint((uintptr_t)block), domain);
}

static inline __attribute__((always_inline)) void *leave(struct weigh_thread *thread, void *block,
							 size_t bytes, enum weigh_domain domain)
{
	if (weigh_likely(thread)) {
		if (weigh_likely(block))
			record(thread, block, bytes, true, domain);
		weigh_event_leave(thread);
	} else {
		reached[domain] = true;
		if (domain == WEIGH_DOMAIN_RAW)
			weigh_event_note_native(block);
	}
	return block;
}

static inline __attribute__((always_inline)) void *do_realloc(void *ctx, void *block, size_t bytes,
							      enum weigh_domain domain)
{
	const PyMemAllocatorEx *real = &below[domain];
	struct weigh_thread *thread = weigh_event_enter();
	struct weigh_taken taken;
	if (!thread)
		return leave(NULL, real->realloc(ctx, block, bytes), bytes, domain);
	weigh_event_remove((uintptr_t)block, WEIGH_REMOVE_REALLOC, &taken);
	void *moved = real->realloc(ctx, block, bytes);
	if (moved)
		record(thread, moved, bytes, false, domain);
	else
		weigh_event_put_back(&taken);
	weigh_event_leave(thread);
	return moved;
}

#define HOOKS(name, domain)                                                                         \
	static void *name##_malloc(void *ctx, size_t bytes)                                         \
	{                                                                                           \
		struct weigh_thread *thread = weigh_event_enter();                                  \
		return leave(thread, below[domain].malloc(ctx, bytes), bytes, domain);              \
	}                                                                                           \
	static void *name##_calloc(void *ctx, size_t count, size_t size)                            \
	{                                                                                           \
		struct weigh_thread *thread = weigh_event_enter();                                  \
		return leave(thread, below[domain].calloc(ctx, count, size), count * size, domain); \
	}                                                                                           \
	static void *name##_realloc(void *ctx, void *block, size_t bytes)                           \
	{                                                                                           \
		return do_realloc(ctx, block, bytes, domain);                                       \
	}                                                                                           \
	static void name##_free(void *ctx, void *block)                                             \
	{                                                                                           \
		if (block)                                                                          \
			weigh_event_free(block);                                                    \
		below[domain].free(ctx, block);                                                     \
	}

HOOKS(raw, WEIGH_DOMAIN_RAW)
HOOKS(mem, WEIGH_DOMAIN_MEM)
HOOKS(object, WEIGH_DOMAIN_OBJECT)

/* An arena's size tells it from the chunks of the interpreter's frame stack, which are blocks as they are. */
enum { ARENA_BYTES = 1 << 20 };

static void *arena_alloc(void *ctx, size_t bytes)
{
	void *arena = arenas_below.alloc(ctx, bytes);
	if (arena && bytes == ARENA_BYTES && weigh_gate.on)
		weigh_shared_add(&weigh_recorder.header->counters.arenas, (int64_t)bytes);
	return arena;
}

static void arena_free(void *ctx, void *arena, size_t bytes)
{
	if (bytes == ARENA_BYTES && weigh_gate.on && weigh_recorder.header->counters.arenas >= bytes)
		weigh_shared_add(&weigh_recorder.header->counters.arenas, -(int64_t)bytes);
	if (weigh_self && weigh_self->walk)
		weigh_walk_forget(weigh_self->walk, arena);
	arenas_below.free(ctx, arena, bytes);
}

/* Reads four bytes that may not be mapped: the kernel looks first. */
static bool read_safely(const void *address, uint32_t *value)
{
	int ends[2];
	if (pipe(ends) < 0)
		return false;
	bool done = write(ends[1], address, sizeof(*value)) == sizeof(*value) &&
		    read(ends[0], value, sizeof(*value)) == sizeof(*value);
	close(ends[0]);
	close(ends[1]);
	return done;
}

/* Whether blocks of this size lie in pools whose header holds their size class where we look for it. */
static bool in_pool(size_t bytes)
{
	uint32_t class = UINT32_MAX;
	void *block = below[WEIGH_DOMAIN_OBJECT].malloc(below[WEIGH_DOMAIN_OBJECT].ctx, bytes);
	if (!block)
		return false;
	uintptr_t pool = (uintptr_t)block & ~(uintptr_t)16383;
	bool same = read_safely((const void *)(pool + 36), &class) && class == (bytes - 1) / 16;
	below[WEIGH_DOMAIN_OBJECT].free(below[WEIGH_DOMAIN_OBJECT].ctx, block);
	return same;
}

extern const char *_PyMem_GetCurrentAllocatorName(void);

static const PyMemAllocatorDomain names[DOMAINS] = {PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};

static void put_in_front(int domain, const PyMemAllocatorEx *found)
{
	PyMemAllocatorEx hooks[DOMAINS] = {
		{found->ctx, raw_malloc, raw_calloc, raw_realloc, raw_free},
		{found->ctx, mem_malloc, mem_calloc, mem_realloc, mem_free},
		{found->ctx, object_malloc, object_calloc, object_realloc, object_free},
	};
	below[domain] = *found;
	PyMem_SetAllocator(names[domain], &hooks[domain]);
}

void weigh_domains_install(void)
{
	static bool installed;
	if (installed)
		return;
	installed = true;
	const char *name = _PyMem_GetCurrentAllocatorName();
	for (int i = 0; i < DOMAINS; i++)
		PyMem_GetAllocator(names[i], &below[i]);
	PyObject_GetArenaAllocator(&arenas_below);
	bool plain_malloc = name && strcmp(name, "malloc") == 0;
	opaque = !plain_malloc && !(in_pool(48) && in_pool(200) && in_pool(512));
	for (int i = 0; i < DOMAINS; i++) {
		PyMemAllocatorEx found = below[i];
		put_in_front(i, &found);
	}
	PyObjectArenaAllocator arenas = {arenas_below.ctx, arena_alloc, arena_free};
	PyObject_SetArenaAllocator(&arenas);
}

/* Inside an event, so that the hooks let the probes pass. */
void weigh_domains_restore(void)
{
	struct weigh_thread *thread = weigh_event_enter();
	for (int i = 0; i < DOMAINS; i++) {
		PyMemAllocatorEx found;
		PyMem_GetAllocator(names[i], &found);
		reached[i] = false;
		found.free(found.ctx, found.malloc(found.ctx, 1));
		if (!reached[i])
			put_in_front(i, &found);
	}
	if (thread)
		weigh_event_leave(thread);
}

bool weigh_domains_opaque(void)
{
	return opaque;
}
