/*
 * Threads' records: made at a thread's first event, given back when it ends.
 * Any thread. Records are pages of their own and never unmapped, because a
 * thread that is just ending may still look at its own.
 */
#define _GNU_SOURCE
#include "recorder/thread.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/pages.h"
#include "recorder/profile.h"
#include "recorder/sampler.h"
#include "weigh/format_math.h"

#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__thread struct weigh_thread *weigh_self __attribute__((tls_model("initial-exec")));

static struct weigh_thread *all;
static struct weigh_spin lock; /* guards `idle` */
static pthread_key_t ending;
static uint64_t records;

/* Stands in for the record of a thread that has ended as far as we are concerned, or is ours. */
static struct weigh_thread gone = {.depth = 1, .gone = true};

static uint32_t strays; /* threads inside an event without a record to show it */

bool weigh_stray_enter(void)
{
	__atomic_fetch_add(&strays, 1, __ATOMIC_SEQ_CST);
	return __atomic_load_n(&weigh_gate.on, __ATOMIC_SEQ_CST);
}

void weigh_stray_leave(void)
{
	__atomic_fetch_sub(&strays, 1, __ATOMIC_RELEASE);
}

static void thread_ends(void *record)
{
	struct weigh_thread *thread = record;
	weigh_self = &gone;
	if (weigh_stray_enter())
		weigh_thread_flush(thread);
	weigh_stray_leave();
	if (weigh_spin_take(&lock)) {
		thread->idle = true;
		weigh_spin_give(&lock);
	}
}

void weigh_thread_pass(void)
{
	weigh_self = &gone;
}

bool weigh_threads_init(void)
{
	static bool ready;
	if (!ready)
		ready = pthread_key_create(&ending, thread_ends) == 0;
	return ready;
}

/* Entry 0 of the capture's threads takes all that find no room. */
static uint16_t enter_capture(struct weigh_thread *thread)
{
	struct weigh_section *section = &weigh_recorder.header->sections[WEIGH_SECTION_THREADS];
	uint32_t index = __atomic_fetch_add(&section->used, 1, __ATOMIC_RELAXED);
	if (index >= section->capacity) {
		__atomic_store_n(&section->used, section->capacity, __ATOMIC_RELAXED);
		section->refused++;
		thread->name_at = 0;
		return 0;
	}
	struct weigh_thread_entry *entry = &weigh_recorder.threads[index];
	entry->system_id = (uint64_t)syscall(SYS_gettid);
	entry->started_ns = weigh_clock_now() - weigh_recorder.started_ns;
	if (entry->system_id == (uint64_t)getpid())
		strcpy(entry->name, "MainThread");
	else
		prctl(PR_GET_NAME, entry->name);
	thread->name_at = entry->system_id == (uint64_t)getpid() ? 0 : 1;
	return (uint16_t)index;
}

/* Without room, so that the first fall looks at the peak. */
static void forget_pending(struct weigh_thread *thread)
{
	thread->pending = (struct weigh_pending){.room = INT64_MIN};
}

static void start_record(struct weigh_thread *thread)
{
	thread->allocations = 0;
	forget_pending(thread);
	thread->index = enter_capture(thread);
	thread->random =
		weigh_hash_step(weigh_recorder.started_ns, WEIGH_HASH_ODD * (thread->index + 1u)) | 1;
	weigh_sampler_begin(thread);
}

/* Fresh records are zero already; writing zeros would make all their pages resident. */
static void clear_record(struct weigh_thread *thread)
{
	thread->stack.stamp = 0;
	memset(thread->memos, 0, sizeof(thread->memos));
	memset(thread->walk, 0, weigh_recorder.walker->memory_bytes);
}

static struct weigh_thread *take_idle(void)
{
	struct weigh_thread *found = NULL;
	if (!weigh_spin_take(&lock))
		return NULL;
	for (struct weigh_thread *thread = all; thread && !found; thread = thread->next)
		if (thread->idle)
			found = thread;
	if (found)
		found->idle = false;
	weigh_spin_give(&lock);
	if (found) {
		clear_record(found);
		weigh_profile_abandon(found);
	}
	return found;
}

static struct weigh_thread *new_record(void)
{
	struct weigh_thread *thread = weigh_pages_take(sizeof(*thread) + weigh_recorder.walker->memory_bytes);
	if (!thread)
		return NULL;
	thread->walk = thread + 1;
	__atomic_fetch_add(&records, 1, __ATOMIC_RELAXED);
	struct weigh_thread *head = __atomic_load_n(&all, __ATOMIC_RELAXED);
	do
		thread->next = head;
	while (!__atomic_compare_exchange_n(&all, &head, thread, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
	return thread;
}

static struct weigh_thread *attach(void)
{
	struct weigh_thread *thread = take_idle();
	if (!thread && !(thread = new_record())) {
		weigh_recorder_lose(WEIGH_LOSS_MEMORY, 0);
		return NULL;
	}
	thread->depth = 0;
	start_record(thread);
	pthread_setspecific(ending, thread);
	return thread;
}

/* What setting the key's value allocates passes through: meanwhile the thread counts as gone. */
struct weigh_thread *weigh_thread_attach(void)
{
	if (weigh_self)
		return weigh_self;
	weigh_self = &gone;
	weigh_self = weigh_stray_enter() ? attach() : NULL;
	weigh_stray_leave();
	return weigh_self;
}

void weigh_threads_reset(void)
{
	for (struct weigh_thread *thread = all; thread; thread = thread->next) {
		if (thread->idle) {
			forget_pending(thread);
		} else {
			clear_record(thread);
			start_record(thread);
		}
	}
}

void weigh_threads_flush_others(void)
{
	for (struct weigh_thread *thread = all; thread; thread = thread->next)
		if (thread != weigh_self && !thread->idle)
			weigh_thread_flush(thread);
}

void weigh_threads_forget_others(void)
{
	for (struct weigh_thread *thread = all; thread; thread = thread->next)
		thread->idle = thread != weigh_self;
	strays = 0;
}

void weigh_threads_each(void (*call)(struct weigh_thread *thread, const void *argument), const void *argument)
{
	for (struct weigh_thread *thread = all; thread; thread = thread->next)
		call(thread, argument);
}

bool weigh_threads_at_rest(const struct weigh_thread *except)
{
	for (struct weigh_thread *thread = all; thread; thread = thread->next)
		if (thread != except && !thread->idle && __atomic_load_n(&thread->depth, __ATOMIC_ACQUIRE))
			return false;
	return !__atomic_load_n(&strays, __ATOMIC_ACQUIRE);
}

bool weigh_threads_quiet(const struct weigh_thread *except)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	for (int try = 0; try < 1000; try++) {
		if (weigh_threads_at_rest(except))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

uint64_t weigh_threads_resident(void)
{
	enum { TOUCHED = 48 << 10 }; /* of a record; most of it is memos and frames that few threads fill */
	return __atomic_load_n(&records, __ATOMIC_RELAXED) * TOUCHED;
}

void weigh_threads_sum(struct weigh_counters *counters)
{
	for (struct weigh_thread *thread = all; thread; thread = thread->next) {
		const struct weigh_pending *pending = &thread->pending;
		counters->other_live += weigh_pending_live(thread);
		counters->other_allocated += (uint64_t)pending->allocated;
		counters->other_blocks_live += weigh_pending_blocks(thread);
		counters->other_blocks_allocated += (uint64_t)pending->blocks_allocated;
	}
}

void weigh_thread_look_at_peak(struct weigh_thread *thread)
{
	const struct weigh_header *header = weigh_recorder.header;
	thread->pending.room =
		(int64_t)header->peak.footprint - (int64_t)weigh_counters_live(&header->counters);
}

void weigh_thread_flush(struct weigh_thread *thread)
{
	struct weigh_counters *counters = &weigh_recorder.header->counters;
	weigh_recorder.small_room = -1;
	weigh_shared_add(&counters->other_live, weigh_pending_live(thread));
	weigh_shared_add(&counters->other_allocated, thread->pending.allocated);
	weigh_shared_add(&counters->other_blocks_live, weigh_pending_blocks(thread));
	weigh_shared_add(&counters->other_blocks_allocated, thread->pending.blocks_allocated);
	thread->pending = (struct weigh_pending){0};
	weigh_thread_look_at_peak(thread);
}

/* A thread enters threading's list soon after its first allocations, and may end after a few more. */
void weigh_thread_find_name(struct weigh_thread *thread)
{
	enum { EAGER = 64 };
	struct weigh_thread_entry *entry = &weigh_recorder.threads[thread->index];
	if (!weigh_recorder.walker->name) {
		thread->name_at = 0;
		return;
	}
	if (weigh_recorder.walker->name(entry->name, sizeof(entry->name)) || thread->name_at > 1 << 16)
		thread->name_at = 0;
	else
		thread->name_at =
			thread->allocations < EAGER ? thread->allocations + 1 : thread->allocations * 2;
}
