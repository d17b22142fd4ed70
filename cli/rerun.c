/*
 * Running a program again under weigh: see cli/rerun.h. This very program is
 * started as `weigh run`, so that both runs are recorded alike.
 *
 * The main thread; allocates with malloc.
 */
#include "cli/rerun.h"

#include "base/error.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OWN_WORDS = 10 };

static const char own_program[] = "/proc/self/exe";

static bool is_interpreter(const char *word)
{
	const char *slash = strrchr(word, '/');

	return !strncmp(slash ? slash + 1 : word, "python", strlen("python"));
}

/* The words for `weigh run`; the caller frees the array alone. */
static char **words_for(char *const *command, bool exact, const char *output)
{
	size_t count = 0, used = 0;

	while (command[count])
		count++;
	const char **words = calloc(count + OWN_WORDS, sizeof(*words));
	if (!words)
		return NULL;
	words[used++] = "weigh";
	words[used++] = "run";
	words[used++] = "--quiet";
	words[used++] = "--force";
	words[used++] = "--output";
	words[used++] = output;
	if (exact)
		words[used++] = "--exact";
	if (is_interpreter(command[0])) {
		words[used++] = "--python";
		words[used++] = *command++;
	}
	while (*command)
		words[used++] = *command++;
	return (char **)words;
}

/* 0, or the errno; the program gets the signals that this one ignores meanwhile. */
static int start(char **words, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t defaults;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGQUIT);
	int failure = posix_spawn_file_actions_init(&files);
	if (failure)
		return failure;
	failure = posix_spawnattr_init(&attributes);
	if (!failure) {
		posix_spawnattr_setsigdefault(&attributes, &defaults);
		posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
		failure = posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
		if (!failure)
			failure = posix_spawn(pid, own_program, &files, &attributes, words, environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&files);
	return failure;
}

/* As system() does: a Ctrl-C is for the program, and its end is what counts. */
static int run(char **words, int *wait_status)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction interrupt, quit;
	pid_t pid;

	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	int failure = start(words, &pid);
	while (!failure && waitpid(pid, wait_status, 0) < 0)
		failure = errno == EINTR ? 0 : errno;
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	return failure;
}

struct weigh_error *weigh_rerun(char *const *command, bool exact, const char *output)
{
	char **words = words_for(command, exact, output);
	int wait_status = 0;

	if (!words)
		return weigh_error_create_memory();
	int failure = run(words, &wait_status);
	free(words);
	if (failure)
		return weigh_error_create_system(failure, own_program,
						 "run it with weigh run and compare the captures");
	if (WIFSIGNALED(wait_status))
		return weigh_error_create(
			WEIGH_ERROR_STATE,
			"%s: killed by signal %d: the measurement would say nothing, see why", command[0],
			WTERMSIG(wait_status));
	if (WEXITSTATUS(wait_status))
		return weigh_error_create(
			WEIGH_ERROR_STATE,
			"%s: ended with status %d: the measurement would say nothing, see why", command[0],
			WEXITSTATUS(wait_status));
	return NULL;
}
