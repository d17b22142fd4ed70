/*
 * `weigh mprof list`, `peak`, `rm` and `clean`: what files there are, and what
 * is in them.
 *
 * The main thread; allocates with malloc.
 */
#include "capture/mprof.h"
#include "cli/mprof.h"
#include "cli/mprof_files.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

static struct weigh_error *perform_list(const struct weigh_arguments *arguments, int *status)
{
	struct weigh_mprof_files files;
	(void)arguments;
	struct weigh_error *error = weigh_mprof_files_all(&files);
	for (size_t i = 0; i < files.count && !error; i++) {
		const char *at = strchr(files.names[i], '_') + 1;
		printf("%zu %s %.2s:%.2s:%.2s %.2s/%.2s/%.4s\n", i, files.names[i], at + 8, at + 10, at + 12,
		       at + 6, at + 4, at);
	}
	weigh_mprof_files_deinit(&files);
	*status = 0;
	return error;
}

enum { OPTION_DRY_RUN, REMOVE_OPTION_COUNT };

static const struct weigh_option remove_options[] = {
	[OPTION_DRY_RUN] = {'n', "dry-run", NULL, NULL, "only say what would be removed", 0},
};

/* A slip must not cost a file that mprof never wrote. */
static struct weigh_error *check_removable(const char *name)
{
	struct weigh_mprof *profile;
	if (!strncmp(name, "mprofile_", strlen("mprofile_")))
		return NULL;
	struct weigh_error *error = weigh_mprof_open(name, &profile);
	if (!error)
		weigh_mprof_destroy(profile);
	if (!error || error->code != WEIGH_ERROR_FORMAT)
		return error;
	weigh_error_destroy(error);
	return weigh_error_create(WEIGH_ERROR_FORMAT,
				  "%s: is no mprof file, nothing was removed: remove it with rm", name);
}

static struct weigh_error *remove_files(const struct weigh_mprof_files *files, bool dry)
{
	struct weigh_error *error = NULL;
	for (size_t i = 0; i < files->count && !error; i++)
		error = check_removable(files->names[i]);
	if (!error && dry)
		printf("Files to be removed: \n");
	for (size_t i = 0; i < files->count && !error; i++) {
		if (dry)
			printf("%s\n", files->names[i]);
		else if (unlink(files->names[i]) != 0)
			error = weigh_error_create_system(errno, files->names[i], "see who owns its folder");
	}
	return error;
}

static struct weigh_error *perform_rm(const struct weigh_arguments *arguments, int *status)
{
	struct weigh_mprof_files files = {.names = NULL};
	if (arguments->operand_count == 0)
		return weigh_error_create(WEIGH_ERROR_USAGE,
					  "mprof rm: nothing to remove: give numbers or names of files");
	struct weigh_error *error =
		weigh_mprof_files_choose(&files, arguments->operands, arguments->operand_count);
	if (!error)
		error = remove_files(&files, arguments->values[OPTION_DRY_RUN] != NULL);
	weigh_mprof_files_deinit(&files);
	*status = 0;
	return error;
}

static struct weigh_error *perform_clean(const struct weigh_arguments *arguments, int *status)
{
	struct weigh_mprof_files files;
	if (arguments->operand_count > 0)
		return weigh_error_create(WEIGH_ERROR_USAGE,
					  "mprof clean: %s: takes no file: use 'weigh mprof rm'",
					  arguments->operands[0]);
	struct weigh_error *error = weigh_mprof_files_all(&files);
	if (!error)
		error = remove_files(&files, arguments->values[OPTION_DRY_RUN] != NULL);
	weigh_mprof_files_deinit(&files);
	*status = 0;
	return error;
}

enum { OPTION_FUNC, PEAK_OPTION_COUNT };

static const struct weigh_option peak_options[] = {
	[OPTION_FUNC] = {0, "func", "NAME", NULL, "only while this function ran, as the file calls it", 0},
};

/* The highest while a function ran; NaN when the file does not know it. */
static double peak_within(const struct weigh_mprof *p, const char *function)
{
	double peak = NAN;
	for (size_t c = 0; c < p->call_count; c++) {
		const struct weigh_mprof_call *call = &p->calls[c];
		if (strcmp(p->functions[call->function], function) != 0)
			continue;
		peak = fmax(peak, fmax(call->start_mib, call->end_mib));
		for (size_t i = 0; i < p->memory.count; i++) {
			const struct weigh_mprof_point *point = &p->memory.points[i];
			if (point->time >= call->start && point->time <= call->end)
				peak = fmax(peak, point->mib);
		}
	}
	return peak;
}

static struct weigh_error *print_peak(const char *name, const char *function)
{
	struct weigh_mprof *p;
	struct weigh_error *error = weigh_mprof_open(name, &p);
	if (error)
		return error;
	double peak = function ? peak_within(p, function) : weigh_mprof_peak(&p->memory);
	if (!function && p->memory.count == 0) {
		error = weigh_error_create(WEIGH_ERROR_FORMAT,
					   "%s: no reading of memory in it: run the program again", name);
	} else if (isnan(peak)) {
		printf("%s\tNaN MiB\n", name);
	} else {
		printf("%s\t%.3f MiB\n", name, peak);
		for (size_t i = 0; i < p->child_count; i++)
			printf("  Child %s\t\t\t%.3f MiB\n", p->children[i].name,
			       weigh_mprof_peak(&p->children[i]));
	}
	weigh_mprof_destroy(p);
	return error;
}

static struct weigh_error *perform_peak(const struct weigh_arguments *arguments, int *status)
{
	struct weigh_mprof_files files;
	struct weigh_error *error =
		weigh_mprof_files_choose(&files, arguments->operands, arguments->operand_count);
	for (size_t i = 0; i < files.count && !error; i++)
		error = print_peak(files.names[i], arguments->values[OPTION_FUNC]);
	weigh_mprof_files_deinit(&files);
	*status = 0;
	return error;
}

const struct weigh_verb weigh_action_list = {
	.name = "mprof list",
	.usage = "",
	.summary = "the mprof files in this folder, with the numbers that other actions take",
	.perform = perform_list,
};

const struct weigh_verb weigh_action_rm = {
	.name = "mprof rm",
	.usage = "[options] FILE...",
	.summary = "remove mprof files, by number or name; -1 is the newest",
	.options = remove_options,
	.option_count = REMOVE_OPTION_COUNT,
	.perform = perform_rm,
};

const struct weigh_verb weigh_action_clean = {
	.name = "mprof clean",
	.usage = "[options]",
	.summary = "remove every mprofile_*.dat in this folder",
	.options = remove_options,
	.option_count = REMOVE_OPTION_COUNT,
	.perform = perform_clean,
};

const struct weigh_verb weigh_action_peak = {
	.name = "mprof peak",
	.usage = "[options] [FILE...]",
	.summary = "the highest memory of files, by number or name; of the newest when none is given",
	.options = peak_options,
	.option_count = PEAK_OPTION_COUNT,
	.perform = perform_peak,
};
