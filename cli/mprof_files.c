/*
 * Finds mprof files: see cli/mprof_files.h. The main thread; allocates with
 * malloc.
 */
#include "cli/mprof_files.h"

#include "base/grow.h"

#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char pattern[] = "mprofile_[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]"
			      "[0-9][0-9][0-9][0-9][0-9][0-9].dat";

void weigh_mprof_file_name(time_t now, char name[static WEIGH_MPROF_NAME])
{
	struct tm local;
	localtime_r(&now, &local);
	strftime(name, WEIGH_MPROF_NAME, "mprofile_%Y%m%d%H%M%S.dat", &local);
}

/* Without memory the files are as they were. */
static struct weigh_error *add(struct weigh_mprof_files *files, const char *name)
{
	for (size_t i = 0; i < files->count; i++)
		if (!strcmp(files->names[i], name))
			return NULL;
	if (!weigh_grow(&files->names, &files->room, files->count, sizeof(*files->names)))
		return weigh_error_create_memory();
	files->names[files->count] = strdup(name);
	return files->names[files->count] ? (files->count++, NULL) : weigh_error_create_memory();
}

struct weigh_error *weigh_mprof_files_all(struct weigh_mprof_files *files)
{
	struct weigh_error *error = NULL;
	glob_t found;
	*files = (struct weigh_mprof_files){.names = NULL};
	int failed = glob(pattern, 0, NULL, &found);
	if (failed == GLOB_NOMATCH)
		return NULL;
	if (failed)
		return weigh_error_create_system(errno, ".", "see that this folder can be read");
	for (size_t i = 0; i < found.gl_pathc && !error; i++)
		error = add(files, found.gl_pathv[i]);
	globfree(&found);
	return error;
}

static bool read_number(const char *word, long *number)
{
	char *end;
	errno = 0;
	*number = strtol(word, &end, 10);
	return !errno && end != word && !*end;
}

static struct weigh_error *choose(struct weigh_mprof_files *files, const struct weigh_mprof_files *all,
				  const char *word)
{
	long number;
	if (access(word, F_OK) == 0)
		return add(files, word);
	if (!read_number(word, &number))
		return weigh_error_create(WEIGH_ERROR_SYSTEM,
					  "%s: there is no such file: see 'weigh mprof list'", word);
	if (number < 0)
		number += (long)all->count;
	if (number < 0 || number >= (long)all->count)
		return weigh_error_create(WEIGH_ERROR_USAGE,
					  "%s: no file and no number of one: see 'weigh mprof list'", word);
	return add(files, all->names[number]);
}

struct weigh_error *weigh_mprof_files_choose(struct weigh_mprof_files *files, char *const *words, int count)
{
	struct weigh_mprof_files all;
	*files = (struct weigh_mprof_files){.names = NULL};
	struct weigh_error *error = weigh_mprof_files_all(&all);
	if (!error && count == 0 && all.count == 0)
		error = weigh_error_create(
			WEIGH_ERROR_SYSTEM,
			"mprof: no mprofile_*.dat in this folder: make one with 'weigh mprof "
			"run', or name a file");
	else if (!error && count == 0)
		error = add(files, all.names[all.count - 1]);
	for (int i = 0; i < count && !error; i++)
		error = choose(files, &all, words[i]);
	weigh_mprof_files_deinit(&all);
	return error;
}

void weigh_mprof_files_deinit(struct weigh_mprof_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->names[i]);
	free(files->names);
	*files = (struct weigh_mprof_files){.names = NULL};
}
