/*
 * Finds the interpreter and the package: see cli/python.h. The launcher's one
 * thread, before the program starts; allocates with malloc.
 */
#include "cli/python.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool is_program(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static bool is_package(const char *folder)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof(path), "%s/_boot/sitecustomize.py", folder);
	return length > 0 && (size_t)length < sizeof(path) && access(path, R_OK) == 0;
}

/* The first program of this name on PATH, to be freed; NULL when there is none. */
static char *search_path(const char *name)
{
	const char *at = getenv("PATH");
	if (!at)
		at = "/usr/local/bin:/usr/bin:/bin";
	for (;;) {
		size_t length = strcspn(at, ":");
		char *candidate;
		if (asprintf(&candidate, "%.*s/%s", length ? (int)length : 1, length ? at : ".", name) < 0)
			return NULL;
		if (is_program(candidate))
			return candidate;
		free(candidate);
		if (!at[length])
			return NULL;
		at += length + 1;
	}
}

/* The folder that `path` lies in, in place. */
static void cut_name(char *path)
{
	char *slash = strrchr(path, '/');
	if (!slash)
		strcpy(path, ".");
	else if (slash == path)
		slash[1] = '\0';
	else
		*slash = '\0';
}

/* The real folder of this program; false when the kernel will not tell. */
static bool own_folder(char folder[static PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
	if (length <= 0)
		return false;
	folder[length] = '\0';
	cut_name(folder);
	return true;
}

/* python3 before python: beside a program in /usr/bin the latter may be Python 2. */
static char *interpreter_beside_us(void)
{
	static const char *const names[] = {"python3", "python"};
	char folder[PATH_MAX];
	if (!own_folder(folder))
		return NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *candidate;
		if (asprintf(&candidate, "%s/%s", folder, names[i]) < 0)
			return NULL;
		if (is_program(candidate))
			return candidate;
		free(candidate);
	}
	return NULL;
}

char *weigh_program_find(const char *name)
{
	if (strchr(name, '/'))
		return is_program(name) ? strdup(name) : NULL;
	return search_path(name);
}

static struct weigh_error *find_interpreter(struct weigh_python *p, const char *wanted)
{
	if (wanted)
		p->interpreter = weigh_program_find(wanted);
	else
		p->interpreter = interpreter_beside_us();
	if (!wanted && !p->interpreter)
		p->interpreter = search_path("python3");
	if (p->interpreter)
		return NULL;
	if (wanted)
		return weigh_error_create(
			WEIGH_ERROR_SYSTEM,
			"%s: there is no such program: give the path of an interpreter with --python",
			wanted);
	return weigh_error_create(WEIGH_ERROR_SYSTEM,
				  "python3: not on PATH: give the path of an interpreter with --python");
}

/*
 * Several Pythons may share a prefix, each with a package of its own: prefer
 * the one in a folder named as the interpreter's real file is.
 */
static char *choose(const glob_t *found, const char *interpreter)
{
	char real[PATH_MAX], folder[64];
	const char *best = NULL, *name;

	name = realpath(interpreter, real) ? strrchr(real, '/') + 1 : "";
	snprintf(folder, sizeof(folder), "/%.60s/", name);
	for (size_t i = 0; i < found->gl_pathc; i++) {
		if (!is_package(found->gl_pathv[i]))
			continue;
		if (!best || strstr(found->gl_pathv[i], folder))
			best = found->gl_pathv[i];
	}
	return best ? realpath(best, NULL) : NULL;
}

/* The package installed under the prefix whose bin folder is `folder`; NULL when there is none. */
static char *package_under(const char *folder, const char *interpreter)
{
	char pattern[PATH_MAX];
	glob_t found;
	int length = snprintf(pattern, sizeof(pattern),
			      "%s/../{lib,lib64}/python3*/{site,dist}-packages/weigh", folder);
	if (length < 0 || (size_t)length >= sizeof(pattern))
		return NULL;
	char *package = NULL;
	if (glob(pattern, GLOB_BRACE, NULL, &found) == 0)
		package = choose(&found, interpreter);
	globfree(&found);
	return package;
}

/* Reads until the other end is closed; false when that takes too long. */
static bool read_all(int fd, char *text, size_t room, size_t *length)
{
	enum { SECONDS = 20, MILLISECONDS = 1000 };
	struct timespec now, end;
	ssize_t got = 1;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += SECONDS;
	*length = 0;
	while (got > 0 && *length < room) {
		struct pollfd watched = {.fd = fd, .events = POLLIN};
		clock_gettime(CLOCK_MONOTONIC, &now);
		long left = (end.tv_sec - now.tv_sec) * MILLISECONDS +
			    (end.tv_nsec - now.tv_nsec) / (1000000000 / MILLISECONDS);
		if (left <= 0 || poll(&watched, 1, (int)left) == 0)
			return false;
		got = read(fd, text + *length, room - *length);
		*length += got > 0 ? (size_t)got : 0;
	}
	return true;
}

char *weigh_python_ask(char *const argv[], int input)
{
	int ends[2], status = -1;
	pid_t pid;
	char text[PATH_MAX];
	size_t length = 0;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return NULL;
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	if (input >= 0)
		posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	else
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	int failed = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (!failed && !read_all(ends[0], text, sizeof(text) - 1, &length))
		kill(pid, SIGKILL);
	close(ends[0]);
	if (failed || waitpid(pid, &status, 0) != pid || status != 0)
		return NULL;
	if (length > 0 && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return length > 0 ? strdup(text) : NULL;
}

/* Slow, one start of the interpreter; but right wherever the package is. */
static char *ask_interpreter(const char *interpreter)
{
	char *const argv[] = {
		(char *)interpreter,
		(char *)"-c",
		(char *)"import importlib.util as u; s = u.find_spec('weigh'); "
			"print(s.submodule_search_locations[0])",
		NULL,
	};
	char *package = weigh_python_ask(argv, -1);
	if (package && !is_package(package)) {
		free(package);
		package = NULL;
	}
	return package;
}

static struct weigh_error *find_package(struct weigh_python *p)
{
	char folder[PATH_MAX];
	const char *given = getenv("WEIGH_PACKAGE");

	if (given && is_package(given))
		p->package = realpath(given, NULL);
	if (!p->package && snprintf(folder, sizeof(folder), "%s", p->interpreter) < (int)sizeof(folder)) {
		cut_name(folder);
		p->package = package_under(folder, p->interpreter);
	}
	if (!p->package && own_folder(folder))
		p->package = package_under(folder, p->interpreter);
	if (!p->package)
		p->package = ask_interpreter(p->interpreter);
	if (p->package)
		return NULL;
	return weigh_error_create(
		WEIGH_ERROR_SYSTEM,
		"%s: weigh is not installed for this interpreter: install it there (pip install "
		"weigh), or choose another with --python",
		p->interpreter);
}

struct weigh_error *weigh_python_interpreter(const char *wanted, char **interpreter)
{
	struct weigh_python p = {0};
	struct weigh_error *error = find_interpreter(&p, wanted);

	*interpreter = p.interpreter;
	return error;
}

struct weigh_error *weigh_python_find(struct weigh_python *p, const char *wanted)
{
	*p = (struct weigh_python){0};
	struct weigh_error *error = find_interpreter(p, wanted);
	if (!error)
		error = find_package(p);
	return error;
}

void weigh_python_deinit(struct weigh_python *p)
{
	free(p->interpreter);
	free(p->package);
	*p = (struct weigh_python){0};
}
