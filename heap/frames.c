/*
 * Which lines of the program made objects: see heap/frames.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/frames.h"

#include "capture/lines.h"
#include "heap/index.h"

#include <stdlib.h>
#include <string.h>

static bool is_own(const char *file)
{
	return *file && strncmp(file, "<frozen ", 8) && !strstr(file, "/lib/python3") &&
	       !strstr(file, "/site-packages/") && !strstr(file, "/dist-packages/");
}

static const char *node_file(const struct weigh_heap_graph *graph, uint32_t node)
{
	return weigh_heap_text(graph, graph->codes[graph->nodes[node].code].file, NULL);
}

static struct weigh_heap_frame frame_of(const struct weigh_heap_graph *graph, uint32_t number)
{
	const struct weigh_heap_node *node = &graph->nodes[number];
	struct weigh_heap_frame frame = {0};
	size_t length;

	if (!number || node->code >= graph->code_count || !*node_file(graph, number))
		return frame;
	const struct weigh_heap_code *code = &graph->codes[node->code];
	const uint8_t *table = (const uint8_t *)weigh_heap_text(graph, code->lines, &length);
	frame.file = weigh_heap_text(graph, code->file, NULL);
	frame.function = weigh_heap_text(graph, code->function, NULL);
	frame.line =
		weigh_line_find(graph->header.python, table, length, code->first_line, node->instruction);
	return frame;
}

/* "<string>": of python -c, but also of the constructors that named tuples and dataclasses write. */
static bool is_made_up(const char *file)
{
	return *file == '<';
}

/*
 * For each node: the innermost of its frames that is the program's own; 0: none
 * is. Code without a file counts where no file of the program called it.
 */
static uint32_t *find_own(const struct weigh_heap_graph *graph)
{
	uint32_t *own = calloc((size_t)graph->node_count + 1, sizeof(*own));

	for (uint32_t i = 1; own && i < graph->node_count; i++) {
		uint32_t outer = own[graph->nodes[i].parent];

		own[i] = outer;
		if (graph->nodes[i].code >= graph->code_count || !is_own(node_file(graph, i)))
			continue;
		if (!is_made_up(node_file(graph, i)) || !outer || is_made_up(node_file(graph, outer)))
			own[i] = i;
	}
	return own;
}

static uint64_t frame_key(const struct weigh_heap_graph *graph, uint32_t node, uint32_t line)
{
	return node && graph->nodes[node].code < graph->code_count
		       ? (uint64_t)graph->codes[graph->nodes[node].code].file << 32 | line
		       : 0;
}

static bool join(struct weigh_heap_lines *lines, const struct weigh_heap_graph *graph, const uint32_t *own,
		 struct weigh_heap_index *index)
{
	for (uint32_t s = 0; s < graph->site_count; s++) {
		uint32_t inner = graph->sites[s].node, outer = own[inner] ? own[inner] : inner;
		struct weigh_heap_line line = {.own = frame_of(graph, outer)};

		if (outer != inner)
			line.via = frame_of(graph, inner);
		uint32_t before = index->count;
		uint32_t number =
			weigh_heap_index_put(index, frame_key(graph, outer, line.own.line),
					     outer == inner ? 0 : frame_key(graph, inner, line.via.line));
		if (number == WEIGH_NO_OBJECT)
			return false;
		if (number == before)
			lines->lines[number] = line;
		lines->of_site[s] = number;
	}
	lines->count = index->count;
	return true;
}

struct weigh_error *weigh_heap_lines_create(const struct weigh_heap_graph *graph,
					    struct weigh_heap_lines **result)
{
	struct weigh_heap_lines *lines = calloc(1, sizeof(*lines));
	struct weigh_heap_index index = {0};
	uint32_t *own = find_own(graph);
	struct weigh_error *error = weigh_heap_index_init(&index);

	if (lines) {
		lines->lines = malloc(((size_t)graph->site_count + 1) * sizeof(*lines->lines));
		lines->of_site = malloc(((size_t)graph->site_count + 1) * sizeof(*lines->of_site));
	}
	if (!error &&
	    (!lines || !own || !lines->lines || !lines->of_site || !join(lines, graph, own, &index)))
		error = weigh_error_create_memory();
	weigh_heap_index_deinit(&index);
	free(own);
	if (error)
		weigh_heap_lines_destroy(lines);
	else
		*result = lines;
	return error;
}

void weigh_heap_lines_destroy(struct weigh_heap_lines *lines)
{
	if (!lines)
		return;
	free(lines->lines);
	free(lines->of_site);
	free(lines);
}
