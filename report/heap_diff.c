/*
 * `weigh heap --diff A B`: see report/heap_diff.h.
 *
 * One thread; allocates with malloc.
 */
#include "report/heap_diff.h"

#include "heap/diff.h"
#include "report/heap_words.h"
#include "report/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	COLUMN = 62, /* where names begin, after the numbers */
	SPREAD = 12, /* columns more for intervals */
};

struct comparison {
	const struct weigh_heap_report *reports[WEIGH_SIDES];
	struct weigh_heap_tracks tracks[WEIGH_SIDES];
	struct weigh_diff diff;
};

static void deinit(struct comparison *c)
{
	weigh_diff_deinit(&c->diff);
	for (int side = 0; side < WEIGH_SIDES; side++)
		weigh_heap_tracks_deinit(&c->tracks[side]);
}

static struct weigh_error *init(struct comparison *c, const struct weigh_heap_report *before,
				const struct weigh_heap_report *after)
{
	struct weigh_diff_side sides[WEIGH_SIDES];
	struct weigh_error *error = NULL;

	*c = (struct comparison){.reports = {before, after}};
	for (int side = 0; side < WEIGH_SIDES && !error; side++) {
		error = weigh_heap_tracks_init(&c->tracks[side], c->reports[side]);
		sides[side] = (struct weigh_diff_side){
			.graph = c->reports[side]->graph,
			.below = c->tracks[side].below,
			.routes = c->tracks[side].routes,
			.lines = c->reports[side]->lines,
		};
	}
	if (!error)
		error = weigh_diff_init(&c->diff, &sides[WEIGH_BEFORE], &sides[WEIGH_AFTER]);
	if (error)
		deinit(c);
	return error;
}

static int64_t growth(const uint64_t sizes[WEIGH_SIDES])
{
	return (int64_t)(sizes[WEIGH_AFTER] - sizes[WEIGH_BEFORE]);
}

/* "+1.5 MiB", "-312 B", "0 B". */
static char *change_text(int64_t bytes, char text[static WEIGH_NUMBER])
{
	char number[WEIGH_NUMBER];

	snprintf(text, WEIGH_NUMBER, "%s%.*s", bytes > 0 ? "+" : "", WEIGH_NUMBER - 2,
		 weigh_bytes_text((double)bytes, number));
	return text;
}

static char *count_change_text(int64_t count, char text[static WEIGH_NUMBER])
{
	char number[WEIGH_NUMBER];

	weigh_count_text(count < 0 ? -(double)count : (double)count, number);
	snprintf(text, WEIGH_NUMBER, "%s%.*s",
		 count > 0   ? "+"
		 : count < 0 ? "-"
			     : "",
		 WEIGH_NUMBER - 2, number);
	return text;
}

static bool meets(const struct comparison *c, enum weigh_diff_by by, const struct weigh_diff_row *row)
{
	const char *filter = c->reports[WEIGH_AFTER]->filter;

	if (!filter)
		return true;
	char *name = weigh_diff_name(&c->diff, by, row, " ");
	bool met = name && (by == WEIGH_DIFF_LINES ? weigh_filter_meets(filter, name, NULL)
						   : weigh_filter_meets(filter, NULL, name));
	free(name);
	return met;
}

/*
 * The rows to show: those that changed most, whether they grew or shrank, in
 * the order of the table. `*cut` is how many are left out. NULL without memory.
 */
static uint32_t *choose(const struct comparison *c, enum weigh_diff_by by, uint32_t *count, uint64_t *cut)
{
	const struct weigh_diff_table *table = &c->diff.tables[by];
	uint32_t limit = c->reports[WEIGH_AFTER]->limit;
	uint32_t *rows = malloc(((size_t)table->count + 1) * sizeof(*rows));

	*count = 0;
	for (uint32_t i = 0; rows && i < table->count; i++) {
		if (meets(c, by, &table->rows[i]))
			rows[(*count)++] = i;
	}
	*cut = 0;
	if (!rows || !limit || *count <= limit)
		return rows;
	*cut = *count - limit;
	/* The least change lies in the middle: take from the end of those that changed more. */
	uint32_t first = 0, last = *count - 1;
	for (uint32_t kept = 0; kept < limit; kept++) {
		int64_t grown = growth(table->rows[rows[first]].gross);
		int64_t shrunk = -growth(table->rows[rows[last]].gross);
		if (grown >= shrunk)
			first++;
		else
			last--;
	}
	memmove(rows + first, rows + last + 1, (*count - 1 - last) * sizeof(*rows));
	*count = limit;
	return rows;
}

/* With sampling, what is known of lines are estimates. */
static bool is_estimated(const struct comparison *c, enum weigh_diff_by by)
{
	return by == WEIGH_DIFF_LINES &&
	       (c->reports[WEIGH_BEFORE]->graph->weight || c->reports[WEIGH_AFTER]->graph->weight);
}

/* Half the interval of the change: those of both sides, which are independent. */
static char *spread_text(const struct comparison *c, const struct weigh_diff_row *row,
			 char text[static WEIGH_NUMBER])
{
	const char *sign = weigh_style_pick(&c->reports[WEIGH_AFTER]->style, "±", "+-");
	double sum = 0;
	char number[WEIGH_NUMBER];

	for (int side = 0; side < WEIGH_SIDES; side++) {
		double half = (row->estimate[side].high - row->estimate[side].low) / 2;
		sum += half * half;
	}
	snprintf(text, WEIGH_NUMBER, "%s%.*s", sign, WEIGH_NUMBER - 3, weigh_bytes_text(sqrt(sum), number));
	return text;
}

static struct weigh_error *print_name(const struct comparison *c, enum weigh_diff_by by,
				      const struct weigh_diff_row *row, FILE *out)
{
	int column = is_estimated(c, by) ? COLUMN + SPREAD : COLUMN;
	const struct weigh_heap_report *report = c->reports[WEIGH_AFTER];
	int side = row->group[WEIGH_AFTER] != WEIGH_NO_OBJECT ? WEIGH_AFTER : WEIGH_BEFORE;
	char where[WEIGH_HEAP_WHERE];

	if (by == WEIGH_DIFF_HOLDERS)
		return weigh_heap_print_route(report, c->tracks[side].routes, row->group[side], column, out);
	if (by == WEIGH_DIFF_LINES)
		weigh_heap_frame_text(report, &c->reports[side]->lines->lines[row->group[side]].own, where);
	else
		weigh_heap_type_name(c->reports[side]->graph, row->group[side], where);
	weigh_text_print(&report->style, out, where,
			 report->style.width > column + 16 ? report->style.width - column : 0);
	fputc('\n', out);
	return NULL;
}

static struct weigh_error *print_row(const struct comparison *c, enum weigh_diff_by by,
				     const struct weigh_diff_row *row, FILE *out)
{
	const struct weigh_style *style = &c->reports[WEIGH_AFTER]->style;
	char text[WEIGH_NUMBER];

	weigh_style_ink(style, out, WEIGH_INK_BOLD);
	fprintf(out, "%11s ", change_text(growth(row->gross), text));
	weigh_style_ink(style, out, WEIGH_INK_PLAIN);
	if (is_estimated(c, by)) {
		spread_text(c, row, text);
		fprintf(out, "%*s%s ", SPREAD - 1 - weigh_text_width(text), "", text);
	}
	fprintf(out, "%11s ", count_change_text(growth(row->count), text));
	fprintf(out, "%11s ", change_text(growth(row->retained), text));
	fprintf(out, "%11s ", weigh_bytes_text((double)row->retained[WEIGH_AFTER], text));
	fprintf(out, "%11s  ", c->diff.same_process ? weigh_count_text((double)row->born, text) : "-");
	return print_name(c, by, row, out);
}

static struct weigh_error *print_table(const struct comparison *c, enum weigh_diff_by by, FILE *out)
{
	static const char *const headings[WEIGH_DIFF_BYS] = {"Growth by type", "Growth by holder",
							     "Growth by line"};
	static const char *const heads[WEIGH_DIFF_BYS] = {"TYPE", "PATH", "LINE"};
	const struct weigh_heap_report *report = c->reports[WEIGH_AFTER];
	struct weigh_error *error = NULL;
	uint32_t count;
	uint64_t cut;
	uint32_t *rows = choose(c, by, &count, &cut);
	char head[128];

	if (!rows)
		return weigh_error_create_memory();
	weigh_heap_heading(report, headings[by], out);
	snprintf(head, sizeof(head), "%11s %s%11s %11s %11s %11s  %s", "GROSS",
		 is_estimated(c, by) ? "       95 % " : "", "COUNT", "RETAINED", "NOW", "BORN", heads[by]);
	if (count)
		weigh_heap_print_head(report, head, out);
	else
		fputs("  nothing\n", out);
	for (uint32_t i = 0; i < count && !error; i++)
		error = print_row(c, by, &c->diff.tables[by].rows[rows[i]], out);
	if (!error)
		weigh_heap_more(report, cut, "--limit 0", out);
	free(rows);
	return error;
}

/* "peak", "end", "asked". */
static const char *when_name(const struct comparison *c, int side)
{
	switch (c->reports[side]->graph->header.when) {
	case WEIGH_SNAPSHOT_PEAK:
		return "peak";
	case WEIGH_SNAPSHOT_END:
		return "end";
	default:
		return "asked";
	}
}

static void print_side(const struct comparison *c, int side, const char *name, FILE *out)
{
	const struct weigh_heap_report *report = c->reports[side];
	uint32_t when = report->graph->header.when;
	char text[WEIGH_NUMBER];

	fprintf(out, "%-8s", name);
	weigh_text_print_end(&report->style, out, report->graph->path, 0);
	if (when == WEIGH_SNAPSHOT_PEAK || when == WEIGH_SNAPSHOT_END)
		fprintf(out, " at its %s", when_name(c, side));
	fprintf(out, ": %s objects", weigh_count_text((double)c->diff.count[side], text));
	fprintf(out, ", gross %s\n", weigh_bytes_text((double)c->diff.gross[side], text));
}

static void print_sums(const struct comparison *c, FILE *out)
{
	const struct weigh_style *style = &c->reports[WEIGH_AFTER]->style;
	const struct weigh_diff *diff = &c->diff;
	char text[WEIGH_NUMBER];

	fputc('\n', out);
	print_side(c, WEIGH_BEFORE, "before", out);
	print_side(c, WEIGH_AFTER, "after", out);
	weigh_style_ink(style, out, WEIGH_INK_BOLD);
	fprintf(out, "change  %s", count_change_text(growth(diff->count), text));
	fprintf(out, " objects, %s\n", change_text(growth(diff->gross), text));
	weigh_style_ink(style, out, WEIGH_INK_PLAIN);
	if (diff->same_process) {
		fprintf(out, "born    %s objects", weigh_count_text((double)diff->born, text));
		fprintf(out, ", gross %s, that were not there before\n",
			weigh_bytes_text((double)diff->born_gross, text));
	} else {
		fputs("born    not known: the two are of different processes\n", out);
	}
}

struct weigh_error *weigh_heap_diff_print(const struct weigh_heap_report *before,
					  const struct weigh_heap_report *after, FILE *out)
{
	struct comparison c;
	struct weigh_error *error = init(&c, before, after);

	if (error)
		return error;
	print_sums(&c, out);
	for (enum weigh_diff_by by = 0; by < WEIGH_DIFF_BYS && !error; by++)
		error = print_table(&c, by, out);
	deinit(&c);
	return error;
}

static void add_sides(struct weigh_document *document, yyjson_mut_val *object, const char *name,
		      const uint64_t sizes[WEIGH_SIDES])
{
	char key[64];

	snprintf(key, sizeof(key), "%s_before", name);
	yyjson_mut_obj_add(object, yyjson_mut_strcpy(document->doc, key),
			   yyjson_mut_uint(document->doc, sizes[WEIGH_BEFORE]));
	snprintf(key, sizeof(key), "%s_after", name);
	yyjson_mut_obj_add(object, yyjson_mut_strcpy(document->doc, key),
			   yyjson_mut_uint(document->doc, sizes[WEIGH_AFTER]));
	snprintf(key, sizeof(key), "%s_change", name);
	yyjson_mut_obj_add(object, yyjson_mut_strcpy(document->doc, key),
			   yyjson_mut_int(document->doc, growth(sizes)));
}

static void add_estimates(struct weigh_document *document, yyjson_mut_val *object,
			  const struct weigh_diff_row *row)
{
	const struct weigh_estimate *before = &row->estimate[WEIGH_BEFORE];
	const struct weigh_estimate *after = &row->estimate[WEIGH_AFTER];

	weigh_document_uint(document, object, "gross_before_low", (uint64_t)before->low);
	weigh_document_uint(document, object, "gross_before_high", (uint64_t)(before->high + 0.5));
	weigh_document_uint(document, object, "gross_after_low", (uint64_t)after->low);
	weigh_document_uint(document, object, "gross_after_high", (uint64_t)(after->high + 0.5));
}

static struct weigh_error *add_name(const struct comparison *c, enum weigh_diff_by by,
				    const struct weigh_diff_row *row, struct weigh_document *document,
				    yyjson_mut_val *object)
{
	int side = row->group[WEIGH_AFTER] != WEIGH_NO_OBJECT ? WEIGH_AFTER : WEIGH_BEFORE;
	char name[WEIGH_HEAP_NAME];

	switch (by) {
	case WEIGH_DIFF_HOLDERS:
		return weigh_heap_add_route(document, object, c->tracks[side].routes, row->group[side]);
	case WEIGH_DIFF_LINES:
		weigh_heap_add_line(document, object, &c->reports[side]->lines->lines[row->group[side]]);
		return NULL;
	default:
		weigh_document_outside(document, object, "type",
				       weigh_heap_type_name(c->reports[side]->graph, row->group[side], name));
		return NULL;
	}
}

static void add_born(const struct comparison *c, struct weigh_document *document, yyjson_mut_val *object,
		     uint64_t born, uint64_t gross)
{
	if (c->diff.same_process) {
		weigh_document_uint(document, object, "born", born);
		weigh_document_uint(document, object, "born_gross", gross);
	} else {
		yyjson_mut_obj_add_null(document->doc, object, "born");
		yyjson_mut_obj_add_null(document->doc, object, "born_gross");
	}
}

static struct weigh_error *add_table(const struct comparison *c, enum weigh_diff_by by,
				     struct weigh_document *document, yyjson_mut_val *diff)
{
	static const char *const keys[WEIGH_DIFF_BYS] = {"types", "holders", "sites"};
	struct weigh_error *error = NULL;
	uint32_t count;
	uint64_t cut;
	uint32_t *rows = choose(c, by, &count, &cut);
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, diff, keys[by]);

	if (!rows)
		return weigh_error_create_memory();
	for (uint32_t i = 0; i < count && !error; i++) {
		const struct weigh_diff_row *row = &c->diff.tables[by].rows[rows[i]];
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(document->doc, array);
		error = add_name(c, by, row, document, object);
		add_sides(document, object, "count", row->count);
		add_sides(document, object, "gross", row->gross);
		if (by == WEIGH_DIFF_LINES)
			add_estimates(document, object, row);
		add_sides(document, object, "retained", row->retained);
		add_born(c, document, object, row->born, row->born_gross);
	}
	free(rows);
	return error;
}

struct weigh_error *weigh_heap_diff_add(const struct weigh_heap_report *before,
					const struct weigh_heap_report *after,
					struct weigh_document *document)
{
	struct comparison c;
	struct weigh_error *error = init(&c, before, after);

	if (error)
		return error;
	yyjson_mut_val *diff = yyjson_mut_obj_add_obj(document->doc, document->root, "diff");
	weigh_document_outside(document, diff, "before", before->graph->path);
	weigh_document_text(document, diff, "before_when", when_name(&c, WEIGH_BEFORE));
	weigh_document_outside(document, diff, "after", after->graph->path);
	weigh_document_text(document, diff, "after_when", when_name(&c, WEIGH_AFTER));
	yyjson_mut_obj_add_bool(document->doc, diff, "same_process", c.diff.same_process);
	add_sides(document, diff, "objects", c.diff.count);
	add_sides(document, diff, "gross", c.diff.gross);
	add_born(&c, document, diff, c.diff.born, c.diff.born_gross);
	for (enum weigh_diff_by by = 0; by < WEIGH_DIFF_BYS && !error; by++)
		error = add_table(&c, by, document, diff);
	deinit(&c);
	return error;
}
