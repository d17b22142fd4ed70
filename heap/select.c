/*
 * Which objects a person means: see heap/select.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/select.h"

#include "capture/lines.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool all_digits(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

static bool is_address(const char *word, uint64_t *address)
{
	char *end;

	if (!all_digits(word) && strncmp(word, "0x", 2) != 0)
		return false;
	errno = 0;
	*address = strtoull(word, &end, 0);
	return !errno && end != word && !*end;
}

static struct weigh_error *select_object(struct weigh_heap_selection *selection,
					 const struct weigh_heap_graph *graph, const char *option,
					 const char *word, uint64_t address)
{
	selection->object = weigh_heap_find(graph, address);
	if (selection->object == WEIGH_NO_OBJECT)
		return weigh_error_create(WEIGH_ERROR_USAGE,
					  "%s %s: no object began at this address: take one that id() gave, "
					  "or one from --json",
					  option, word);
	selection->chosen[selection->object] = 1;
	selection->count = 1;
	return NULL;
}

static bool meets(const char *pattern, const char *text)
{
	return strpbrk(pattern, "*?[") ? !fnmatch(pattern, text, 0) : !strcmp(pattern, text);
}

static void select_type(struct weigh_heap_selection *selection, const struct weigh_heap_graph *graph,
			const uint8_t *types)
{
	for (uint32_t i = 0; i < graph->object_count; i++) {
		selection->chosen[i] = types[weigh_heap_shape(graph, i)->type];
		selection->count += selection->chosen[i];
	}
}

static struct weigh_error *select_types(struct weigh_heap_selection *selection,
					const struct weigh_heap_graph *graph, const char *word)
{
	uint8_t *types = calloc((size_t)graph->type_count + 1, 1);
	char name[WEIGH_HEAP_NAME], dotted[2 * WEIGH_HEAP_NAME];

	if (!types)
		return weigh_error_create_memory();
	for (uint32_t i = 0; i < graph->type_count; i++) {
		const struct weigh_heap_type *type = &graph->types[i];
		const char *own = weigh_heap_text(graph, type->name, NULL);

		snprintf(dotted, sizeof(dotted), "%s.%s", weigh_heap_text(graph, type->module, NULL), own);
		types[i] = !strcmp(word, weigh_heap_type_name(graph, i, name)) || meets(word, own) ||
			   meets(word, dotted) || meets(word, name);
	}
	select_type(selection, graph, types);
	free(types);
	return NULL;
}

/* Whether `path` ends with `tail` at the beginning of a part of it. */
static bool ends_with(const char *path, const char *tail, size_t length)
{
	size_t whole = strlen(path);

	if (whole < length || memcmp(path + whole - length, tail, length) != 0)
		return false;
	return whole == length || tail[0] == '/' || path[whole - length - 1] == '/';
}

static bool is_line(const struct weigh_heap_graph *graph, const struct weigh_heap_node *node,
		    const uint8_t *codes, uint32_t line)
{
	const struct weigh_heap_code *code = &graph->codes[node->code];
	size_t length;

	if (!codes[node->code])
		return false;
	const char *table = weigh_heap_text(graph, code->lines, &length);
	return weigh_line_find(graph->header.python, (const uint8_t *)table, length, code->first_line,
			       node->instruction) == line;
}

/* Nodes on whose way to the root the line lies; parents come first. */
static void mark_nodes(const struct weigh_heap_graph *graph, const uint8_t *codes, uint8_t *nodes,
		       uint32_t line)
{
	for (uint32_t i = 1; i < graph->node_count; i++) {
		const struct weigh_heap_node *node = &graph->nodes[i];
		nodes[i] = nodes[node->parent] || is_line(graph, node, codes, line);
	}
}

static struct weigh_error *select_line(struct weigh_heap_selection *selection,
				       const struct weigh_heap_graph *graph, const char *word, size_t file,
				       uint32_t line)
{
	uint8_t *codes = calloc((size_t)graph->code_count + 1, 1);
	uint8_t *nodes = calloc((size_t)graph->node_count + 1, 1);
	struct weigh_error *error = NULL;

	if (!codes || !nodes) {
		error = weigh_error_create_memory();
	} else {
		for (uint32_t i = 0; i < graph->code_count; i++)
			codes[i] = ends_with(weigh_heap_text(graph, graph->codes[i].file, NULL), word, file);
		mark_nodes(graph, codes, nodes, line);
		for (uint32_t i = 0; graph->site && i < graph->object_count; i++) {
			if (graph->site[i] == UINT32_MAX)
				continue;
			selection->chosen[i] = nodes[graph->sites[graph->site[i]].node];
			selection->count += selection->chosen[i];
		}
	}
	free(codes);
	free(nodes);
	return error;
}

static struct weigh_error *complain(const struct weigh_heap_graph *graph, const char *option,
				    const char *word, bool line)
{
	if (line && !graph->site)
		return weigh_error_create(WEIGH_ERROR_USAGE,
					  "%s %s: the snapshot does not know which lines made its objects: "
					  "take it with `weigh run --heap`",
					  option, word);
	if (line)
		return weigh_error_create(
			WEIGH_ERROR_USAGE,
			"%s %s: no object of the snapshot is known to have been made there: "
			"--sites lists the lines",
			option, word);
	return weigh_error_create(WEIGH_ERROR_USAGE,
				  "%s %s: no object of such a type: --types lists them; an address is "
				  "written 0x..., a line FILE:LINE",
				  option, word);
}

struct weigh_error *weigh_heap_selection_init(struct weigh_heap_selection *selection,
					      const struct weigh_heap_graph *graph, const char *option,
					      const char *word)
{
	const char *colon = strrchr(word, ':');
	bool line = colon && colon > word && all_digits(colon + 1);
	struct weigh_error *error;
	uint64_t address;

	*selection = (struct weigh_heap_selection){
		.chosen = calloc((size_t)graph->object_count + 1, 1),
		.object = WEIGH_NO_OBJECT,
	};
	if (!selection->chosen)
		return weigh_error_create_memory();
	if (is_address(word, &address))
		error = select_object(selection, graph, option, word, address);
	else if (line)
		error = select_line(selection, graph, word, (size_t)(colon - word),
				    (uint32_t)strtoul(colon + 1, NULL, 10));
	else
		error = select_types(selection, graph, word);
	if (!error && !selection->count)
		error = complain(graph, option, word, line);
	if (error)
		weigh_heap_selection_deinit(selection);
	return error;
}

void weigh_heap_selection_deinit(struct weigh_heap_selection *selection)
{
	free(selection->chosen);
	*selection = (struct weigh_heap_selection){0};
}
