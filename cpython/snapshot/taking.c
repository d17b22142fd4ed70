/*
 * From the instant to the file: see cpython/snapshot/taking.h. In the child
 * everything here is system calls and memory from the kernel.
 */
#include "cpython/snapshot/taking.h"

#include "base/child.h"
#include "base/clock.h"
#include "base/pages.h"
#include "cpython/snapshot/origins.h"
#include "recorder/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* All that the child needs, made before the fork. */
struct job {
	struct weigh_take take;
	struct weigh_take_sites sites;
	struct weigh_origins origins;
	struct weigh_taking *taking;
	struct weigh_part *part;
	uint64_t *pause_ns; /* shared with the program; 0: it has not come back from the fork yet */
	char beside[PATH_MAX];
};

/* The file under its name while it is written, locked; or an errno below zero. */
static int open_beside(const char *beside)
{
	int fd = open(beside, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0)
		return -errno;
	/* The lock belongs to the open file: the child keeps it when we close ours, and the kernel ends it with the child. */
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 || ftruncate(fd, 0) != 0) {
		int number = errno == EWOULDBLOCK ? EBUSY : errno;
		close(fd);
		return -number;
	}
	return fd;
}

/* In pages: resident, and of that what files back. */
static void read_resident(struct weigh_snapshot_header *known)
{
	char text[128];
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	unsigned long whole, resident = 0, shared = 0;
	if (fd >= 0)
		close(fd);
	text[length > 0 ? length : 0] = '\0';
	if (sscanf(text, "%lu %lu %lu", &whole, &resident, &shared) != 3 || shared > resident)
		return;
	known->rss = resident * (uint64_t)sysconf(_SC_PAGESIZE);
	known->anonymous = (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void describe(struct weigh_snapshot_header *known, enum weigh_snapshot_when when)
{
	known->when = when;
	known->pid = (uint32_t)getpid();
	known->taken_unix_ns = weigh_clock(CLOCK_REALTIME);
	known->taken_ns = weigh_clock_now();
	read_resident(known);
	if (!weigh_recorder_running() || weigh_recorder_counting())
		return;
	known->mode = weigh_recorder.exact ? WEIGH_MODE_EXACT : WEIGH_MODE_SAMPLED;
	known->recording_ns = weigh_recorder.started_ns;
	known->live = weigh_recorder_live();
}

static bool prepare(struct job *job, enum weigh_snapshot_when when, enum weigh_taking_way way)
{
	describe(&job->take.known, when);
	job->taking->live = job->take.known.live;
	job->take.may_allocate = way == WEIGH_TAKING_IN_PLACE;
	if (!weigh_origins_init(&job->origins))
		return false;
	job->sites = (struct weigh_take_sites){weigh_origins_find, weigh_origins_write, &job->origins};
	if (job->take.known.mode)
		job->take.sites = &job->sites;
	return weigh_take_prepare(&job->take);
}

/* The program is back from the fork at about the time at which the child begins. */
static void await_pause(struct job *job)
{
	const struct timespec nap = {.tv_nsec = 200000};
	for (int i = 0; i < 500 && !__atomic_load_n(job->pause_ns, __ATOMIC_ACQUIRE); i++)
		nanosleep(&nap, NULL);
	job->take.known.pause_ns = __atomic_load_n(job->pause_ns, __ATOMIC_ACQUIRE);
}

static int write_file(struct job *job, int fd)
{
	job->take.fd = fd;
	int number = weigh_take_write(&job->take);
	if (!number && rename(job->beside, job->taking->path) != 0)
		number = errno;
	if (number)
		unlink(job->beside);
	if (job->part)
		__atomic_store_n(&job->part->error, number, __ATOMIC_RELEASE);
	return number;
}

static int work_in_child(int fd, void *arg)
{
	await_pause(arg);
	return write_file(arg, fd);
}

static int fork_off(struct job *job, int fd, uint64_t began)
{
	struct weigh_taking *taking = job->taking;
	job->pause_ns =
		mmap(NULL, sizeof(*job->pause_ns), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job->pause_ns == MAP_FAILED)
		return errno;
	uint64_t before = weigh_clock_now();
	pid_t child = weigh_child_start(fd, work_in_child, job);
	uint64_t after = weigh_clock_now();
	if (child > 0) {
		taking->child = child;
		taking->fork_ns = after - before;
		__atomic_store_n(job->pause_ns, after - began, __ATOMIC_RELEASE);
	}
	munmap(job->pause_ns, sizeof(*job->pause_ns));
	return child < 0 ? -child : 0;
}

/* The child writes `error` too, so that it is cleared before there is one. */
static void tell(struct weigh_part *part, const struct weigh_taking *taking, int number)
{
	if (number) {
		part->error = number;
		return;
	}
	part->state = WEIGH_PART_TAKEN;
	part->taken++;
	part->writer = (uint32_t)taking->child;
	part->live = taking->live;
	part->pause_ns = taking->pause_ns;
	part->fork_ns = taking->fork_ns;
}

static int take(struct job *job, enum weigh_snapshot_when when, enum weigh_taking_way way)
{
	uint64_t began = weigh_clock_now();
	int fd = open_beside(job->beside);
	if (fd < 0)
		return -fd;
	int number = !prepare(job, when, way)       ? ENOMEM
		     : way == WEIGH_TAKING_IN_PLACE ? write_file(job, fd)
						    : fork_off(job, fd, began);
	close(fd);
	if (number)
		unlink(job->beside);
	weigh_take_release(&job->take);
	weigh_origins_deinit(&job->origins);
	job->taking->pause_ns = weigh_clock_now() - began;
	return number;
}

static bool name_beside(const struct weigh_taking *taking, char beside[PATH_MAX])
{
	static const char *const unfinished[] = WEIGH_PART_UNFINISHED;
	return snprintf(beside, PATH_MAX, "%s%s", taking->path, unfinished[taking->turn % 2]) < PATH_MAX;
}

int weigh_taking_start(struct weigh_taking *taking, const char *path, enum weigh_snapshot_when when,
		       enum weigh_taking_way way, struct weigh_part *part)
{
	/* From the kernel: the child goes on using it, and the program's stack may be short. */
	struct job *job = weigh_pages_take(sizeof(*job));
	if (!job)
		return ENOMEM;
	job->taking = taking;
	job->part = part;
	if (part)
		part->error = 0;
	bool named = snprintf(taking->path, sizeof(taking->path), "%s", path) < (int)sizeof(taking->path) &&
		     name_beside(taking, job->beside);
	int number = named ? take(job, when, way) : ENAMETOOLONG;
	if (part)
		tell(part, taking, number);
	weigh_pages_give(job, sizeof(*job));
	return number;
}

static void take_away(const struct weigh_taking *taking)
{
	char beside[PATH_MAX];
	if (name_beside(taking, beside))
		unlink(beside);
}

bool weigh_taking_runs(struct weigh_taking *taking, bool wait, int *number)
{
	int status = 0;
	*number = 0;
	if (!taking->child)
		return false;
	enum weigh_child_state state = weigh_child_look(taking->child, wait, &status);
	if (state == WEIGH_CHILD_RUNS)
		return true;
	if (state == WEIGH_CHILD_DIED)
		take_away(taking);
	if (!taking->dropped)
		*number = state == WEIGH_CHILD_DIED ? ECHILD : status;
	taking->child = 0;
	return false;
}

void weigh_taking_drop(struct weigh_taking *taking)
{
	if (taking->child)
		kill(taking->child, SIGKILL);
	taking->dropped = true;
}

void weigh_taking_cancel(struct weigh_taking *taking)
{
	if (!taking->child)
		return;
	weigh_child_kill(taking->child);
	taking->child = 0;
	take_away(taking);
	unlink(taking->path);
}
