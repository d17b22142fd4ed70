/*
 * Source lines of the program: see report/source.h.
 *
 * One thread; allocates with malloc; reads each file once.
 */
#include "report/source.h"

#include "capture/names.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST_FILE = 32 << 20 };

struct source_line {
	struct source_line *next;
	uint32_t line;
	char text[];
};

struct source_file {
	struct source_file *next;
	char *name;
	char *bytes; /* NULL: not to be had */
	size_t length;
	size_t *starts; /* of line i + 1 */
	uint32_t line_count;
	bool changed;
	struct source_line *lines; /* those handed out */
};

struct weigh_sources {
	char *folder; /* where the program started, without a slash at its end */
	uint64_t started_unix_ns;
	struct source_file *files; /* the one asked for last comes first */
};

static struct weigh_error *create(const char *folder, size_t length, uint64_t started_unix_ns,
				  struct weigh_sources **result)
{
	struct weigh_sources *sources = calloc(1, sizeof(*sources));

	if (!sources)
		return weigh_error_create_memory();
	sources->started_unix_ns = started_unix_ns;
	sources->folder = weigh_text_clean(folder, length, false);
	if (!sources->folder) {
		free(sources);
		return weigh_error_create_memory();
	}
	length = strlen(sources->folder);
	while (length > 0 && sources->folder[length - 1] == '/')
		sources->folder[--length] = '\0';
	*result = sources;
	return NULL;
}

struct weigh_error *weigh_sources_create(const struct weigh_capture *capture, struct weigh_sources **sources)
{
	const struct weigh_header *header = capture->header;

	return create(capture->strings + header->folder.offset, header->folder.length,
		      header->started_unix_ns, sources);
}

struct weigh_error *weigh_sources_create_since(uint64_t started_unix_ns, struct weigh_sources **sources)
{
	char here[PATH_MAX];

	if (!getcwd(here, sizeof(here)))
		here[0] = '\0';
	return create(here, strlen(here), started_unix_ns, sources);
}

static void file_destroy(struct source_file *file)
{
	while (file->lines) {
		struct source_line *next = file->lines->next;
		free(file->lines);
		file->lines = next;
	}
	free(file->name);
	free(file->bytes);
	free(file->starts);
	free(file);
}

void weigh_sources_destroy(struct weigh_sources *sources)
{
	if (!sources)
		return;
	while (sources->files) {
		struct source_file *next = sources->files->next;
		file_destroy(sources->files);
		sources->files = next;
	}
	free(sources->folder);
	free(sources);
}

/* Read the whole of an open file of `length` bytes; NULL when it cannot be. */
static char *read_whole(int fd, size_t length)
{
	char *bytes = malloc(length + 1);
	size_t got = 0;

	while (bytes && got < length) {
		ssize_t n = read(fd, bytes + got, length - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			free(bytes);
			return NULL;
		}
		got += (size_t)n;
	}
	return bytes;
}

static void index_lines(struct source_file *file)
{
	size_t capacity = 1;

	for (size_t i = 0; i < file->length; i++)
		capacity += file->bytes[i] == '\n';
	file->starts = malloc(capacity * sizeof(*file->starts));
	if (!file->starts)
		return;
	for (size_t start = 0; start < file->length;) {
		const char *end = memchr(file->bytes + start, '\n', file->length - start);
		file->starts[file->line_count++] = start;
		start = end ? (size_t)(end - file->bytes) + 1 : file->length;
	}
}

/* Fill in what the disk has of a file; not having it is no failure. */
static void load(const struct weigh_sources *sources, struct source_file *file)
{
	char *path = NULL;
	struct stat status;

	/* "<string>", "<frozen importlib._bootstrap>" are no files. */
	if (!file->name[0] || file->name[0] == '<')
		return;
	if (file->name[0] != '/' && asprintf(&path, "%s/%s", sources->folder, file->name) < 0)
		return;
	int fd = open(path ? path : file->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	free(path);
	if (fd < 0)
		return;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size <= LARGEST_FILE) {
		uint64_t modified =
			(uint64_t)status.st_mtim.tv_sec * 1000000000 + (uint64_t)status.st_mtim.tv_nsec;

		file->changed = modified > sources->started_unix_ns;
		file->length = (size_t)status.st_size;
		if (!file->changed)
			file->bytes = read_whole(fd, file->length);
	}
	close(fd);
	if (file->bytes)
		index_lines(file);
}

static struct source_file *find_file(struct weigh_sources *sources, const char *name)
{
	for (struct source_file **link = &sources->files; *link; link = &(*link)->next) {
		struct source_file *file = *link;
		if (strcmp(file->name, name))
			continue;
		*link = file->next;
		file->next = sources->files;
		sources->files = file;
		return file;
	}
	struct source_file *file = calloc(1, sizeof(*file));
	if (!file || !(file->name = strdup(name))) {
		free(file);
		return NULL;
	}
	load(sources, file);
	file->next = sources->files;
	sources->files = file;
	return file;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\n';
}

static const char *keep_line(struct source_file *file, uint32_t line)
{
	const char *start = file->bytes + file->starts[line - 1];
	const char *end =
		line < file->line_count ? file->bytes + file->starts[line] : file->bytes + file->length;

	while (start < end && is_blank(*start))
		start++;
	while (end > start && is_blank(end[-1]))
		end--;
	char *clean = weigh_text_clean(start, (size_t)(end - start), false);
	if (!clean)
		return NULL;
	size_t size = strlen(clean) + 1;
	struct source_line *kept = malloc(sizeof(*kept) + size);
	if (kept) {
		kept->line = line;
		memcpy(kept->text, clean, size);
		kept->next = file->lines;
		file->lines = kept;
	}
	free(clean);
	return kept ? kept->text : NULL;
}

const char *weigh_source_line(struct weigh_sources *sources, const char *name, uint32_t line)
{
	struct source_file *file = name && line ? find_file(sources, name) : NULL;

	if (!file || !file->starts || line > file->line_count)
		return NULL;
	for (const struct source_line *kept = file->lines; kept; kept = kept->next) {
		if (kept->line == line)
			return kept->text;
	}
	return keep_line(file, line);
}

static const char *read_line(void *arg, const char *file, uint32_t line)
{
	return weigh_source_line(arg, file, line);
}

struct weigh_line_reader weigh_sources_reader(struct weigh_sources *sources)
{
	return (struct weigh_line_reader){read_line, sources};
}

const char *weigh_sources_changed(const struct weigh_sources *sources)
{
	for (const struct source_file *file = sources->files; file; file = file->next) {
		if (file->changed)
			return file->name;
	}
	return NULL;
}

/* The last place in `path` right after `folder`, or NULL. */
static const char *after_folder(const char *path, const char *folder)
{
	const char *found = NULL;

	for (const char *at = strstr(path, folder); at; at = strstr(at + 1, folder))
		found = at + strlen(folder);
	return found;
}

const char *weigh_source_short_path(const struct weigh_sources *sources, const char *file)
{
	size_t length = strlen(sources->folder);
	const char *package = after_folder(file, "/site-packages/");

	if (!package)
		package = after_folder(file, "/dist-packages/");
	if (package && *package)
		return package;
	if (length && !strncmp(file, sources->folder, length) && file[length] == '/' && file[length + 1])
		return file + length + 1;

	/* The standard library: .../lib/python3.13/json/decoder.py */
	const char *library = after_folder(file, "/lib/python3.");
	if (library && (library = strchr(library, '/')) && library[1])
		return library + 1;
	return file;
}
