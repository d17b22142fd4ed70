/*
 * Building structures of Python's libraries: see cli/builder.h. The main
 * thread; allocates with malloc.
 */
#include "cli/builder.h"

#include "cli/python.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MEMBERS_MOST = 50000000 }; /* of a filter that is built */

/*
 * Texts come apart by a byte that is in none of them; each line that is printed
 * is what one library says. What an import takes is counted by the module that
 * is built in, before any other: tracemalloc itself imports half of it.
 */
static const char script[] =
	"import sys, _tracemalloc as tracing\n"
	"half, members = map(int, sys.argv[1:])\n"
	"texts = sys.stdin.buffer.read().decode('utf-8', 'replace').split('\\0')[:-1]\n"
	"try:\n"
	"    tracing.start()\n"
	"    import numpy\n"
	"    first = tracing.get_traced_memory()[0]\n"
	"    from datasketches import hll_sketch\n"
	"    second = tracing.get_traced_memory()[0]\n"
	"    sketch = hll_sketch(14)\n"
	"    for text in texts:\n"
	"        sketch.update(text)\n"
	"    size = sketch.get_max_updatable_serialization_bytes(14, sketch.tgt_type)\n"
	"    print('sketch', size, sketch.get_rel_err(True, False, 14, 2),\n"
	"          sketch.get_estimate(), len(set(texts)), first, second - first)\n"
	"except ImportError:\n"
	"    pass\n"
	"tracing.stop()\n"
	"try:\n"
	"    from marisa_trie import Trie\n"
	"    print('trie', len(Trie(texts[:half]).tobytes()), len(Trie(texts).tobytes()))\n"
	"except ImportError:\n"
	"    pass\n"
	"try:\n"
	"    from rbloom import Bloom\n"
	"    print('filter', Bloom(members, 0.01).size_in_bits // 8)\n"
	"except ImportError:\n"
	"    pass\n"
	"print('end')\n";

/* The texts in a file without a name; -1 when there is no memory for it. */
static int put_texts(const struct weigh_build *build)
{
	int fd = memfd_create("texts", MFD_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(dup(fd), "w");

	for (uint32_t i = 0; file && i < build->count; i++)
		fwrite(build->texts[i], 1, strlen(build->texts[i]) + 1, file);
	if (file && !fclose(file) && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void read_answer(const char *text, struct weigh_built *built)
{
	*built = (struct weigh_built){0};
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		sscanf(line, "trie %lf %lf", &built->trie_half, &built->trie);
		sscanf(line, "filter %lf", &built->filter);
		sscanf(line, "sketch %lf %lf %lf %lf %lf %lf", &built->sketch, &built->sketch_off,
		       &built->sketch_counted, &built->sketch_true, &built->numpy_import,
		       &built->sketch_import);
	}
}

static bool build_with_python(void *arg, const struct weigh_build *build, struct weigh_built *built)
{
	const struct weigh_library_builder *builder = arg;
	char half[24], members[24], *interpreter, *answer = NULL;
	struct weigh_error *error = weigh_python_interpreter(builder->python, &interpreter);

	if (error) {
		weigh_error_destroy(error);
		return false;
	}
	snprintf(half, sizeof(half), "%u", build->half);
	snprintf(members, sizeof(members), "%llu",
		 (unsigned long long)(build->members < MEMBERS_MOST ? build->members : MEMBERS_MOST));
	char *const argv[] = {interpreter, (char *)"-I",    (char *)"-c", (char *)script,
			      half,        (char *)members, NULL};
	int texts = put_texts(build);
	if (texts >= 0) {
		answer = weigh_python_ask(argv, texts);
		close(texts);
	}
	free(interpreter);
	if (answer)
		read_answer(answer, built);
	if (build->members > MEMBERS_MOST)
		built->filter = 0;
	built->sketch_off = fabs(built->sketch_off);
	bool built_something = answer;
	free(answer);
	return built_something;
}

void weigh_library_builder_init(struct weigh_library_builder *builder)
{
	*builder = (struct weigh_library_builder){.builder = {build_with_python, builder}};
}
