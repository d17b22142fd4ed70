/*
 * The launcher's dealings with its child: see cli/launch.h. One thread;
 * allocates before the start only.
 */
#include "cli/launch.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	/*
	 * Where the program's two extra files start: a shell script in the
	 * place of the interpreter may use the low numbers itself.
	 */
	LOWEST_INHERITED = 100,
};

/* The environment of the child; owns its array and the strings it added. */
struct environment {
	char **entries;
	char *added[4];
	int added_count;
};

static bool is_variable(const char *entry, const char *name)
{
	size_t length = strlen(name);
	return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

/* What `python -m weigh` told us is not for the program. */
static bool is_ours(const char *entry, bool from_module)
{
	return is_variable(entry, "WEIGH_BOOT") || is_variable(entry, "WEIGH_BOOT_PYTHONPATH") ||
	       is_variable(entry, "WEIGH_BOOT_FILE") || is_variable(entry, "WEIGH_PACKAGE") ||
	       (from_module && is_variable(entry, "WEIGH_PYTHON"));
}

static bool add(struct environment *e, char **slot, const char *name, const char *first, const char *joint,
		const char *second)
{
	char *entry;
	if (asprintf(&entry, "%s=%s%s%s", name, first, joint, second) < 0)
		return false;
	e->added[e->added_count++] = entry;
	*slot = entry;
	return true;
}

/* A copy of our own environment in the same order, with room for `more`. */
static bool environment_copy(struct environment *e, size_t more)
{
	size_t count = 0, used = 0;
	bool from_module = getenv("WEIGH_PACKAGE") != NULL;

	memset(e, 0, sizeof(*e));
	while (environ[count])
		count++;
	e->entries = calloc(count + more + 1, sizeof(*e->entries));
	for (size_t i = 0; e->entries && i < count; i++)
		if (!is_ours(environ[i], from_module))
			e->entries[used++] = environ[i];
	return e->entries != NULL;
}

/*
 * The environment of a program to be recorded. PYTHONPATH leads to the boot
 * file; the boot puts the old one back before the program sees it.
 */
static bool environment_init(struct environment *e, const struct weigh_program *program, const char *boot)
{
	char *old_path = NULL, **path_slot = NULL, folder[4096];
	size_t used = 0;

	if (!environment_copy(e, 4))
		return false;
	for (; e->entries[used]; used++) {
		if (!path_slot && is_variable(e->entries[used], "PYTHONPATH")) {
			old_path = e->entries[used] + strlen("PYTHONPATH=");
			path_slot = &e->entries[used];
		}
	}
	if (!path_slot)
		path_slot = &e->entries[used++];
	snprintf(folder, sizeof(folder), "%s/_boot", program->python->package);
	/* An empty entry would mean the current folder. */
	bool joined = old_path && *old_path;
	if (!add(e, path_slot, "PYTHONPATH", folder, joined ? ":" : "", joined ? old_path : ""))
		return false;
	if (old_path && !add(e, &e->entries[used++], "WEIGH_BOOT_PYTHONPATH", old_path, "", ""))
		return false;
	if (!add(e, &e->entries[used++], "WEIGH_BOOT_FILE", program->path, "", ""))
		return false;
	return add(e, &e->entries[used++], "WEIGH_BOOT", boot, "", "");
}

static void environment_deinit(struct environment *e)
{
	for (int i = 0; i < e->added_count; i++)
		free(e->added[i]);
	free(e->entries);
}

static int inherited(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, LOWEST_INHERITED);
	return copy >= 0 ? copy : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

/* Files and words the child needs, made before the fork. */
struct start {
	const char *interpreter;
	const char *advice; /* what to do when it cannot be executed */
	char **argv; /* owned, not its strings */
	struct environment environment;
	char boot[128];
	int capture, boot_end, failure_end; /* the child's ends */
	int failure_fd;                     /* ours: errno, when the interpreter could not be executed */
};

static void start_deinit(struct start *s)
{
	int *fds[] = {&s->capture, &s->boot_end, &s->failure_end, &s->failure_fd};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
	free(s->argv);
	environment_deinit(&s->environment);
}

static bool make_pipe(int *ours, int *childs)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	*ours = ends[0];
	*childs = inherited(ends[1]);
	close(ends[1]);
	return *childs >= 0;
}

static bool make_argv(struct start *s, char *const *arguments)
{
	size_t count = 0;
	while (arguments[count])
		count++;
	s->argv = calloc(count + 2, sizeof(*s->argv));
	if (!s->argv)
		return false;
	s->argv[0] = (char *)s->interpreter;
	memcpy(s->argv + 1, arguments, count * sizeof(*arguments));
	return true;
}

static void start_clear(struct start *s, const char *interpreter, const char *advice)
{
	memset(s, 0, sizeof(*s));
	s->capture = s->boot_end = s->failure_end = s->failure_fd = -1;
	s->interpreter = interpreter;
	s->advice = advice;
}

static struct weigh_error *too_many_files(void)
{
	return weigh_error_create_system(errno, "run", "raise the limit on open files (ulimit -n)");
}

static struct weigh_error *start_init(struct start *s, struct weigh_launch *l,
				      const struct weigh_program *program)
{
	start_clear(s, program->python->interpreter, "choose another interpreter with --python");
	s->capture = inherited(program->capture);
	if (s->capture < 0 || !make_pipe(&l->boot_fd, &s->boot_end) ||
	    !make_pipe(&s->failure_fd, &s->failure_end))
		return too_many_files();
	fcntl(l->boot_fd, F_SETFL, O_NONBLOCK);
	snprintf(s->boot, sizeof(s->boot), "fd=%d;status=%d;mode=%s;heap=%s%s%s", s->capture, s->boot_end,
		 program->lines   ? "lines"
		 : program->exact ? "exact"
				  : "sampled",
		 program->heap_peak ? "peak," : "", program->heap_end ? "end," : "",
		 program->heap_in_place ? "place," : "");
	if (!make_argv(s, program->arguments) || !environment_init(&s->environment, program, s->boot))
		return weigh_error_create_memory();
	return NULL;
}

static struct weigh_error *start_init_plain(struct start *s, const char *path, char *const *arguments)
{
	start_clear(s, path, "choose another program");
	if (!make_pipe(&s->failure_fd, &s->failure_end))
		return too_many_files();
	if (!make_argv(s, arguments) || !environment_copy(&s->environment, 0))
		return weigh_error_create_memory();
	return NULL;
}

/* The child, between fork and exec: nothing but system calls. */
static void become_program(const struct start *s, const struct weigh_signals *signals)
{
	if (s->capture >= 0) {
		fcntl(s->capture, F_SETFD, 0);
		fcntl(s->boot_end, F_SETFD, 0);
	}
	weigh_signals_restore(signals);
	execve(s->interpreter, s->argv, s->environment.entries);
	int number = errno;
	ssize_t written = write(s->failure_end, &number, sizeof(number));
	_exit(written > 0 ? 127 : 126);
}

static struct weigh_error *spawn(struct weigh_launch *l, struct start *s)
{
	int number = 0;
	l->pid = fork();
	if (l->pid < 0)
		return weigh_error_create_system(errno, "run", "raise the limit on processes (ulimit -u)");
	if (l->pid == 0)
		become_program(s, &l->signals);
	close(s->failure_end);
	if (s->boot_end >= 0)
		close(s->boot_end);
	s->failure_end = s->boot_end = -1;
	/* Ends without a word as soon as exec has closed the other end. */
	if (read(s->failure_fd, &number, sizeof(number)) <= 0)
		return NULL;
	waitpid(l->pid, NULL, 0);
	l->pid = 0;
	return weigh_error_create_system(number, s->interpreter, s->advice);
}

struct weigh_error *weigh_launch_init(struct weigh_launch *l)
{
	memset(l, 0, sizeof(*l));
	l->boot_fd = -1;
	return weigh_signals_init(&l->signals);
}

void weigh_launch_deinit(struct weigh_launch *l)
{
	if (l->boot_fd >= 0)
		close(l->boot_fd);
	l->boot_fd = -1;
	weigh_signals_deinit(&l->signals);
}

static struct weigh_error *start_and_deinit(struct weigh_launch *l, struct start *start,
					    struct weigh_error *error)
{
	if (!error)
		error = spawn(l, start);
	start_deinit(start);
	return error;
}

struct weigh_error *weigh_launch_start(struct weigh_launch *l, const struct weigh_program *program)
{
	struct start start;
	return start_and_deinit(l, &start, start_init(&start, l, program));
}

struct weigh_error *weigh_launch_start_plain(struct weigh_launch *l, const char *path, char *const *arguments)
{
	struct start start;
	return start_and_deinit(l, &start, start_init_plain(&start, path, arguments));
}

/* The boot says "ok" or why it refused, and closes its end. */
static void read_boot(struct weigh_launch *l)
{
	while (l->boot_fd >= 0) {
		size_t room = sizeof(l->message) - 1 - l->message_length;
		ssize_t got = room ? read(l->boot_fd, l->message + l->message_length, room) : 0;
		if (got < 0 && errno == EAGAIN)
			break;
		if (got <= 0) {
			close(l->boot_fd);
			l->boot_fd = -1;
		} else {
			l->message_length += (size_t)got;
		}
	}
	l->message[l->message_length] = '\0';
	if (strcmp(l->message, "ok") == 0)
		l->boot = WEIGH_BOOT_RECORDING;
	else if (l->message_length > 0 && l->boot_fd < 0)
		l->boot = WEIGH_BOOT_REFUSED;
}

static void read_signals(struct weigh_launch *l)
{
	int number;
	bool forward;
	while (weigh_signals_next(&l->signals, l->pid, &number, &forward)) {
		if (number == SIGCONT)
			l->continued = true;
		else if (forward)
			kill(l->pid, number);
	}
}

/*
 * A shell waits for the launcher: when the terminal stops the program, the
 * launcher has to stop as well, and whoever continues the launcher alone
 * means the program.
 */
static bool read_state(struct weigh_launch *l)
{
	int status;
	while (waitpid(l->pid, &status, WNOHANG | WUNTRACED | WCONTINUED) == l->pid) {
		l->stopped = WIFSTOPPED(status);
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			l->wait_status = status;
			return true;
		}
		if (WIFSTOPPED(status) && WSTOPSIG(status) != SIGSTOP)
			weigh_signals_stop(WSTOPSIG(status));
	}
	return false;
}

bool weigh_launch_wait(struct weigh_launch *l, uint64_t deadline_ns)
{
	struct pollfd files[2] = {
		{.fd = l->signals.fd, .events = POLLIN},
		{.fd = l->boot_fd, .events = POLLIN}, /* -1 is passed over */
	};
	if (l->continued && l->stopped)
		kill(l->pid, SIGCONT);
	l->continued = false;

	uint64_t now = weigh_clock_now();
	uint64_t left = deadline_ns > now ? deadline_ns - now : 0;
	struct timespec timeout = {(time_t)(left / 1000000000), (long)(left % 1000000000)};
	if (ppoll(files, 2, &timeout, NULL) <= 0)
		return read_state(l);
	if (files[1].revents)
		read_boot(l);
	if (files[0].revents)
		read_signals(l);
	bool ended = read_state(l);
	if (ended)
		read_boot(l);
	return ended;
}
