/*
 * `weigh mprof run` and `attach`: read the memory of a program at intervals,
 * from outside it, into an mprof file.
 *
 * The main thread; allocates with malloc before and after the program runs.
 */
#include "base/clock.h"
#include "cli/launch.h"
#include "cli/mprof.h"
#include "cli/mprof_files.h"
#include "cli/mprof_sample.h"
#include "cli/program.h"
#include "cli/python.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	OPTION_INTERVAL,
	OPTION_CHILDREN,
	OPTION_EACH,
	OPTION_TIMEOUT,
	OPTION_OUTPUT,
	OPTION_FORCE,
	OPTION_QUIET,
	OPTION_BACKEND,
	ATTACH_OPTION_COUNT,
	OPTION_EXIT_CODE = ATTACH_OPTION_COUNT,
	OPTION_PYTHON,
	OPTION_NO_PYTHON,
	OPTION_ATTACH,
	RUN_OPTION_COUNT,
};

enum { NAMES_MOST = 60 };

static const struct weigh_option options[] = {
	[OPTION_INTERVAL] = {'T', "interval", "SECONDS", NULL, "time between two readings (default 0.1)", 0},
	[OPTION_CHILDREN] = {'C', "include-children", NULL, NULL,
			     "add the memory of all child processes to the program's", 0},
	[OPTION_EACH] = {'M', "multiprocess", NULL, NULL, "read each child process besides", 0},
	[OPTION_TIMEOUT] = {'t', "timeout", "SECONDS", NULL,
			    "stop reading after so long; the program goes on (attach: 3600)", 0},
	[OPTION_OUTPUT] = {'o', "output", "FILE", NULL,
			   "file to write (default mprofile_<YYYYMMDDhhmmss>.dat)", 0},
	[OPTION_FORCE] = {'f', "force", NULL, NULL, "replace an existing file", 0},
	[OPTION_QUIET] = {'q', "quiet", NULL, NULL, "say nothing", 0},
	[OPTION_BACKEND] =
		{0, "backend", "WHAT", "psutil|psutil_pss|psutil_uss|posix",
		 "resident bytes (psutil, posix), shared pages by parts (_pss), without them (_uss)", 0},
	[OPTION_EXIT_CODE] = {'E', "exit-code", NULL, NULL, "end with the exit status of the program", 0},
	[OPTION_PYTHON] = {0, "python", NULL, NULL,
			   "the program is Python's: calls of functions under @profile are written too", 0},
	[OPTION_NO_PYTHON] = {0, "nopython", NULL, NULL, "the program is run as it is, even a .py file", 0},
	[OPTION_ATTACH] = {'a', "attach", NULL, NULL, "read a process that runs, as 'weigh mprof attach'", 0},
};

struct recording {
	const char *const *values; /* borrowed: by option; of attach without the last ones */
	struct weigh_probe probe;
	time_t began;
	char name[WEIGH_MPROF_NAME];
	const char *output; /* borrowed: the option's, or `name` */
	double interval, timeout; /* seconds; INFINITY: none */
	bool quiet;
	bool attached; /* nobody says when the process ends but the readings */
};

static struct weigh_error *read_seconds(const char *option, const char *text, double least, double *seconds)
{
	char *end;
	if (!text)
		return NULL;
	*seconds = strtod(text, &end);
	if (end == text || *end || !(*seconds >= least) || *seconds > 1e8)
		return weigh_error_create(WEIGH_ERROR_USAGE,
					  "%s: '%s' is no number of seconds from %g: give one", option, text,
					  least);
	return NULL;
}

static enum weigh_memory_kind kind_of(const char *backend)
{
	if (backend && !strcmp(backend, "psutil_pss"))
		return WEIGH_MEMORY_PROPORTIONAL;
	if (backend && !strcmp(backend, "psutil_uss"))
		return WEIGH_MEMORY_UNIQUE;
	return WEIGH_MEMORY_RESIDENT;
}

static struct weigh_error *read_options(struct recording *r, const struct weigh_arguments *arguments,
					double timeout)
{
	const char *const *values = (const char *const *)arguments->values;
	*r = (struct recording){.values = values, .interval = 0.1, .timeout = timeout};
	r->quiet = values[OPTION_QUIET] != NULL;
	r->probe.file = -1;
	r->probe.kind = kind_of(values[OPTION_BACKEND]);
	r->probe.sum = values[OPTION_CHILDREN] != NULL;
	r->probe.each = values[OPTION_EACH] != NULL;
	r->began = time(NULL);
	weigh_mprof_file_name(r->began, r->name);
	r->output = values[OPTION_OUTPUT] ? values[OPTION_OUTPUT] : r->name;
	struct weigh_error *error = read_seconds("--interval", values[OPTION_INTERVAL], 0.001, &r->interval);
	if (!error)
		error = read_seconds("--timeout", values[OPTION_TIMEOUT], 0, &r->timeout);
	return error;
}

/* Appended to by the program, too: no byte of either may be written over. */
static struct weigh_error *create_file(struct recording *r)
{
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
	flags |= r->values[OPTION_FORCE] ? O_TRUNC : O_EXCL;
	r->probe.file = open(r->output, flags, 0666);
	/* Several in one second: the next one that is free. */
	for (time_t next = r->began + 1;
	     r->probe.file < 0 && errno == EEXIST && r->output == r->name && next < r->began + NAMES_MOST;
	     next++) {
		weigh_mprof_file_name(next, r->name);
		r->probe.file = open(r->output, flags, 0666);
	}
	if (r->probe.file >= 0)
		return NULL;
	if (errno == EEXIST)
		return weigh_error_create(
			WEIGH_ERROR_SYSTEM,
			"%s: the file exists: give -f to replace it, or another name with -o", r->output);
	return weigh_error_create_system(errno, r->output, "choose another place with -o");
}

/* The command as mprof writes it: words with blanks in quotes, on one line. */
static struct weigh_error *write_command(struct recording *r, char *const *words)
{
	char *line = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&line, &length);
	if (!out)
		return weigh_error_create_memory();
	fputs("CMDLINE", out);
	for (; *words; words++) {
		const char *quote = strpbrk(*words, " \t") ? "'" : "";
		fprintf(out, " %s%s%s", quote, *words, quote);
	}
	if (fclose(out) != 0)
		return weigh_error_create_memory();
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = ' ';
	line[length] = '\n';
	ssize_t written = write(r->probe.file, line, length + 1);
	free(line);
	if (written == (ssize_t)length + 1)
		return NULL;
	return weigh_error_create_system(written < 0 ? errno : ENOSPC, r->output,
					 "choose another place with -o");
}

static void say_started(const struct recording *r)
{
	if (!r->quiet)
		fprintf(stderr, "weigh mprof: a reading every %g s into %s\n", r->interval, r->output);
}

/* What the file holds now, or why not more. */
static struct weigh_error *conclude(const struct recording *r)
{
	if (r->probe.error)
		return weigh_error_create_system(r->probe.error, r->output,
						 "the readings end early: see that the disk has room and the "
						 "process is yours");
	if (!r->quiet && r->probe.most_mib > 0)
		fprintf(stderr, "weigh mprof: peak %.1f MiB; see it with: weigh mprof plot %s\n",
			r->probe.most_mib, r->output);
	return NULL;
}

/*
 * Reads until `wait`, which sleeps until a deadline, says that it is over or
 * the time is up.
 */
static void read_until_end(struct recording *r, bool (*wait)(void *arg, uint64_t deadline_ns), void *arg)
{
	uint64_t start = weigh_clock_now(), interval = (uint64_t)(r->interval * 1e9);
	uint64_t next_write = start, next = start;
	uint64_t end = isinf(r->timeout) ? UINT64_MAX : start + (uint64_t)(r->timeout * 1e9);
	bool alive = true;

	weigh_probe_init(&r->probe);
	while ((alive || !r->attached) && !wait(arg, next < end ? next : end)) {
		uint64_t now = weigh_clock_now();
		if (now >= end)
			break;
		if (now < next)
			continue;
		if (alive && now >= next_write) {
			alive = weigh_probe_write(&r->probe);
			next_write += interval;
			if (next_write <= now)
				next_write = now + interval;
		} else if (alive) {
			alive = weigh_probe_tick(&r->probe);
		}
		/* What cannot be read any more is waited for. */
		next = now + (alive ? (uint64_t)WEIGH_PROBE_TICK_NS : interval);
		if (alive && (next > next_write || !r->probe.exact))
			next = next_write;
	}
	weigh_probe_end(&r->probe);
}

static bool wait_launched(void *arg, uint64_t deadline_ns)
{
	return weigh_launch_wait(arg, deadline_ns);
}

/* What is started, after memory_profiler's rules for what is Python's. */
struct command {
	char *path;   /* owned: the program */
	char **words; /* owned array: the command as it is shown, ended by NULL */
	char **passed; /* owned array: what follows the program's name */
	char *module_output; /* owned: where the Python side appends its lines */
	struct weigh_python python;
};

static void command_deinit(struct command *c)
{
	weigh_python_deinit(&c->python);
	free(c->path);
	free(c->words);
	free(c->passed);
	free(c->module_output);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);
	return length >= end_length && !strcmp(text + length - end_length, end);
}

static bool is_interpreter(const char *word)
{
	const char *slash = strrchr(word, '/');
	return !strncmp(slash ? slash + 1 : word, "python", strlen("python"));
}

/* The interpreter of `words[0]`, or in front of `words` the one beside us. */
static struct weigh_error *choose_program(struct command *c, char *const *words, int count, bool python)
{
	bool named = !python || is_interpreter(words[0]);
	c->words = calloc((size_t)count + 2, sizeof(*c->words));
	if (!c->words)
		return weigh_error_create_memory();
	memcpy(c->words + !named, words, (size_t)count * sizeof(*words));
	if (python) {
		struct weigh_error *error = weigh_python_find(&c->python, named ? words[0] : NULL);
		if (error)
			return error;
		c->path = strdup(c->python.interpreter);
		if (!named)
			c->words[0] = c->python.interpreter;
		return c->path ? NULL : weigh_error_create_memory();
	}
	c->path = weigh_program_find(words[0]);
	if (c->path)
		return NULL;
	return weigh_error_create(WEIGH_ERROR_SYSTEM,
				  "%s: there is no such program: check its name, or give its path", words[0]);
}

/* Words that make Python run the program with functions under @profile watched. */
static struct weigh_error *pass_words(struct command *c, const struct recording *r, int count, bool stamped)
{
	static char *const stamping[] = {"-m", "weigh.compat.memory_profiler", "--timestamp", "-o"};
	size_t used = 0;
	c->passed = calloc((size_t)count + 8, sizeof(*c->passed));
	/* The program may change folders before its lines are written. */
	c->module_output = realpath(r->output, NULL);
	if (!c->passed || !c->module_output)
		return weigh_error_create_memory();
	if (stamped) {
		memcpy(c->passed, stamping, sizeof(stamping));
		used = sizeof(stamping) / sizeof(*stamping);
		c->passed[used++] = c->module_output;
		if (r->probe.sum)
			c->passed[used++] = "--include-children";
	}
	for (char **word = c->words + 1; *word; word++)
		c->passed[used++] = *word;
	return NULL;
}

static struct weigh_error *start_program(struct recording *r, struct command *c, struct weigh_launch *launch,
					 char *const *words, int count)
{
	bool script = ends_with(words[0], ".py") && !r->values[OPTION_NO_PYTHON];
	bool stamped = (script && !r->probe.each) || r->values[OPTION_PYTHON] != NULL;
	struct weigh_error *error = choose_program(c, words, count, script || stamped);
	if (!error)
		error = create_file(r);
	if (!error)
		error = pass_words(c, r, count, stamped);
	if (!error)
		error = write_command(r, c->words);
	if (!error)
		error = weigh_launch_start_plain(launch, c->path, c->passed);
	if (error && r->probe.file >= 0)
		unlink(r->output);
	return error;
}

static struct weigh_error *run_program(struct recording *r, char *const *words, int count, int *status)
{
	struct weigh_launch launch;
	struct command command = {.path = NULL};
	int wait_status = 0;
	struct weigh_error *error = weigh_launch_init(&launch);
	if (!error)
		error = start_program(r, &command, &launch, words, count);
	if (!error) {
		say_started(r);
		r->probe.pid = launch.pid;
		read_until_end(r, wait_launched, &launch);
		wait_status = launch.wait_status;
		error = conclude(r);
	}
	command_deinit(&command);
	weigh_launch_deinit(&launch);
	bool interrupted = WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGINT;
	if (!error)
		*status =
			r->values[OPTION_EXIT_CODE] || interrupted ? weigh_program_end_alike(wait_status) : 0;
	return error;
}

/* A process that somebody else started. */
struct stranger {
	int pidfd; /* -1: the kernel has none */
	sigset_t ends;
};

/* True when a signal asks for the end, or the process has come to its own. */
static bool wait_stranger(void *arg, uint64_t deadline_ns)
{
	struct stranger *s = arg;
	struct pollfd ended = {.fd = s->pidfd, .events = POLLIN};
	uint64_t now = weigh_clock_now(), left = deadline_ns > now ? deadline_ns - now : 0;
	struct timespec timeout = {(time_t)(left / 1000000000), (long)(left % 1000000000)};
	const struct timespec at_once = {0, 0};
	sigset_t none;
	sigemptyset(&none);
	int ready = ppoll(&ended, 1, &timeout, NULL);
	return sigtimedwait(&s->ends, NULL, &at_once) > 0 || (ready > 0 && ended.revents);
}

static struct weigh_error *find_process(const char *word, pid_t *pid)
{
	if (!word[strspn(word, "0123456789")]) {
		*pid = (pid_t)strtol(word, NULL, 10);
		if (*pid > 0 && (kill(*pid, 0) == 0 || errno == EPERM))
			return NULL;
	} else {
		*pid = weigh_process_find(word);
		if (*pid)
			return NULL;
	}
	return weigh_error_create(WEIGH_ERROR_SYSTEM,
				  "%s: there is no such process: give the number or name of one that runs",
				  word);
}

static struct weigh_error *attach(struct recording *r, char *const *words)
{
	struct stranger stranger;
	struct weigh_error *error = find_process(words[0], &r->probe.pid);
	if (!error)
		error = create_file(r);
	if (!error)
		error = write_command(r, words);
	if (error)
		return error;
	sigemptyset(&stranger.ends);
	sigaddset(&stranger.ends, SIGINT);
	sigaddset(&stranger.ends, SIGTERM);
	sigaddset(&stranger.ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &stranger.ends, NULL);
	stranger.pidfd = (int)syscall(SYS_pidfd_open, r->probe.pid, 0);
	say_started(r);
	read_until_end(r, wait_stranger, &stranger);
	if (stranger.pidfd >= 0)
		close(stranger.pidfd);
	return conclude(r);
}

static struct weigh_error *perform(const struct weigh_arguments *arguments, bool attached, int *status)
{
	struct recording recording;
	if (arguments->operand_count == 0)
		return weigh_error_create(
			WEIGH_ERROR_USAGE,
			attached ? "mprof attach: nothing to read: give the number or name of a process"
				 : "mprof run: nothing to run: give a program or a script");
	weigh_program_occupy_standard_files();
	struct weigh_error *error = read_options(&recording, arguments, attached ? 3600 : INFINITY);
	recording.attached = attached;
	if (!error)
		error = attached ? attach(&recording, arguments->operands)
				 : run_program(&recording, arguments->operands, arguments->operand_count,
					       status);
	if (recording.probe.file >= 0)
		close(recording.probe.file);
	return error;
}

static struct weigh_error *perform_run(const struct weigh_arguments *arguments, int *status)
{
	return perform(arguments, arguments->values[OPTION_ATTACH] != NULL, status);
}

static struct weigh_error *perform_attach(const struct weigh_arguments *arguments, int *status)
{
	*status = 0;
	return perform(arguments, true, status);
}

const struct weigh_verb weigh_action_run = {
	.name = "mprof run",
	.usage = "[options] PROGRAM ARGS...",
	.summary = "run a program and read its memory at intervals",
	.notes =
		"A .py script runs under the Python beside weigh, or under the one named in front of it with\n"
		"--python; functions under @profile (not imported) then are in the file with their calls.\n"
		"What is higher between two readings than both is read too, as the kernel counts it.\n",
	.options = options,
	.option_count = RUN_OPTION_COUNT,
	.stops_at_operand = true,
	.perform = perform_run,
};

const struct weigh_verb weigh_action_attach = {
	.name = "mprof attach",
	.usage = "[options] PROCESS",
	.summary = "read the memory of a process that runs, by its number or name, until it ends or Ctrl-C",
	.options = options,
	.option_count = ATTACH_OPTION_COUNT,
	.stops_at_operand = true,
	.perform = perform_attach,
};
