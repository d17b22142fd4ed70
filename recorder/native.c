/*
 * Native blocks: counting them and the two ways in. Any thread, inside an
 * event.
 */
#define _GNU_SOURCE
#include "recorder/native.h"

#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <stdlib.h>

bool weigh_native_chunks;

uint64_t weigh_native_ask(uintptr_t address)
{
	return malloc_usable_size((void *)address) + sizeof(size_t);
}

static const void *home_of(void *library, const char *function)
{
	Dl_info found;
	void *address = library ? dlsym(library, function) : NULL;
	return address && dladdr(address, &found) ? found.dli_fbase : NULL;
}

/* Whether the executable brings a malloc of its own; one that it takes from a library has an address there too. */
static bool executable_defines_malloc(void *executable, const struct link_map *map)
{
	Dl_info found, own;
	const Elf64_Sym *symbol = NULL;
	void *address = dlsym(executable, "malloc");
	return address && dladdr1(address, &found, (void **)&symbol, RTLD_DL_SYMENT) &&
	       dladdr(map->l_ld, &own) && found.dli_fbase == own.dli_fbase && symbol &&
	       symbol->st_shndx != SHN_UNDEF;
}

/*
 * Whether malloc is libc's own: only then may the word before a block be read
 * at all. So it is when no library loaded before libc finds another. The
 * address of malloc must not be taken here: that would bind our calls of it to
 * the executable's entry for it, which leads back to our hook.
 */
static bool is_libc_malloc(void)
{
	void *executable = dlopen(NULL, RTLD_LAZY);
	const void *libc = home_of(dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD), "gnu_get_libc_version");
	struct link_map *library = NULL;
	if (!executable || !libc || dlinfo(executable, RTLD_DI_LINKMAP, &library) ||
	    executable_defines_malloc(executable, library))
		return false;
	for (library = library->l_next; library; library = library->l_next) {
		void *handle = dlopen(library->l_name, RTLD_LAZY | RTLD_NOLOAD);
		const void *home = home_of(handle, "malloc");
		if (home && (home != libc || home_of(handle, "malloc_usable_size") != libc))
			return false;
		if (library->l_addr == (uintptr_t)libc)
			return true;
	}
	return false;
}

/* Reads the word before a block and frees it. */
static bool agrees(void *block)
{
	bool same = block && weigh_native_footprint((uintptr_t)block) == weigh_native_ask((uintptr_t)block);
	free(block);
	return same;
}

/*
 * Small chunks, and ones with mappings of their own: those above the size from
 * which freeing one no longer moves malloc's threshold for such mappings.
 */
void weigh_native_learn(void)
{
	enum { SMALL = 16 << 10, MAPPED = 33 << 20 };
	static bool learned;
	if (learned)
		return;
	learned = true;
	bool same = weigh_native_chunks = is_libc_malloc();
	for (size_t bytes = 1; same && bytes <= SMALL; bytes += bytes / 2 + 7)
		same = agrees(malloc(bytes)) && agrees(memalign(4096, bytes));
	weigh_native_chunks = same && agrees(malloc(MAPPED)) && agrees(memalign(4096, MAPPED));
}

uint64_t weigh_opaque_footprint(uint64_t bytes)
{
	uint64_t chunk = (bytes + sizeof(size_t) + 15) & ~(uint64_t)15;
	return chunk < 32 ? 32 : chunk;
}

/* Where the thread may count by itself. */
static struct weigh_pending *pending_counts(struct weigh_thread *thread)
{
	return weigh_alone() || !thread || thread->gone ? NULL : &thread->pending;
}

static void flush_if_due(struct weigh_thread *thread)
{
	int64_t live = weigh_pending_live(thread);
	if (live >= WEIGH_PENDING || live <= -WEIGH_PENDING)
		weigh_thread_flush(thread);
}

void weigh_native_count_allocated(int64_t footprint, int64_t blocks)
{
	struct weigh_counters *counters = &weigh_recorder.header->counters;
	struct weigh_pending *pending = pending_counts(weigh_self);
	weigh_profile_note_allocated(footprint);
	if (!pending) {
		weigh_recorder.small_room = -1;
		weigh_shared_add(&counters->other_live, footprint);
		weigh_shared_add(&counters->other_blocks_live, blocks);
		weigh_shared_add(&counters->other_allocated, footprint);
		weigh_shared_add(&counters->other_blocks_allocated, blocks);
		return;
	}
	pending->allocated += footprint;
	pending->blocks_allocated += blocks;
	flush_if_due(weigh_self);
}

void weigh_native_count_freed(int64_t footprint, int64_t blocks)
{
	struct weigh_counters *counters = &weigh_recorder.header->counters;
	struct weigh_pending *pending = pending_counts(weigh_self);
	weigh_profile_note_freed(footprint);
	if (!pending) {
		weigh_shared_add(&counters->other_live, -footprint);
		weigh_shared_add(&counters->other_blocks_live, -blocks);
		return;
	}
	pending->freed += footprint;
	pending->blocks_freed += blocks;
	flush_if_due(weigh_self);
}

bool weigh_native_mark(uintptr_t address)
{
	struct weigh_granule *granule = weigh_granule_make(address);
	if (!granule)
		return false;
	weigh_state_set(granule, address, WEIGH_BLOCK_NATIVE, true);
	return true;
}

void weigh_native_count_out(uintptr_t address, uint64_t footprint, enum weigh_removal why)
{
	weigh_large_forget(address, footprint);
	if (why == WEIGH_REMOVE_RETRACT)
		weigh_native_count_allocated(-(int64_t)footprint, -1);
	else
		weigh_native_count_freed((int64_t)footprint, 1);
}

void weigh_native_count_back(uintptr_t address, uint64_t footprint)
{
	weigh_native_count_freed(-(int64_t)footprint, -1);
	weigh_large_note(address, footprint, WEIGH_LARGE_BLOCK);
}

void weigh_event_native(struct weigh_thread *thread, void *block, size_t bytes, enum weigh_domain domain)
{
	if (weigh_native_chunks && weigh_native_born(thread, (uintptr_t)block, bytes))
		return;
	uint64_t footprint = weigh_native_footprint((uintptr_t)block);
	thread->allocations++;
	thread->countdown -= (int64_t)(bytes + !bytes);
	weigh_native_count_allocated((int64_t)footprint, 1);
	weigh_large_note((uintptr_t)block, footprint, WEIGH_LARGE_BLOCK);
	if (thread->countdown < 0) {
		weigh_event_sampled(thread, block, bytes, footprint, domain, WEIGH_KIND_NATIVE);
	} else if (!weigh_native_mark((uintptr_t)block)) {
		weigh_recorder_lose(WEIGH_LOSS_MEMORY, bytes);
		weigh_native_count_allocated(-(int64_t)footprint, -1);
	}
}

void weigh_native_end(struct weigh_thread *thread, uintptr_t address)
{
	struct weigh_taken taken;
	weigh_event_remove(address, WEIGH_REMOVE_FREE, &taken);
	weigh_thread_look_at_peak(thread);
}

void weigh_event_opaque(struct weigh_thread *thread, void *block, size_t bytes, enum weigh_domain domain)
{
	uint64_t footprint = weigh_opaque_footprint(bytes);
	thread->allocations++;
	weigh_native_count_allocated((int64_t)footprint, 1);
	weigh_event_sampled(thread, block, bytes, footprint, domain, WEIGH_KIND_OPAQUE);
}
