/*
 * Beginning and end of verbs that run a program: see cli/program.h. The
 * launcher's one thread.
 */
#include "cli/program.h"

#include "cli/signals.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

void weigh_program_occupy_standard_files(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR | O_CLOEXEC) < 0)
			return;
}

struct weigh_error *weigh_program_target(struct weigh_target *target, const struct weigh_arguments *arguments,
					 const char *verb, int module, int code)
{
	char **rest = arguments->operands;
	int count = arguments->operand_count;

	if (arguments->ended_by == module)
		return weigh_target_init(target, WEIGH_TARGET_MODULE, arguments->values[module], rest, count);
	if (arguments->ended_by == code)
		return weigh_target_init(target, WEIGH_TARGET_CODE, arguments->values[code], rest, count);
	if (count > 0)
		return weigh_target_init(target, WEIGH_TARGET_SCRIPT, rest[0], rest + 1, count - 1);
	return weigh_error_create(WEIGH_ERROR_USAGE,
				  "%s: nothing to run: give a script, -m MODULE or -c CODE", verb);
}

int weigh_program_end_alike(int wait_status)
{
	if (!WIFSIGNALED(wait_status))
		return WEXITSTATUS(wait_status);
	fflush(NULL);
	weigh_signals_die(WTERMSIG(wait_status));
	return 128 + WTERMSIG(wait_status);
}
