/*
 * Reads the memory of the process at intervals: see module/gauge.h.
 *
 * A thread of its own, without the GIL and with all signals blocked; create,
 * stop and readings belong to one caller. All memory is pages from the kernel,
 * so that what is read does not pass through what is measured.
 */
#include "module/gauge.h"

#include "base/clock.h"
#include "base/pages.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

enum {
	/* What a reading costs must not be seen in what it measures. */
	FINEST_NS = 200000,
	FINEST_COSTLY_NS = 10000000, /* of readings that look at every process or page */
	BEFORE_WIDER = 40, /* readings at one step before the next takes ten times as long */
	ENOUGH = 4, /* more readings than these make an interval good */
	DESCENDANTS = 4096,
	STACK_BYTES = 256 * 1024,
};

struct entry {
	uint64_t index; /* in steps of the finest kind since the start */
	uint64_t bytes;
	uint64_t time_ns;
	uint64_t between; /* the most since the entry before, when that is known to be more than both */
};

struct weigh_gauge {
	enum weigh_memory_kind kind;
	bool children, stopped, exact;
	pid_t pid;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop; /* under the lock */
	uint64_t finest_ns, units; /* an interval is so many steps of the finest kind */
	uint64_t start_ns;
	uint64_t highest; /* as the kernel said last */
	uint64_t last;
	uint64_t missed; /* the most between readings that there was no memory to keep */
	struct entry first, end;
	struct entry *entries;
	size_t count, room;
};

static uint64_t with_descendants(const struct weigh_gauge *g, uint64_t bytes)
{
	pid_t found[DESCENDANTS];
	int count = weigh_process_descendants(g->pid, found, DESCENDANTS);
	for (int i = 0; i < count; i++) {
		uint64_t more;
		if (weigh_process_memory(found[i], g->kind, &more) == 0)
			bytes += more;
	}
	return bytes;
}

static struct entry take(struct weigh_gauge *g, uint64_t index)
{
	struct entry entry = {.index = index, .time_ns = weigh_clock(CLOCK_REALTIME)};
	uint64_t highest = 0;
	if (g->exact)
		weigh_process_highest(g->pid, &entry.bytes, &highest);
	else
		weigh_process_memory(g->pid, g->kind, &entry.bytes);
	if (g->children)
		entry.bytes = with_descendants(g, entry.bytes);
	if (highest > g->highest && highest > entry.bytes && highest > g->last)
		entry.between = highest;
	if (highest > g->highest)
		g->highest = highest;
	g->last = entry.bytes;
	return entry;
}

static void keep(struct weigh_gauge *g, struct entry entry)
{
	if (weigh_pages_extend(&g->entries, g->count, &g->room, sizeof(*g->entries)))
		g->entries[g->count++] = entry;
	else if (entry.bytes > g->missed || entry.between > g->missed)
		g->missed = entry.between > entry.bytes ? entry.between : entry.bytes;
}

/* True when the gauge is to stop. */
static bool sleep_until(struct weigh_gauge *g, uint64_t deadline_ns)
{
	struct timespec deadline = {(time_t)(deadline_ns / 1000000000), (long)(deadline_ns % 1000000000)};
	pthread_mutex_lock(&g->lock);
	int error = 0;
	while (!g->stop && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&g->wake, &g->lock, &deadline);
	bool stop = g->stop;
	pthread_mutex_unlock(&g->lock);
	return stop;
}

static void *run(void *arg)
{
	struct weigh_gauge *g = arg;
	uint64_t step = 1, next = 0;
	pthread_setname_np(pthread_self(), "weigh-gauge");
	while (!sleep_until(g, g->start_ns + next * g->finest_ns)) {
		keep(g, take(g, next));
		if (step < g->units && next >= BEFORE_WIDER * step)
			step *= 10;
		/* What was slept through is not made up for. */
		uint64_t now = (weigh_clock_now() - g->start_ns) / g->finest_ns;
		next = (next > now ? next : now) / step * step + step;
	}
	return NULL;
}

/* The interval in steps of the finest kind: a power of ten of them. */
static void choose_steps(struct weigh_gauge *g, uint64_t interval_ns)
{
	uint64_t least = g->exact ? FINEST_NS : FINEST_COSTLY_NS;
	g->finest_ns = interval_ns > FINEST_NS ? interval_ns : FINEST_NS;
	g->units = 1;
	while (g->finest_ns / 10 >= least) {
		g->finest_ns /= 10;
		g->units *= 10;
	}
}

static int start_thread(struct weigh_gauge *g)
{
	pthread_attr_t attributes;
	pthread_condattr_t monotonic;
	sigset_t all, before;

	pthread_mutex_init(&g->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&g->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	/* No handler of the program's may run on a thread that the program does not know. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&g->thread, &attributes, run, g);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return error;
}

int weigh_gauge_create(uint64_t interval_ns, enum weigh_memory_kind kind, bool children,
		       struct weigh_gauge **gauge)
{
	uint64_t resident, highest;
	struct weigh_gauge *g = weigh_pages_take(sizeof(*g));
	if (!g)
		return ENOMEM;
	g->kind = kind;
	g->children = children;
	g->pid = getpid();
	g->exact = kind == WEIGH_MEMORY_RESIDENT && !children;
	choose_steps(g, interval_ns);
	g->start_ns = weigh_clock_now();
	if (g->exact) {
		weigh_process_highest(g->pid, &resident, &highest);
		if (highest > resident)
			weigh_process_forget_highest();
		weigh_process_highest(g->pid, &resident, &g->highest);
	}
	g->first = take(g, 0);
	int error = start_thread(g);
	if (error) {
		g->stopped = true;
		weigh_gauge_destroy(g);
		return error;
	}
	*gauge = g;
	return 0;
}

void weigh_gauge_stop(struct weigh_gauge *g)
{
	if (g->stopped)
		return;
	g->stopped = true;
	if (getpid() == g->pid) {
		pthread_mutex_lock(&g->lock);
		g->stop = true;
		pthread_cond_signal(&g->wake);
		pthread_mutex_unlock(&g->lock);
		pthread_join(g->thread, NULL);
	}
	g->pid = getpid();
	g->end = take(g, UINT64_MAX);
}

static size_t count_at(const struct weigh_gauge *g, uint64_t units)
{
	size_t count = 2; /* the first and the last one */
	for (size_t i = 0; i < g->count; i++)
		count += g->entries[i].index % units == 0;
	return count;
}

size_t weigh_gauge_most(const struct weigh_gauge *g)
{
	return g->count + 3;
}

static uint64_t higher(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

size_t weigh_gauge_readings(const struct weigh_gauge *g, struct weigh_reading *readings)
{
	uint64_t units = g->units, most = 0;
	size_t used = 0;
	while (units > 1 && count_at(g, units) <= ENOUGH)
		units /= 10;
	readings[used++] = (struct weigh_reading){g->first.bytes, g->first.time_ns};
	for (size_t i = 0; i < g->count; i++) {
		const struct entry *entry = &g->entries[i];
		most = higher(most, higher(entry->bytes, entry->between));
		if (entry->index % units != 0)
			continue;
		bool between = most > entry->bytes && most > readings[used - 1].bytes;
		readings[used++] = (struct weigh_reading){between ? most : entry->bytes, entry->time_ns};
		most = 0;
	}
	most = higher(higher(most, g->missed), g->end.between);
	if (most > g->end.bytes && most > readings[used - 1].bytes) {
		readings[used] =
			(struct weigh_reading){most, (readings[used - 1].time_ns + g->end.time_ns) / 2};
		used++;
	}
	readings[used++] = (struct weigh_reading){g->end.bytes, g->end.time_ns};
	return used;
}

void weigh_gauge_destroy(struct weigh_gauge *g)
{
	if (!g)
		return;
	weigh_gauge_stop(g);
	weigh_pages_give(g->entries, g->room * sizeof(*g->entries));
	weigh_pages_give(g, sizeof(*g));
}
