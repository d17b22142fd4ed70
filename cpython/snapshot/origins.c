/*
 * Sites as a snapshot numbers them: see cpython/snapshot/origins.h.
 */
#include "cpython/snapshot/origins.h"

#include "base/pages.h"

#include <string.h>

bool weigh_origins_init(struct weigh_origins *origins)
{
	*origins = (struct weigh_origins){0};
	if (!weigh_owner_tables_init(&origins->tables))
		return false;
	const struct weigh_owner_tables *tables = &origins->tables;
	size_t words = 2 * (size_t)tables->site_count + 2 * (size_t)tables->node_count + tables->code_count;
	origins->bytes = (words + 1) * sizeof(uint32_t);
	/* Untouched pages cost nothing: what is never told takes no memory. */
	origins->pages = weigh_pages_take(origins->bytes);
	if (!origins->pages)
		return false;
	origins->site_number = origins->pages;
	origins->site_told = origins->site_number + tables->site_count;
	origins->node_number = origins->site_told + tables->site_count;
	origins->climb = origins->node_number + tables->node_count;
	origins->code_number = origins->climb + tables->node_count;
	return true;
}

void weigh_origins_deinit(struct weigh_origins *origins)
{
	weigh_owner_tables_deinit(&origins->tables);
	weigh_pages_give(origins->pages, origins->bytes);
	*origins = (struct weigh_origins){0};
}

bool weigh_origins_find(uintptr_t block, struct weigh_take_seen *seen, void *arg)
{
	struct weigh_origins *origins = arg;
	struct weigh_owner owner;
	/* A thread without the GIL may have made a site after the tables were copied. */
	if (!weigh_owner_find(block, &owner) || owner.site >= origins->tables.site_count)
		return false;
	uint32_t *number = &origins->site_number[owner.site];
	if (!*number) {
		origins->site_told[origins->told] = owner.site;
		*number = ++origins->told;
	}
	*seen = (struct weigh_take_seen){
		.site = *number - 1, .period_log = (uint8_t)owner.period_log, .bytes = owner.bytes};
	return true;
}

static uint32_t text(struct weigh_writer *writer, const struct weigh_owner_tables *tables,
		     struct weigh_text run)
{
	if (run.offset > tables->string_bytes || run.length > tables->string_bytes - run.offset)
		return 0;
	return weigh_writer_text(writer, tables->strings + run.offset, run.length);
}

static void put_code(struct weigh_writer *writer, const struct weigh_owner_tables *tables,
		     const struct weigh_code *code)
{
	struct weigh_stream *codes = &writer->streams[WEIGH_SNAPSHOT_CODES];
	weigh_stream_put(codes, text(writer, tables, code->file));
	weigh_stream_put(codes, text(writer, tables, code->function));
	weigh_stream_put(codes, text(writer, tables, code->lines));
	weigh_stream_put(codes, code->first_line);
	weigh_stream_put(codes, code->flags);
	codes->entries++;
}

/* The number of a code object, which is written when it is first met; 0: not kept. */
static uint32_t number_code(struct weigh_origins *origins, struct weigh_writer *writer, uint32_t code)
{
	const struct weigh_owner_tables *tables = &origins->tables;
	if (!code || code >= tables->code_count)
		return 0;
	if (!origins->code_number[code]) {
		origins->code_number[code] = (uint32_t)writer->streams[WEIGH_SNAPSHOT_CODES].entries;
		put_code(writer, tables, &tables->codes[code]);
	}
	return origins->code_number[code];
}

static void put_node(struct weigh_writer *writer, uint32_t parent, uint32_t code, int32_t instruction)
{
	struct weigh_stream *nodes = &writer->streams[WEIGH_SNAPSHOT_NODES];
	weigh_stream_put(nodes, parent);
	weigh_stream_put(nodes, code);
	weigh_stream_put(nodes, (uint64_t)(int64_t)(instruction + 1));
	nodes->entries++;
}

/*
 * The number of a frame, which is written with all its callers when it is
 * first met, callers first. Pruning by a thread without the GIL while the
 * tables were copied may have led one of them astray: the climb has an end.
 */
static uint32_t number_node(struct weigh_origins *origins, struct weigh_writer *writer, uint32_t node)
{
	const struct weigh_owner_tables *tables = &origins->tables;
	uint32_t climbed = 0;
	while (node && node < tables->node_count && !origins->node_number[node] &&
	       climbed < tables->node_count) {
		origins->climb[climbed++] = node;
		node = tables->nodes[node].parent;
	}
	uint32_t parent = node < tables->node_count ? origins->node_number[node] : 0;
	while (climbed) {
		node = origins->climb[--climbed];
		if (!origins->node_number[node]) {
			uint32_t code = number_code(origins, writer, tables->nodes[node].code);
			origins->node_number[node] = (uint32_t)writer->streams[WEIGH_SNAPSHOT_NODES].entries;
			put_node(writer, parent, code, tables->nodes[node].instruction);
		}
		parent = origins->node_number[node];
	}
	return parent;
}

static uint32_t thread_name(struct weigh_writer *writer, const struct weigh_owner_tables *tables,
			    uint32_t thread)
{
	if (!thread || thread >= tables->thread_count)
		return 0;
	const char *name = tables->threads[thread].name;
	return weigh_writer_text(writer, name, strnlen(name, WEIGH_THREAD_NAME));
}

void weigh_origins_write(struct weigh_writer *writer, void *arg)
{
	struct weigh_origins *origins = arg;
	const struct weigh_owner_tables *tables = &origins->tables;
	struct weigh_stream *sites = &writer->streams[WEIGH_SNAPSHOT_SITES];

	/* The first of each stands for what is not known: no code kept, no frame. */
	put_code(writer, tables, &(struct weigh_code){0});
	put_node(writer, 0, 0, -1);
	for (uint32_t i = 0; i < origins->told; i++) {
		const struct weigh_owner_site *site = &tables->sites[origins->site_told[i]];
		weigh_stream_put(sites, number_node(origins, writer, site->node));
		weigh_stream_put(sites, site->domain);
		weigh_stream_put(sites, thread_name(writer, tables, site->thread));
		sites->entries++;
	}
}
