/*
 * Our functions in place of malloc and its family, mmap and its family, and
 * the two calls by which extensions report arrays. They run on any thread,
 * with the GIL or without, and forward to the real functions.
 */
#define _GNU_SOURCE
#include "interpose/natives.h"

#include "interpose/patch.h"
#include "recorder/large.h"
#include "recorder/mappings.h"
#include "recorder/native.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Ends an event, or tells the outer one what malloc returned. Not inline: the tail of calls that are rare. */
__attribute__((noinline)) static void *leave(struct weigh_thread *thread, void *block, size_t bytes)
{
	if (!thread)
		return weigh_event_note_native(block);
	if (block)
		weigh_event_native(thread, block, bytes, weigh_event_native_domain(thread));
	weigh_event_leave(thread);
	return block;
}

static void *our_malloc(size_t bytes)
{
	struct weigh_thread *thread = weigh_event_enter();
	return leave(thread, malloc(bytes), bytes);
}

static void *our_calloc(size_t count, size_t size)
{
	struct weigh_thread *thread = weigh_event_enter();
	return leave(thread, calloc(count, size), count * size);
}

static void our_free(void *block)
{
	if (block)
		weigh_event_end((uintptr_t)block);
	free(block);
}

/*
 * The same three for libc's own malloc, whose chunks can be read and which
 * never calls a hook: events begin after it. What is not done in a few
 * instructions is a jump away, so that those save no registers.
 */

__attribute__((noinline)) static void *enter_and_leave(void *block, size_t bytes)
{
	return leave(weigh_event_enter(), block, bytes);
}

static inline void *record_soon(void *block, size_t bytes)
{
	struct weigh_thread *thread = weigh_event_enter_soon();
	if (weigh_unlikely(!thread))
		return enter_and_leave(block, bytes);
	if (weigh_unlikely(!block || !weigh_native_born(thread, (uintptr_t)block, bytes)))
		return leave(thread, block, bytes);
	weigh_event_leave(thread);
	return block;
}

static void *our_libc_malloc(size_t bytes)
{
	return record_soon(malloc(bytes), bytes);
}

static void *our_libc_calloc(size_t count, size_t size)
{
	return record_soon(calloc(count, size), count * size);
}

__attribute__((noinline)) static void end_and_free(void *block)
{
	weigh_event_end((uintptr_t)block);
	free(block);
}

__attribute__((noinline)) static void free_slowly(struct weigh_thread *thread, void *block)
{
	weigh_native_end(thread, (uintptr_t)block);
	weigh_event_leave(thread);
	free(block);
}

static void our_libc_free(void *block)
{
	if (weigh_unlikely(!block))
		return;
	struct weigh_thread *thread = weigh_event_enter_soon();
	if (weigh_unlikely(!thread)) {
		end_and_free(block);
		return;
	}
	if (weigh_unlikely(!weigh_native_gone(thread, (uintptr_t)block))) {
		free_slowly(thread, block);
		return;
	}
	weigh_event_leave(thread);
	free(block);
}

static void *our_realloc(void *block, size_t bytes)
{
	struct weigh_thread *thread = weigh_event_enter();
	struct weigh_taken taken;
	if (!thread)
		return weigh_event_note_native(realloc(block, bytes));
	weigh_event_remove((uintptr_t)block, bytes ? WEIGH_REMOVE_REALLOC : WEIGH_REMOVE_FREE, &taken);
	void *moved = realloc(block, bytes);
	if (moved)
		weigh_event_native(thread, moved, bytes, weigh_event_native_domain(thread));
	else if (bytes)
		weigh_event_put_back(&taken);
	weigh_event_leave(thread);
	return moved;
}

static void *our_reallocarray(void *block, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return our_realloc(block, bytes);
}

static void *our_memalign(size_t alignment, size_t bytes)
{
	struct weigh_thread *thread = weigh_event_enter();
	return leave(thread, memalign(alignment, bytes), bytes);
}

static void *our_aligned_alloc(size_t alignment, size_t bytes)
{
	struct weigh_thread *thread = weigh_event_enter();
	return leave(thread, aligned_alloc(alignment, bytes), bytes);
}

static int our_posix_memalign(void **block, size_t alignment, size_t bytes)
{
	struct weigh_thread *thread = weigh_event_enter();
	int result = posix_memalign(block, alignment, bytes);
	leave(thread, result == 0 ? *block : NULL, bytes);
	return result;
}

static void *our_valloc(size_t bytes)
{
	struct weigh_thread *thread = weigh_event_enter();
	return leave(thread, valloc(bytes), bytes);
}

static void *our_pvalloc(size_t bytes)
{
	struct weigh_thread *thread = weigh_event_enter();
	return leave(thread, pvalloc(bytes), bytes);
}

static void *our_mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	struct weigh_thread *thread = weigh_event_enter();
	void *start = mmap(address, bytes, protection, flags, fd, offset);
	if (!thread)
		return start;
	if (start != MAP_FAILED) {
		if (weigh_mapping_counts(protection, flags))
			weigh_mapping_add(thread, (uintptr_t)start, bytes);
		else if (flags & MAP_FIXED)
			weigh_mapping_cut((uintptr_t)start, bytes);
		else if (flags & MAP_ANONYMOUS)
			weigh_large_note((uintptr_t)start, bytes, WEIGH_LARGE_RESERVATION);
	}
	weigh_event_leave(thread);
	return start;
}

static int our_munmap(void *start, size_t bytes)
{
	struct weigh_thread *thread = weigh_event_enter();
	if (!thread)
		return munmap(start, bytes);
	if (((uintptr_t)start & 4095) == 0) {
		weigh_mapping_cut((uintptr_t)start, bytes);
		weigh_large_forget((uintptr_t)start, bytes);
	}
	int result = munmap(start, bytes);
	weigh_event_leave(thread);
	return result;
}

/* The old range is cut only when the call has succeeded: nobody else can be handed it meanwhile but by a race. */
static void *our_mremap(void *start, size_t old_bytes, size_t bytes, int flags, ...)
{
	struct weigh_thread *thread = weigh_event_enter();
	va_list arguments;
	va_start(arguments, flags);
	void *wanted = flags & MREMAP_FIXED ? va_arg(arguments, void *) : NULL;
	va_end(arguments);
	bool known = thread && weigh_mapping_known((uintptr_t)start);
	void *moved = mremap(start, old_bytes, bytes, flags, wanted);
	if (!thread)
		return moved;
	if (moved != MAP_FAILED && known) {
		weigh_mapping_cut((uintptr_t)start, old_bytes);
		weigh_mapping_add(thread, (uintptr_t)moved, bytes);
	}
	weigh_event_leave(thread);
	return moved;
}

typedef int track_function(unsigned int, uintptr_t, size_t);
typedef int untrack_function(unsigned int, uintptr_t);

static struct weigh_native *native(const char *name)
{
	struct weigh_native *entry = weigh_natives;
	while (strcmp(entry->name, name) != 0)
		entry++;
	return entry;
}

static track_function *real_track;
static untrack_function *real_untrack;

static int our_track(unsigned int domain, uintptr_t block, size_t bytes)
{
	struct weigh_thread *thread = weigh_event_enter();
	if (thread) {
		if (block % 16 == 0)
			weigh_event_track(thread, block, bytes);
		else
			weigh_recorder_lose(WEIGH_LOSS_ADDRESS, bytes);
		weigh_event_leave(thread);
	}
	return real_track(domain, block, bytes);
}

static int our_untrack(unsigned int domain, uintptr_t block)
{
	if (block && block % 16 == 0)
		weigh_event_free((void *)block);
	return real_untrack(domain, block);
}

/*
 * dlopen and dlsym look at their caller to find what it may see, so ours must
 * not stand between: they note what has to be noted and jump.
 *
 * What the assembly names must not be static: when all is compiled as one, a
 * static name in another part of it becomes a different name.
 */
#define NAMED_IN_ASSEMBLY __attribute__((used, visibility("hidden")))

NAMED_IN_ASSEMBLY void *weigh_real_dlopen;
NAMED_IN_ASSEMBLY void *weigh_real_dlsym;
NAMED_IN_ASSEMBLY void weigh_note_opened(void);
NAMED_IN_ASSEMBLY void weigh_patch_opened(void);
static __thread int opened __attribute__((tls_model("initial-exec")));

/* A library may have been opened on this thread: called outside dlopen, so the loader is free. */
void weigh_note_opened(void)
{
	opened = 1;
}

void weigh_patch_opened(void)
{
	if (opened) {
		opened = 0;
		weigh_patch_all();
	}
}

/* Saves the argument registers around a call of `note`, then jumps to `real`. */
#define JUMPING(name, note, real)                                                                      \
	__attribute__((naked, used)) static void name(void)                                            \
	{                                                                                              \
		__asm__("push %rdi\n\tpush %rsi\n\tpush %rdx\n\tpush %rcx\n\tpush %r8\n\tpush %r9\n\t" \
			"sub $8, %rsp\n\tcall " #note "\n\tadd $8, %rsp\n\t"                           \
			"pop %r9\n\tpop %r8\n\tpop %rcx\n\tpop %rdx\n\tpop %rsi\n\tpop %rdi\n\t"       \
			"jmp *" #real "(%rip)");                                                       \
	}

JUMPING(our_dlopen, weigh_note_opened, weigh_real_dlopen)
JUMPING(our_dlsym, weigh_patch_opened, weigh_real_dlsym)

struct weigh_native weigh_natives[] = {
	{.name = "malloc", .ours = our_malloc},
	{.name = "calloc", .ours = our_calloc},
	{.name = "realloc", .ours = our_realloc},
	{.name = "reallocarray", .ours = our_reallocarray},
	{.name = "free", .ours = our_free},
	{.name = "cfree", .ours = our_free},
	{.name = "memalign", .ours = our_memalign},
	{.name = "aligned_alloc", .ours = our_aligned_alloc},
	{.name = "posix_memalign", .ours = our_posix_memalign},
	{.name = "valloc", .ours = our_valloc},
	{.name = "pvalloc", .ours = our_pvalloc},
	{.name = "mmap", .ours = our_mmap},
	{.name = "mmap64", .ours = our_mmap},
	{.name = "munmap", .ours = our_munmap},
	{.name = "mremap", .ours = our_mremap},
	{.name = "PyTraceMalloc_Track", .ours = our_track},
	{.name = "PyTraceMalloc_Untrack", .ours = our_untrack},
	{.name = "dlopen", .ours = our_dlopen},
	{.name = "dlsym", .ours = our_dlsym},
	{.name = NULL},
};

void weigh_natives_init(void)
{
	weigh_native_learn();
	if (weigh_native_chunks) {
		native("malloc")->ours = our_libc_malloc;
		native("calloc")->ours = our_libc_calloc;
		native("free")->ours = our_libc_free;
		native("cfree")->ours = our_libc_free;
	}
	for (struct weigh_native *entry = weigh_natives; entry->name; entry++)
		entry->real = dlsym(RTLD_DEFAULT, entry->name);
	real_track = (track_function *)native("PyTraceMalloc_Track")->real;
	real_untrack = (untrack_function *)native("PyTraceMalloc_Untrack")->real;
	weigh_real_dlopen = native("dlopen")->real;
	weigh_real_dlsym = native("dlsym")->real;
}
