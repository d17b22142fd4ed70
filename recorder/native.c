/*
 * Native blocks: counting them and the two ways in. Any thread, inside an
 * event, except weigh_event_end, which makes one.
 */
#include "recorder/native.h"

#include "recorder/large.h"

#include <malloc.h>

uint64_t weigh_native_footprint(uintptr_t address)
{
	return malloc_usable_size((void *)address) + sizeof(size_t);
}

uint64_t weigh_opaque_footprint(uint64_t bytes)
{
	uint64_t chunk = (bytes + sizeof(size_t) + 15) & ~(uint64_t)15;
	return chunk < 32 ? 32 : chunk;
}

void weigh_native_count(int64_t live, int64_t blocks, int64_t allocated, int64_t blocks_allocated)
{
	struct weigh_counters *counters = &weigh_recorder.header->counters;
	struct weigh_thread *thread = weigh_self;
	if (weigh_alone() || !thread || thread->gone) {
		weigh_recorder.small_room = -1;
		weigh_shared_add(&counters->other_live, live);
		weigh_shared_add(&counters->other_blocks_live, blocks);
		weigh_shared_add(&counters->other_allocated, allocated);
		weigh_shared_add(&counters->other_blocks_allocated, blocks_allocated);
		return;
	}
	thread->pending_live += live;
	thread->pending_blocks += blocks;
	thread->pending_allocated += allocated;
	thread->pending_blocks_allocated += blocks_allocated;
	if (thread->pending_live >= WEIGH_PENDING || thread->pending_live <= -WEIGH_PENDING)
		weigh_thread_flush(thread);
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
	bool retract = why == WEIGH_REMOVE_RETRACT;
	weigh_large_forget(address, footprint);
	weigh_native_count(-(int64_t)footprint, -1, retract ? -(int64_t)footprint : 0, retract ? -1 : 0);
}

void weigh_native_count_back(uintptr_t address, uint64_t footprint)
{
	weigh_native_count((int64_t)footprint, 1, 0, 0);
	weigh_large_note(address, footprint, WEIGH_LARGE_BLOCK);
}

void weigh_event_native(struct weigh_thread *thread, void *block, size_t bytes, enum weigh_domain domain)
{
	uint64_t footprint = weigh_native_footprint((uintptr_t)block);
	thread->allocations++;
	thread->countdown -= (int64_t)(bytes ? bytes : 1);
	weigh_native_count((int64_t)footprint, 1, (int64_t)footprint, 1);
	weigh_large_note((uintptr_t)block, footprint, WEIGH_LARGE_BLOCK);
	if (thread->countdown < 0) {
		weigh_event_sampled(thread, block, bytes, footprint, domain, WEIGH_KIND_NATIVE);
	} else if (weigh_unlikely(!weigh_native_mark((uintptr_t)block))) {
		weigh_recorder_lose(WEIGH_LOSS_MEMORY, bytes);
		weigh_native_count(-(int64_t)footprint, -1, -(int64_t)footprint, -1);
	}
}

void weigh_event_opaque(struct weigh_thread *thread, void *block, size_t bytes, enum weigh_domain domain)
{
	uint64_t footprint = weigh_opaque_footprint(bytes);
	thread->allocations++;
	weigh_native_count((int64_t)footprint, 1, (int64_t)footprint, 1);
	weigh_event_sampled(thread, block, bytes, footprint, domain, WEIGH_KIND_OPAQUE);
}

static void end_stray(uintptr_t address)
{
	struct weigh_taken taken;
	if (weigh_stray_enter())
		weigh_event_remove(address, WEIGH_REMOVE_FREE, &taken);
	weigh_stray_leave();
}

void weigh_event_end(uintptr_t address)
{
	struct weigh_taken taken;
	struct weigh_thread *thread = weigh_self;
	if (!thread || thread->gone) {
		end_stray(address);
	} else if (thread->depth) {
		weigh_event_remove(address, WEIGH_REMOVE_FREE, &taken);
	} else if ((thread = weigh_event_enter())) {
		weigh_event_remove(address, WEIGH_REMOVE_FREE, &taken);
		weigh_event_leave(thread);
	}
}
