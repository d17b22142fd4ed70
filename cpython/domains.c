/*
 * PyMem hooks. The object and mem domains are called with the GIL, the raw
 * domain with or without it. A hook enters an event, forwards, and records;
 * the record of a free precedes the free.
 */
#include "cpython/domains.h"

#include "cpython/walk.h"
#include "recorder/events.h"
#include "recorder/exact.h"

#include <string.h>
#include <unistd.h>

enum { DOMAINS = 3 };

/* What is below the hooks; written before they are in place. */
static PyMemAllocatorEx below[DOMAINS];
static PyObjectArenaAllocator arenas_below;
static bool opaque;
static bool plain; /* the small-object allocator itself is below, with nothing between */
static bool malloc_records; /* what the raw domain below asks of malloc passes through malloc's hook */
static bool reached[DOMAINS]; /* a call has passed through the hook */

/* `fresh`: the block was not reallocated, so it lies in the smallest place that its bytes fit. */
static inline __attribute__((always_inline)) void record(struct weigh_thread *thread, void *block,
							 size_t bytes, bool fresh, enum weigh_domain domain)
{
	if (weigh_unlikely(opaque))
		weigh_event_opaque(thread, block, bytes, domain);
	else if (domain == WEIGH_DOMAIN_RAW || weigh_unlikely(bytes - 1 >= WEIGH_POOL_SMALL_MAX) ||
		 weigh_unlikely(weigh_event_is_native(thread, block)))
		weigh_event_native(thread, block, bytes, domain);
	else
		weigh_event_small(thread, block, bytes,
				  fresh ? weigh_pool_rounded(bytes) : weigh_pool_footprint((uintptr_t)block),
				  domain);
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

/*
 * The calling thread's record when a request of this domain is one that ends
 * in malloc, whose hook can then record it in the domain's name; else NULL, and
 * it is an event of its own.
 */
static inline struct weigh_thread *hand_on(size_t bytes, enum weigh_domain domain)
{
	struct weigh_thread *thread = weigh_self;
	bool large = bytes > WEIGH_POOL_SMALL_MAX || (domain == WEIGH_DOMAIN_RAW && bytes);
	return large && malloc_records && weigh_gate_knows_pools() && thread && !thread->depth ? thread
											       : NULL;
}

/* The outermost domain that a request passes gives it its name. */
static inline uint32_t name_request(struct weigh_thread *thread, enum weigh_domain domain)
{
	uint32_t outer = thread->request;
	if (!outer)
		thread->request = domain + 1u;
	return outer;
}

static __attribute__((noinline)) void *do_malloc(void *ctx, size_t bytes, enum weigh_domain domain)
{
	if (domain != WEIGH_DOMAIN_RAW && weigh_event_small_passes_watched(bytes))
		return below[domain].malloc(ctx, bytes);
	struct weigh_thread *thread = hand_on(bytes, domain);
	if (thread) {
		uint32_t outer = name_request(thread, domain);
		void *block = below[domain].malloc(ctx, bytes);
		thread->request = outer;
		return block;
	}
	thread = weigh_event_enter();
	return leave(thread, below[domain].malloc(ctx, bytes), bytes, domain);
}

static __attribute__((noinline)) void *do_calloc(void *ctx, size_t count, size_t size,
						 enum weigh_domain domain)
{
	if (domain != WEIGH_DOMAIN_RAW && weigh_event_small_passes_watched(count * size))
		return below[domain].calloc(ctx, count, size);
	struct weigh_thread *thread = hand_on(count * size, domain);
	if (thread) {
		uint32_t outer = name_request(thread, domain);
		void *block = below[domain].calloc(ctx, count, size);
		thread->request = outer;
		return block;
	}
	thread = weigh_event_enter();
	return leave(thread, below[domain].calloc(ctx, count, size), count * size, domain);
}

/* Whether the end of a block, or its move to another of malloc's, is for malloc's hook to record. */
static inline bool is_for_malloc(const void *block, enum weigh_domain domain)
{
	return malloc_records && weigh_gate_knows_pools() &&
	       (domain == WEIGH_DOMAIN_RAW || weigh_event_is_native_counted(block));
}

static __attribute__((noinline)) void *do_realloc(void *ctx, void *block, size_t bytes,
						  enum weigh_domain domain)
{
	const PyMemAllocatorEx *real = &below[domain];
	struct weigh_thread *thread = hand_on(bytes, domain);
	struct weigh_taken taken;
	if (thread && (!block || is_for_malloc(block, domain))) {
		uint32_t outer = name_request(thread, domain);
		void *moved = real->realloc(ctx, block, bytes);
		thread->request = outer;
		return moved;
	}
	thread = weigh_event_enter();
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

static __attribute__((noinline)) void do_free(void *ctx, void *block, enum weigh_domain domain)
{
	if (domain != WEIGH_DOMAIN_RAW && weigh_event_small_free_passes_watched(block)) {
		below[domain].free(ctx, block);
		return;
	}
	if (block && !is_for_malloc(block, domain))
		weigh_event_free(block);
	below[domain].free(ctx, block);
}

static void *raw_malloc(void *ctx, size_t bytes)
{
	return do_malloc(ctx, bytes, WEIGH_DOMAIN_RAW);
}

static void *raw_calloc(void *ctx, size_t count, size_t size)
{
	return do_calloc(ctx, count, size, WEIGH_DOMAIN_RAW);
}

static void *raw_realloc(void *ctx, void *block, size_t bytes)
{
	return do_realloc(ctx, block, bytes, WEIGH_DOMAIN_RAW);
}

static void raw_free(void *ctx, void *block)
{
	do_free(ctx, block, WEIGH_DOMAIN_RAW);
}

/* The thread's record with an event begun, when a request is for a small block of exact mode. */
static inline struct weigh_thread *enter_exact(size_t bytes)
{
	bool small = bytes - 1 < WEIGH_POOL_SMALL_MAX;
	return weigh_recorder.exact && weigh_likely(small) && weigh_likely(!opaque) ? weigh_event_enter_soon()
										    : NULL;
}

static inline __attribute__((always_inline)) void *leave_exact(struct weigh_thread *thread, void *block,
							       size_t bytes, enum weigh_domain domain)
{
	if (weigh_unlikely(!block || thread->natives) ||
	    weigh_unlikely(!weigh_exact_born(thread, (uintptr_t)block, bytes, domain)))
		return leave(thread, block, bytes, domain);
	weigh_event_leave(thread);
	return block;
}

/* Requests that do not pass, in exact mode all of them. */
static inline __attribute__((always_inline)) void *slow_malloc(void *ctx, size_t bytes,
							       enum weigh_domain domain)
{
	struct weigh_thread *thread = enter_exact(bytes);
	if (weigh_unlikely(!thread))
		return do_malloc(ctx, bytes, domain);
	thread->natives = 0;
	return leave_exact(thread, below[domain].malloc(ctx, bytes), bytes, domain);
}

static inline __attribute__((always_inline)) void *slow_calloc(void *ctx, size_t count, size_t size,
							       enum weigh_domain domain)
{
	struct weigh_thread *thread = enter_exact(count * size);
	if (weigh_unlikely(!thread))
		return do_calloc(ctx, count, size, domain);
	thread->natives = 0;
	return leave_exact(thread, below[domain].calloc(ctx, count, size), count * size, domain);
}

/* The end of a block that is more than a plain one, with the event begun. */
static __attribute__((noinline)) void free_inside(void *ctx, void *block, enum weigh_domain domain,
						  struct weigh_thread *thread)
{
	bool done = weigh_exact_end(thread, (uintptr_t)block);
	weigh_event_leave(thread);
	if (done)
		below[domain].free(ctx, block);
	else
		do_free(ctx, block, domain);
}

static inline __attribute__((always_inline)) void slow_free(void *ctx, void *block, enum weigh_domain domain)
{
	struct weigh_thread *thread = weigh_recorder.exact ? weigh_event_enter_soon() : NULL;
	if (weigh_unlikely(!thread)) {
		do_free(ctx, block, domain);
		return;
	}
	bool done = weigh_exact_end_plain(thread, (uintptr_t)block);
	if (weigh_unlikely(!done)) {
		free_inside(ctx, block, domain, thread);
		return;
	}
	weigh_event_leave(thread);
	below[domain].free(ctx, block);
}

/* A small block that is reallocated: what it occupied is read while it is there. */
static inline __attribute__((always_inline)) void *small_realloc(void *ctx, void *block, size_t bytes,
								 enum weigh_domain domain)
{
	uint64_t before = weigh_pool_footprint((uintptr_t)block);
	void *moved = below[domain].realloc(ctx, block, bytes);
	if (weigh_likely(moved))
		weigh_event_small_moved(before, moved, bytes);
	return moved;
}

/*
 * The domains of the small-object allocator: most requests pass without an
 * event. What does not is out of line, so that one that passes costs no more
 * than a jump.
 */
#define SMALL_HOOKS(name, domain)                                                                       \
	static __attribute__((noinline)) void *name##_slow_malloc(void *ctx, size_t bytes)              \
	{                                                                                               \
		return slow_malloc(ctx, bytes, domain);                                                 \
	}                                                                                               \
	static __attribute__((noinline)) void *name##_slow_calloc(void *ctx, size_t count, size_t size) \
	{                                                                                               \
		return slow_calloc(ctx, count, size, domain);                                           \
	}                                                                                               \
	static __attribute__((noinline)) void name##_slow_free(void *ctx, void *block)                  \
	{                                                                                               \
		slow_free(ctx, block, domain);                                                          \
	}                                                                                               \
	static void *name##_malloc(void *ctx, size_t bytes)                                             \
	{                                                                                               \
		if (weigh_likely(weigh_event_small_passes(bytes)))                                      \
			return below[domain].malloc(ctx, bytes);                                        \
		return name##_slow_malloc(ctx, bytes);                                                  \
	}                                                                                               \
	static void *name##_calloc(void *ctx, size_t count, size_t size)                                \
	{                                                                                               \
		if (weigh_likely(weigh_event_small_passes(count * size)))                               \
			return below[domain].calloc(ctx, count, size);                                  \
		return name##_slow_calloc(ctx, count, size);                                            \
	}                                                                                               \
	static void *name##_realloc(void *ctx, void *block, size_t bytes)                               \
	{                                                                                               \
		if (weigh_likely(weigh_event_small_realloc_passes(block, bytes)))                       \
			return small_realloc(ctx, block, bytes, domain);                                \
		return do_realloc(ctx, block, bytes, domain);                                           \
	}                                                                                               \
	static void name##_free(void *ctx, void *block)                                                 \
	{                                                                                               \
		if (weigh_likely(weigh_event_small_free_passes(block)))                                 \
			below[domain].free(ctx, block);                                                 \
		else                                                                                    \
			name##_slow_free(ctx, block);                                                   \
	}

SMALL_HOOKS(mem, WEIGH_DOMAIN_MEM)
SMALL_HOOKS(object, WEIGH_DOMAIN_OBJECT)

/* An arena's size tells it from the chunks of the interpreter's frame stack, which are blocks as they are. */
enum { ARENA_BYTES = WEIGH_POOL_ARENA };

/*
 * Called for a request that passed as well, so its mapping is kept from being
 * recorded here. Without an arena the small-object allocator turns to malloc,
 * and one of which we have no map holds unknown pools: from then on requests
 * do not pass.
 */
static void *small_arena(void *ctx)
{
	struct weigh_thread *thread = weigh_event_enter();
	void *arena = arenas_below.alloc(ctx, ARENA_BYTES);
	if (weigh_gate.on && arena)
		weigh_shared_add(&weigh_recorder.header->counters.arenas, ARENA_BYTES);
	if (weigh_gate_knows_pools() && (!arena || !weigh_pools_add((uintptr_t)arena)))
		weigh_gate.on = WEIGH_GATE_OPEN;
	if (thread)
		weigh_event_leave(thread);
	return arena;
}

static void *arena_alloc(void *ctx, size_t bytes)
{
	return bytes == ARENA_BYTES ? small_arena(ctx) : arenas_below.alloc(ctx, bytes);
}

static void arena_free(void *ctx, void *arena, size_t bytes)
{
	if (bytes == ARENA_BYTES && weigh_gate.on && weigh_recorder.header->counters.arenas >= bytes)
		weigh_shared_add(&weigh_recorder.header->counters.arenas, -(int64_t)bytes);
	if (bytes == ARENA_BYTES && weigh_gate.on)
		weigh_pools_remove((uintptr_t)arena);
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

static bool pymalloc_is_below(void)
{
	const char *name = _PyMem_GetCurrentAllocatorName();
	return name && strcmp(name, "pymalloc") == 0;
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
	plain = pymalloc_is_below();
	opaque = !plain_malloc && !(in_pool(48) && in_pool(200) && in_pool(512));
	for (int i = 0; i < DOMAINS; i++) {
		PyMemAllocatorEx found = below[i];
		put_in_front(i, &found);
	}
	PyObjectArenaAllocator arenas = {arenas_below.ctx, arena_alloc, arena_free};
	PyObject_SetArenaAllocator(&arenas);
}

/* Inside an event, so that the hooks let the probes pass; while requests pass, nothing was there before us. */
void weigh_domains_restore(void)
{
	if (weigh_gate_knows_pools())
		return;
	struct weigh_thread *thread = weigh_event_enter();
	for (int i = 0; i < DOMAINS; i++) {
		PyMemAllocatorEx found;
		PyMem_GetAllocator(names[i], &found);
		reached[i] = false;
		found.free(found.ctx, found.malloc(found.ctx, 1));
		if (reached[i])
			continue;
		plain = plain && pymalloc_is_below();
		put_in_front(i, &found);
	}
	if (thread)
		weigh_event_leave(thread);
}

/* Inside an event a hook only notes what malloc returned: whether this block came through it. */
static bool raw_reaches_malloc(void)
{
	const PyMemAllocatorEx *raw = &below[WEIGH_DOMAIN_RAW];
	struct weigh_thread *thread = weigh_event_enter();
	if (!thread)
		return false;
	void *block = raw->malloc(raw->ctx, WEIGH_POOL_SMALL_MAX + 1);
	bool reaches = block && weigh_event_is_native(thread, block);
	raw->free(raw->ctx, block);
	weigh_event_leave(thread);
	return reaches;
}

/* Not when an allocator of another tool has come between since: the hooks were put in front of it anew. */
void weigh_domains_survey(void)
{
	PyObject *ask = plain ? PySys_GetObject("getallocatedblocks") : NULL;
	PyObject *answer = ask ? PyObject_CallNoArgs(ask) : NULL;
	if (answer) {
		long long blocks = PyLong_AsLongLong(answer);
		Py_DECREF(answer);
		malloc_records = raw_reaches_malloc();
		if (blocks > 0)
			weigh_recorder_survey((uint64_t)blocks);
	}
	PyErr_Clear();
}

bool weigh_domains_opaque(void)
{
	return opaque;
}
