/*
 * `weigh heap --sites`: which lines made what is held here.
 *
 * One thread; allocates with malloc.
 */
#include "heap/sites.h"

#include "report/heap_table.h"
#include "report/json.h"
#include "report/rows.h"

#include <string.h>

static bool meets(const struct weigh_heap_report *report, const struct weigh_heap_line *line)
{
	return !report->filter || weigh_filter_meets(report->filter, line->own.file, line->own.function) ||
	       weigh_filter_meets(report->filter, line->via.file, line->via.function);
}

/* "dict 81 %, list 12 %": types by their part of the bytes. */
static char *types_text(const struct weigh_heap_report *report, const struct weigh_heap_site_row *row,
			char text[WEIGH_HEAP_WHERE])
{
	char name[WEIGH_HEAP_NAME];
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; i < WEIGH_HEAP_SITE_TYPES && row->types[i].objects > 0; i++) {
		double share = row->tally.bytes > 0 ? row->types[i].gross / row->tally.bytes : 0;
		if (i && share < 0.05)
			break;
		weigh_heap_type_name(report->graph, row->types[i].type, name);
		used += (size_t)snprintf(text + used, WEIGH_HEAP_WHERE - used, "%s%s", i ? ", " : "", name);
		if (used < WEIGH_HEAP_WHERE && share < 0.995)
			used += (size_t)snprintf(text + used, WEIGH_HEAP_WHERE - used, " %.0f %%",
						 share * 100);
		if (used >= WEIGH_HEAP_WHERE)
			break;
	}
	return text;
}

static void add_cells(struct weigh_grid *grid, const struct weigh_heap_report *report,
		      const struct weigh_heap_sites *sites, const struct weigh_heap_site_row *row)
{
	char text[WEIGH_HEAP_WHERE], spread[WEIGH_NUMBER];

	weigh_grid_bytes(grid, row->tally.bytes);
	weigh_grid_cell(grid, weigh_spread_text(&report->style,
						weigh_estimate_bytes(&row->tally, &sites->chance), spread));
	weigh_grid_share(grid, row->tally.bytes, (double)report->gross);
	weigh_grid_count(grid, row->tally.blocks);
	weigh_grid_cell(grid, types_text(report, row, text));
	weigh_grid_cell(grid, weigh_heap_line_text(report, &report->lines->lines[row->line], text));
}

static struct weigh_error *print_rows(const struct weigh_heap_report *report,
				      const struct weigh_heap_sites *sites, FILE *out)
{
	static const struct weigh_grid_column columns[] = {
		{"GROSS", .bold = true}, {"95 %", .filled = true, .goes = 2}, {"SHARE", .goes = 3},
		{"OBJECTS", .goes = 4},  {"TYPES", .left = true, .goes = 1},  {"WHERE", .left = true},
	};
	struct weigh_heap_table table;

	weigh_heap_table_init(&table, report, columns, sizeof(columns) / sizeof(columns[0]));
	for (uint32_t i = 0; i < sites->count; i++) {
		if (!meets(report, &report->lines->lines[sites->rows[i].line]))
			continue;
		if (weigh_heap_table_row(&table))
			add_cells(&table.grid, report, sites, &sites->rows[i]);
	}
	return weigh_heap_table_end(&table, "--limit 0", out);
}

static struct weigh_error *print(const struct weigh_heap_report *report, FILE *out)
{
	struct weigh_heap_sites sites;
	struct weigh_error *error = weigh_heap_sites_init(&sites, report->graph, report->lines);
	char count[WEIGH_NUMBER], gross[WEIGH_NUMBER];

	if (error)
		return error;
	weigh_heap_heading(report, "Lines that made the objects", out);
	error = print_rows(report, &sites, out);
	if (!error && sites.unknown)
		fprintf(out, "  %s objects of %s have no site: %s\n",
			weigh_count_text((double)sites.unknown, count),
			weigh_bytes_text((double)sites.unknown_gross, gross),
			report->graph->weight ? "not among those sampled, or older than the recording"
					      : "older than the recording");
	weigh_heap_sites_deinit(&sites);
	return error;
}

static void add_interval(struct weigh_document *document, yyjson_mut_val *object, const char *key,
			 const char *low, const char *high, struct weigh_estimate estimate)
{
	double carry = 0;
	struct weigh_whole whole = weigh_whole_next(&carry, estimate);

	weigh_document_uint(document, object, key, whole.value);
	weigh_document_uint(document, object, low, whole.low);
	weigh_document_uint(document, object, high, whole.high);
}

static void add_row(const struct weigh_heap_report *report, struct weigh_document *document,
		    yyjson_mut_val *array, const struct weigh_heap_sites *sites,
		    const struct weigh_heap_site_row *row)
{
	yyjson_mut_val *object = yyjson_mut_arr_add_obj(document->doc, array);
	char name[WEIGH_HEAP_NAME];

	weigh_heap_add_line(document, object, &report->lines->lines[row->line]);
	add_interval(document, object, "objects", "objects_low", "objects_high",
		     weigh_estimate_blocks(&row->tally, &sites->chance));
	add_interval(document, object, "gross", "gross_low", "gross_high",
		     weigh_estimate_bytes(&row->tally, &sites->chance));
	yyjson_mut_val *types = yyjson_mut_obj_add_arr(document->doc, object, "types");
	for (int i = 0; i < WEIGH_HEAP_SITE_TYPES && row->types[i].objects > 0; i++) {
		yyjson_mut_val *type = yyjson_mut_arr_add_obj(document->doc, types);
		weigh_document_outside(document, type, "type",
				       weigh_heap_type_name(report->graph, row->types[i].type, name));
		weigh_document_uint(document, type, "objects", (uint64_t)(row->types[i].objects + 0.5));
		weigh_document_uint(document, type, "gross", (uint64_t)(row->types[i].gross + 0.5));
	}
}

static struct weigh_error *add(const struct weigh_heap_report *report, struct weigh_document *document)
{
	struct weigh_heap_sites sites;
	struct weigh_error *error = weigh_heap_sites_init(&sites, report->graph, report->lines);
	uint64_t shown = 0;

	if (error)
		return error;
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, document->root, "sites");
	for (uint32_t i = 0; i < sites.count && weigh_heap_room(report, shown); i++) {
		if (!meets(report, &report->lines->lines[sites.rows[i].line]))
			continue;
		add_row(report, document, array, &sites, &sites.rows[i]);
		shown++;
	}
	yyjson_mut_val *unknown = yyjson_mut_obj_add_obj(document->doc, document->root, "sites_unknown");
	weigh_document_uint(document, unknown, "objects", sites.unknown);
	weigh_document_uint(document, unknown, "gross", sites.unknown_gross);
	weigh_heap_sites_deinit(&sites);
	return NULL;
}

const struct weigh_heap_view weigh_heap_view_sites = {WEIGH_HEAP_NEEDS_LINES, print, add};
