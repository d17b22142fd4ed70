/*
 * The child that the program does not notice: no signal, no waitpid(-1) sees
 * it, it keeps nothing open, and its death is no trouble.
 */
#include "base/child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Shared by parent and child. */
static struct notes {
	int descriptors;
	int kept;
	int nice;
	pid_t group;
	uint64_t blocked;
	uint32_t wiped;
	bool may_end;
} *notes;

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

static int set_up(void **state)
{
	(void)state;
	notes = mmap(NULL, sizeof(*notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	signal(SIGCHLD, count_signal);
	signals = 0;
	return notes == MAP_FAILED ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	signal(SIGCHLD, SIG_DFL);
	return munmap(notes, sizeof(*notes));
}

static int open_null(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static int wait_for(pid_t child, enum weigh_child_state state)
{
	int status = -1;
	enum weigh_child_state seen;
	do {
		seen = weigh_child_look(child, true, &status);
	} while (seen == WEIGH_CHILD_RUNS);
	assert_int_equal(seen, state);
	return status;
}

static int look_around(int fd, void *arg)
{
	sigset_t mask;
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	memcpy(&notes->blocked, &mask, sizeof(notes->blocked));
	notes->nice = getpriority(PRIO_PROCESS, 0);
	notes->group = getpgrp();
	notes->wiped = *(const uint32_t *)arg;
	while (folder && (entry = readdir(folder)))
		notes->descriptors += entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(folder);
	notes->kept = fcntl(fd, F_GETFD) >= 0;
	return 7;
}

static void test_unnoticed(void **state)
{
	(void)state;
	int fd = open_null(), other = open_null();
	uint32_t *wiped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(wiped, MAP_FAILED);
	assert_int_equal(madvise(wiped, 4096, MADV_WIPEONFORK), 0);
	*wiped = 1;
	int nice_before = getpriority(PRIO_PROCESS, 0);

	pid_t child = weigh_child_start(fd, look_around, wiped);
	assert_true(child > 0);
	assert_int_equal(waitpid(-1, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(wait_for(child, WEIGH_CHILD_ENDED), 7);
	assert_int_equal(signals, 0);
	assert_int_equal(notes->descriptors, 1);
	assert_true(notes->kept);
	assert_int_equal(notes->group, child);
	assert_true(notes->nice > nice_before || nice_before > 9);
	assert_true(notes->blocked & (1u << (SIGINT - 1)));
	assert_int_equal(notes->wiped, 0);
	assert_int_equal(*wiped, 1);
	munmap(wiped, 4096);
	close(other);
	close(fd);
}

static int fall(int fd, void *arg)
{
	(void)fd;
	kill(getpid(), SIGTERM); /* waits, as all do */
	/* A page that may not be touched: a sanitizer has nothing to say of it. */
	*(volatile char *)arg = 0;
	return 0;
}

static void test_falls(void **state)
{
	(void)state;
	int fd = open_null();
	void *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(page != MAP_FAILED);
	signal(SIGSEGV, count_signal);
	pid_t child = weigh_child_start(fd, fall, page);
	assert_true(child > 0);
	assert_int_equal(wait_for(child, WEIGH_CHILD_DIED), SIGSEGV);
	assert_int_equal(signals, 0);
	signal(SIGSEGV, SIG_DFL);
	munmap(page, 4096);
	close(fd);
}

static int wait_to_end(int fd, void *arg)
{
	(void)fd;
	(void)arg;
	while (!__atomic_load_n(&notes->may_end, __ATOMIC_ACQUIRE))
		usleep(1000);
	return 0;
}

static void test_looks(void **state)
{
	int status;
	(void)state;
	int fd = open_null();
	pid_t child = weigh_child_start(fd, wait_to_end, NULL);
	assert_true(child > 0);
	assert_int_equal(weigh_child_look(child, false, &status), WEIGH_CHILD_RUNS);
	__atomic_store_n(&notes->may_end, true, __ATOMIC_RELEASE);
	assert_int_equal(wait_for(child, WEIGH_CHILD_ENDED), 0);
	/* Nobody knows any more. */
	assert_int_equal(weigh_child_look(child, false, &status), WEIGH_CHILD_DIED);
	assert_int_equal(status, 0);

	notes->may_end = false;
	child = weigh_child_start(fd, wait_to_end, NULL);
	weigh_child_kill(child);
	assert_int_equal(kill(child, 0), -1);
	close(fd);
}

static void test_refused(void **state)
{
	struct rlimit none = {0, 0};
	int status;
	(void)state;
	int fd = open_null();
	/* In a process of its own: root must become somebody for whom the limit holds. */
	pid_t other = fork();
	if (other == 0) {
		if (getuid() == 0 && setuid(65534) != 0)
			_exit(2);
		setrlimit(RLIMIT_NPROC, &none);
		_exit(weigh_child_start(fd, fall, NULL) == -EAGAIN ? 0 : 1);
	}
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(status, 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unnoticed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_falls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_looks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
