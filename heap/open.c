/*
 * Opening a snapshot: see heap/graph.h. The file is read into memory, its
 * header and seal are checked, then each section is decoded.
 *
 * One thread per graph; allocates with malloc.
 */
#include "base/file.h"
#include "capture/parts.h"
#include "heap/graph.h"
#include "heap/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct weigh_error *read_at(int fd, const char *path, uint64_t offset, uint8_t *to, uint64_t length)
{
	while (length) {
		ssize_t n = pread(fd, to, length, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return weigh_error_create_system(
				errno, path, "check the disk, or copy the file elsewhere and try there");
		if (n == 0)
			return weigh_error_create(WEIGH_ERROR_FORMAT,
						  "%s: became shorter while it was read: try again", path);
		to += n;
		offset += (uint64_t)n;
		length -= (uint64_t)n;
	}
	return NULL;
}

static struct weigh_error *read_part(int fd, const char *path, enum weigh_snapshot_when when, uint8_t **bytes,
				     uint64_t *size)
{
	uint64_t offset;
	struct weigh_error *error = weigh_part_find(fd, path, when, &offset, size);

	if (error)
		return error;
	*bytes = malloc(*size ? *size : 1);
	if (!*bytes)
		return weigh_error_create_memory();
	error = read_at(fd, path, offset, *bytes, *size);
	if (error) {
		free(*bytes);
		*bytes = NULL;
	}
	return error;
}

struct weigh_error *weigh_heap_graph_open(const char *path, enum weigh_snapshot_when when,
					  struct weigh_heap_graph **graph)
{
	uint8_t *bytes = NULL;
	uint64_t size;
	int fd;
	struct weigh_error *error = weigh_file_open(path, "a capture or a snapshot", &fd);

	if (error)
		return error;
	error = read_part(fd, path, when, &bytes, &size);
	close(fd);
	if (!error)
		error = weigh_heap_graph_read(bytes, size, path, graph);
	free(bytes);
	return error;
}

struct weigh_error *weigh_heap_graph_read(const uint8_t *bytes, uint64_t size, const char *path,
					  struct weigh_heap_graph **result)
{
	struct weigh_error *error = weigh_heap_check(bytes, size, path);
	if (error)
		return error;
	struct weigh_heap_graph *graph = calloc(1, sizeof(*graph));
	if (!graph)
		return weigh_error_create_memory();
	graph->path = strdup(path);
	graph->store = calloc(1, sizeof(*graph->store));
	memcpy(&graph->header, bytes, sizeof(graph->header));
	graph->object_count = (uint32_t)graph->header.objects;

	const struct weigh_heap_source source = {.bytes = bytes, .header = &graph->header, .path = path};
	if (!graph->path || !graph->store)
		error = weigh_error_create_memory();
	if (!error)
		error = weigh_heap_decode_tables(&source, graph);
	if (!error)
		error = weigh_heap_decode_objects(&source, graph);
	if (!error)
		error = weigh_heap_decode_edges(&source, graph);
	if (!error)
		error = weigh_heap_drop_stale(graph);
	if (error) {
		weigh_heap_graph_close(graph);
		return error;
	}
	*result = graph;
	return NULL;
}

static void destroy_store(struct weigh_heap_store *store)
{
	if (!store)
		return;
	for (uint32_t i = 0; i < store->text_count; i++) {
		const char *bytes = store->texts[i].bytes;
		/* Those that had to be made clean have memory of their own. */
		if (bytes < store->blob || bytes >= store->blob + store->blob_size)
			free((void *)bytes);
	}
	free(store->blob);
	free(store->texts);
	free(store->slots);
	free(store->labels);
	free(store->samples);
	free(store->gross.entries);
	free(store->wide.entries);
	free(store->facts);
	free(store->fact_numbers);
	free(store->net.entries);
	free(store);
}

void weigh_heap_graph_close(struct weigh_heap_graph *graph)
{
	if (!graph)
		return;
	destroy_store(graph->store);
	free(graph->path);
	free(graph->addresses);
	free(graph->shape_of);
	free(graph->gross);
	free(graph->net);
	free(graph->counted);
	free(graph->value);
	free(graph->site);
	free(graph->weight);
	free(graph->room);
	free(graph->length);
	free(graph->first);
	free(graph->targets);
	free(graph->types);
	free(graph->shapes);
	free(graph->roots);
	free(graph->values);
	free(graph->codes);
	free(graph->nodes);
	free(graph->sites);
	free(graph);
}
