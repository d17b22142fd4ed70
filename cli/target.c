/*
 * Checks and names what is to be run: see cli/target.h. The launcher's one
 * thread, before the program starts; allocates with malloc.
 */
#include "cli/target.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LABEL_LENGTH = 64, NAME_ATTEMPTS = 1000 };

/* The interpreter would say the same, but only after the capture was made. */
static struct weigh_error *check_script(const char *path)
{
	struct stat st;
	char inside[PATH_MAX];

	if (strcmp(path, "-") == 0)
		return NULL;
	if (stat(path, &st) != 0 && errno == ENOENT)
		return weigh_error_create(WEIGH_ERROR_SYSTEM, "%s: no such script: check the path", path);
	if (access(path, R_OK) != 0)
		return weigh_error_create(WEIGH_ERROR_SYSTEM,
					  "%s: the script cannot be read (%s): check its permissions", path,
					  strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return NULL;
	snprintf(inside, sizeof(inside), "%s/__main__.py", path);
	if (access(inside, R_OK) == 0)
		return NULL;
	snprintf(inside, sizeof(inside), "%s/__main__.pyc", path);
	if (access(inside, R_OK) == 0)
		return NULL;
	return weigh_error_create(
		WEIGH_ERROR_SYSTEM,
		"%s: a folder without __main__.py: name a script in it, or run a package with -m", path);
}

struct weigh_error *weigh_target_init(struct weigh_target *t, enum weigh_target_kind kind, const char *name,
				      char *const *rest, int count)
{
	*t = (struct weigh_target){.kind = kind, .name = name};
	if (kind == WEIGH_TARGET_SCRIPT) {
		struct weigh_error *error = check_script(name);
		if (error)
			return error;
	}
	t->arguments = calloc((size_t)count + 3, sizeof(*t->arguments));
	if (!t->arguments)
		return weigh_error_create_memory();
	int used = 0;
	if (kind != WEIGH_TARGET_SCRIPT)
		t->arguments[used++] = (char *)(kind == WEIGH_TARGET_MODULE ? "-m" : "-c");
	t->arguments[used++] = (char *)name;
	memcpy(t->arguments + used, rest, (size_t)count * sizeof(*rest));
	return NULL;
}

void weigh_target_deinit(struct weigh_target *t)
{
	free(t->arguments);
	t->arguments = NULL;
}

/* One word that says what ran; of a script its name without folder and ".py". */
static void make_label(const struct weigh_target *t, char label[static LABEL_LENGTH])
{
	char real[PATH_MAX];
	const char *word = t->name;

	if (t->kind == WEIGH_TARGET_CODE) {
		word = "code";
	} else if (t->kind == WEIGH_TARGET_SCRIPT) {
		if (strcmp(word, "-") == 0)
			word = "stdin";
		else if (realpath(word, real))
			word = real;
		const char *slash = strrchr(word, '/');
		word = slash ? slash + 1 : word;
	}
	snprintf(label, LABEL_LENGTH, "%.*s", LABEL_LENGTH - 1, word);
	size_t length = strlen(label);
	if (t->kind == WEIGH_TARGET_SCRIPT && length > 3 && strcmp(label + length - 3, ".py") == 0)
		label[length - 3] = '\0';
	for (char *c = label; *c; c++)
		if (*c == '/' || (unsigned char)*c < ' ')
			*c = '_';
}

/* The process number alone is not enough: in containers it is the same every time. */
char *weigh_target_capture_name(const struct weigh_target *t, bool overwrite)
{
	char label[LABEL_LENGTH], *name = NULL;

	make_label(t, label);
	for (int attempt = 1; attempt < NAME_ATTEMPTS; attempt++) {
		int made = attempt == 1
				   ? asprintf(&name, "weigh-%s.%d.weigh", label, (int)getpid())
				   : asprintf(&name, "weigh-%s.%d-%d.weigh", label, (int)getpid(), attempt);
		if (made < 0)
			return NULL;
		if (overwrite || access(name, F_OK) != 0)
			break;
		if (attempt + 1 < NAME_ATTEMPTS)
			free(name);
	}
	return name;
}
