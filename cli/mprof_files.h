/*
 * The mprof files of the current folder, and choosing among them.
 */
#ifndef WEIGH_CLI_MPROF_FILES_H
#define WEIGH_CLI_MPROF_FILES_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Owned names in an owned array. */
struct weigh_mprof_files {
	char **names;
	uint32_t count, room;
};

/* The name of a file begun at `now`: mprofile_YYYYmmddHHMMSS.dat. */
enum { WEIGH_MPROF_NAME = sizeof("mprofile_YYYYmmddHHMMSS.dat") };
void weigh_mprof_file_name(time_t now, char name[static WEIGH_MPROF_NAME]);

/* All files of such a name in the current folder, the oldest first. */
struct weigh_error *weigh_mprof_files_all(struct weigh_mprof_files *files);

/*
 * Those that `words` choose, each once: a file, or the number of one of all,
 * from 0 for the oldest and -1 for the newest. What is neither is an error.
 * Without words the newest; an error when there is none.
 */
struct weigh_error *weigh_mprof_files_choose(struct weigh_mprof_files *files, char *const *words, int count);
void weigh_mprof_files_deinit(struct weigh_mprof_files *files);

#endif
