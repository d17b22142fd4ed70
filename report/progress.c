/*
 * How far a long report has got: see report/progress.h.
 *
 * Two threads share the state under a lock: the one that works, and one that
 * draws. Allocates nothing of its own.
 */
#include "report/progress.h"

#include "base/clock.h"
#include "report/style.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 30, TENTH_NS = 100000000, DELAY_TENTHS = 10 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	bool running, ended;
	int part, parts;
	const char *what;
} progress = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static void draw(uint64_t since_ns)
{
	int full = progress.parts > 0 ? (progress.part - 1) * BAR / progress.parts : 0;
	char marks[BAR + 1], time[WEIGH_NUMBER];

	memset(marks, '.', BAR);
	memset(marks, '#', (size_t)full);
	marks[BAR] = '\0';
	weigh_time_text((weigh_clock_now() - since_ns) / TENTH_NS * TENTH_NS, time);
	fprintf(stderr, "\r\033[Kweigh: %s [%s] %s", progress.what, marks, time);
	fflush(stderr);
}

static void *run(void *unused)
{
	uint64_t since = weigh_clock_now();
	bool drawn = false;

	(void)unused;
	pthread_mutex_lock(&progress.lock);
	for (int tenths = 0; !progress.ended; tenths++) {
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += TENTH_NS;
		if (until.tv_nsec >= 1000000000) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000;
		}
		pthread_cond_timedwait(&progress.wake, &progress.lock, &until);
		if (!progress.ended && tenths >= DELAY_TENTHS) {
			draw(since);
			drawn = true;
		}
	}
	pthread_mutex_unlock(&progress.lock);
	if (drawn)
		fprintf(stderr, "\r\033[K");
	return NULL;
}

void weigh_progress_start(int parts, const char *what)
{
	if (progress.running || !isatty(STDERR_FILENO))
		return;
	progress.ended = false;
	progress.part = 1;
	progress.parts = parts;
	progress.what = what;
	progress.running = !pthread_create(&progress.thread, NULL, run, NULL);
}

void weigh_progress_next(const char *what)
{
	if (!progress.running)
		return;
	pthread_mutex_lock(&progress.lock);
	progress.part++;
	if (progress.part > progress.parts)
		progress.parts = progress.part;
	progress.what = what;
	pthread_mutex_unlock(&progress.lock);
}

void weigh_progress_stop(void)
{
	if (!progress.running)
		return;
	pthread_mutex_lock(&progress.lock);
	progress.ended = true;
	pthread_cond_signal(&progress.wake);
	pthread_mutex_unlock(&progress.lock);
	pthread_join(progress.thread, NULL);
	progress.running = false;
}
