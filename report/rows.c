/*
 * The rows of a report: see report/rows.h.
 *
 * One thread; allocates with malloc.
 */
#include "report/rows.h"

#include "base/hash.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* A row while it is being added up. */
struct group {
	struct weigh_row row;
	uint32_t key_file, key_function, key_line;
	double function_bytes; /* by line: of the function that the row names */
};

struct grouping {
	struct group *groups;
	uint32_t *slots; /* indices + 1; 0: free */
	uint32_t count, mask;
};

static const char rest_name[] = "(smaller sites)";

static struct weigh_error *grouping_init(struct grouping *g, uint32_t most)
{
	size_t slots = 16;

	while (slots < (size_t)most * 2)
		slots *= 2;
	g->count = 0;
	g->mask = (uint32_t)(slots - 1);
	g->groups = malloc(((size_t)most + 1) * sizeof(*g->groups));
	g->slots = calloc(slots, sizeof(*g->slots));
	if (g->groups && g->slots)
		return NULL;
	free(g->groups);
	free(g->slots);
	return weigh_error_create_memory();
}

static struct group *find_group(struct grouping *g, const struct group *like)
{
	uint64_t hash = weigh_hash_step(weigh_hash_step(like->key_file, like->key_function), like->key_line);
	uint32_t slot = (uint32_t)hash & g->mask;

	for (; g->slots[slot]; slot = (slot + 1) & g->mask) {
		struct group *found = &g->groups[g->slots[slot] - 1];
		if (found->key_file == like->key_file && found->key_function == like->key_function &&
		    found->key_line == like->key_line)
			return found;
	}
	g->groups[g->count] = *like;
	g->slots[slot] = ++g->count;
	return &g->groups[g->count - 1];
}

/* Keys of rows that stand for no one place. */
enum { KEY_NONE = 0xffffffff };

static struct group group_of(const struct weigh_item *item, struct weigh_names *names, enum weigh_by by)
{
	struct group g = {0};

	if (item->rest) {
		g.row.function = rest_name;
		g.key_file = g.key_function = (uint32_t)KEY_NONE;
		return g;
	}
	if (by == WEIGH_BY_DOMAIN) {
		g.row.domain = weigh_domain_name(item->domain);
		g.key_line = item->domain;
		return g;
	}
	if (by == WEIGH_BY_THREAD) {
		g.row.thread = weigh_names_thread(names, item->thread);
		g.key_line = item->thread;
		return g;
	}
	struct weigh_place place = weigh_names_place(names, item->node);
	g.row.file = place.file;
	g.key_file = place.file_id;
	/* What has no file is told apart by what its function says. */
	if (by != WEIGH_BY_FILE || !place.file)
		g.row.function = place.function;
	if (by == WEIGH_BY_FUNCTION || !place.file)
		g.key_function = place.function_id;
	if (by == WEIGH_BY_LINE)
		g.row.line = g.key_line = place.line;
	return g;
}

bool weigh_filter_meets(const char *pattern, const char *file, const char *function)
{
	if (!strpbrk(pattern, "*?["))
		return (file && strstr(file, pattern)) || (function && strstr(function, pattern));

	const char *base = file ? strrchr(file, '/') : NULL;
	return (file && !fnmatch(pattern, file, 0)) || (base && !fnmatch(pattern, base + 1, 0)) ||
	       (function && !fnmatch(pattern, function, 0));
}

static bool filtered(const struct weigh_query *query, const struct weigh_item *item,
		     struct weigh_names *names)
{
	if (!query->filter)
		return false;
	if (item->rest)
		return true;
	struct weigh_place place = weigh_names_place(names, item->node);
	return !weigh_filter_meets(query->filter, place.file, place.function);
}

static void add_up(struct grouping *g, const struct weigh_view *view, struct weigh_names *names,
		   const struct weigh_query *query)
{
	for (uint32_t i = 0; i < view->count; i++) {
		const struct weigh_item *item = &view->items[i];

		if (filtered(query, item, names))
			continue;
		struct group like = group_of(item, names, query->by);
		struct group *group = find_group(g, &like);
		weigh_tally_add(&group->row.tally, item->tally);
		/* Two code objects may share a line: the larger names it. */
		if (item->tally->bytes > group->function_bytes) {
			group->function_bytes = item->tally->bytes;
			group->row.function = like.row.function;
		}
	}
}

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_names(const struct weigh_row *a, const struct weigh_row *b)
{
	int order = compare_text(a->file, b->file);

	if (!order)
		order = (a->line > b->line) - (a->line < b->line);
	if (!order)
		order = compare_text(a->function, b->function);
	if (!order)
		order = compare_text(a->domain, b->domain);
	return order ? order : compare_text(a->thread, b->thread);
}

static double sort_key(const struct weigh_row *row, enum weigh_sort sort)
{
	switch (sort) {
	case WEIGH_SORT_BLOCKS:
		return row->tally.blocks;
	case WEIGH_SORT_FOOTPRINT:
		return row->tally.footprint;
	case WEIGH_SORT_AVERAGE:
		return row->tally.blocks > 0 ? row->tally.bytes / row->tally.blocks : 0;
	case WEIGH_SORT_NAME:
		return 0;
	default:
		return row->tally.bytes;
	}
}

static int compare_rows(const void *left, const void *right, void *sort)
{
	double a = sort_key(left, *(const enum weigh_sort *)sort);
	double b = sort_key(right, *(const enum weigh_sort *)sort);

	return a != b ? (a < b) - (a > b) : compare_names(left, right);
}

/* How many rows a query keeps. */
static uint32_t count_kept(const struct weigh_rows *rows, const struct weigh_query *query)
{
	uint32_t most = query->limit && query->limit < rows->count ? query->limit : rows->count;
	uint32_t kept = most;

	while (kept > 1 && rows->rows[kept - 1].tally.bytes < query->least_share * rows->sum.bytes)
		kept--;
	/* One row alone takes no more room than saying that there is one. */
	return most == rows->count && kept + 1 == most ? most : kept;
}

static void cut(struct weigh_rows *rows, const struct weigh_query *query)
{
	uint32_t kept = count_kept(rows, query);

	rows->others.function = "(others)";
	for (uint32_t i = 0; i < rows->count; i++)
		weigh_tally_add(&rows->shown, &rows->rows[i].tally);
	for (uint32_t i = kept; i < rows->count; i++)
		weigh_tally_add(&rows->others.tally, &rows->rows[i].tally);
	rows->cut = rows->count - kept;
	rows->count = kept;
}

struct weigh_error *weigh_rows_init(struct weigh_rows *rows, const struct weigh_view *view,
				    struct weigh_names *names, const struct weigh_query *query)
{
	struct grouping grouping;
	struct weigh_error *error = grouping_init(&grouping, view->count);
	enum weigh_sort sort = query->sort;

	*rows = (struct weigh_rows){.by = query->by, .sum = view->sum, .chance = view->chance};
	if (error)
		return error;
	add_up(&grouping, view, names, query);
	rows->rows = malloc(((size_t)grouping.count + 1) * sizeof(*rows->rows));
	if (rows->rows) {
		for (uint32_t i = 0; i < grouping.count; i++)
			rows->rows[i] = grouping.groups[i].row;
		rows->count = grouping.count;
		qsort_r(rows->rows, rows->count, sizeof(*rows->rows), compare_rows, &sort);
		cut(rows, query);
	} else {
		error = weigh_error_create_memory();
	}
	free(grouping.groups);
	free(grouping.slots);
	return error;
}

void weigh_rows_deinit(struct weigh_rows *rows)
{
	free(rows->rows);
	rows->rows = NULL;
}

const char *weigh_by_name(enum weigh_by by)
{
	static const char *const names[] = {
		[WEIGH_BY_LINE] = "line",     [WEIGH_BY_FUNCTION] = "function", [WEIGH_BY_FILE] = "file",
		[WEIGH_BY_DOMAIN] = "domain", [WEIGH_BY_THREAD] = "thread",
	};

	return names[by];
}
