/*
 * `weigh heap --module`: what the globals of modules keep.
 *
 * One thread; allocates with malloc.
 */
#include "heap/retained.h"
#include "report/heap_table.h"
#include "report/heap_words.h"
#include "report/rows.h"

#include <string.h>

/* The module asked for; NULL: all of them, one line each. */
static const char *wanted(const struct weigh_heap_report *report)
{
	return report->argument && *report->argument ? report->argument : NULL;
}

static struct weigh_error *find(const struct weigh_heap_report *report,
				const struct weigh_heap_tracks *tracks, struct weigh_modules *modules)
{
	struct weigh_error *error =
		weigh_modules_init(modules, tracks->routes, tracks->below, wanted(report));

	if (error || modules->count || !wanted(report))
		return error;
	weigh_modules_deinit(modules);
	return weigh_error_create(WEIGH_ERROR_USAGE,
				  "--module %s: no module of this name was loaded: --module alone lists them",
				  report->argument);
}

static const char *module_name(const struct weigh_heap_report *report, const struct weigh_module_row *row)
{
	const char *name = weigh_heap_label(report->graph, row->module);

	return name ? name : "(module)";
}

/* "rows", from the "['rows']" or ".rows" that its place reads. */
static char *global_name(const struct weigh_heap_report *report, const struct weigh_module_row *row,
			 const struct weigh_module_name *global, char name[WEIGH_HEAP_NAME])
{
	struct weigh_heap_edge edge = weigh_heap_edge_at(report->graph, row->dict, global->place);
	size_t length;

	weigh_heap_edge_name(report->graph, row->dict, edge, false, name);
	length = strlen(name);
	if (length > 4 && !strncmp(name, "['", 2) && !strcmp(name + length - 2, "']")) {
		name[length - 2] = '\0';
		memmove(name, name + 2, length - 3);
	}
	return name;
}

static struct weigh_error *print_list(const struct weigh_heap_report *report,
				      const struct weigh_modules *modules, FILE *out)
{
	static const struct weigh_grid_column columns[] = {
		{"RETAINED", .bold = true},
		{"SHARE", .goes = 2},
		{"NAMES", .goes = 1},
		{"MODULE", .left = true},
	};
	struct weigh_heap_table table;

	weigh_heap_heading(report, "Modules: what goes when one goes", out);
	weigh_heap_table_init(&table, report, columns, sizeof(columns) / sizeof(columns[0]));
	for (uint32_t i = 0; i < modules->count; i++) {
		const struct weigh_module_row *row = &modules->rows[i];
		if (!weigh_heap_meets(report, module_name(report, row), NULL) ||
		    !weigh_heap_table_row(&table))
			continue;
		weigh_grid_bytes(&table.grid, (double)row->retained);
		weigh_grid_share(&table.grid, (double)row->retained, (double)report->gross);
		weigh_grid_count(&table.grid, row->name_count);
		weigh_grid_cell(&table.grid, module_name(report, row));
	}
	return weigh_heap_table_end(&table, "--module --limit 0", out);
}

static struct weigh_error *print_globals(const struct weigh_heap_report *report,
					 const struct weigh_module_row *row, FILE *out)
{
	static const struct weigh_grid_column columns[] = {
		{"RETAINED", .bold = true},
		{"HELD", .left = true, .goes = 1},
		{"TYPE", .left = true, .goes = 2},
		{"NAME", .left = true},
	};
	char heading[512], text[WEIGH_NUMBER], name[WEIGH_HEAP_NAME];
	struct weigh_heap_table table;

	snprintf(heading, sizeof(heading), "%s: %s go with it", module_name(report, row),
		 weigh_bytes_text((double)row->retained, text));
	weigh_heap_heading(report, heading, out);
	weigh_heap_table_init(&table, report, columns, sizeof(columns) / sizeof(columns[0]));
	for (uint32_t i = 0; i < row->name_count; i++) {
		const struct weigh_module_name *global = &row->names[i];
		global_name(report, row, global, name);
		if (!weigh_heap_meets(report, name, NULL) || !weigh_heap_table_row(&table))
			continue;
		weigh_grid_bytes(&table.grid, (double)global->retained);
		weigh_grid_cell(&table.grid, global->alone    ? "by the name"
					     : global->within ? "by the module"
							      : "elsewhere too");
		char type[WEIGH_HEAP_NAME];
		weigh_grid_cell(&table.grid,
				weigh_heap_type_name(report->graph,
						     weigh_heap_shape(report->graph, global->object)->type,
						     type));
		weigh_grid_cell(&table.grid, name);
	}
	return weigh_heap_table_end(&table, "--limit 0", out);
}

static struct weigh_error *print(const struct weigh_heap_report *report, FILE *out)
{
	struct weigh_heap_tracks tracks;
	struct weigh_modules modules = {0};
	struct weigh_error *error = weigh_heap_tracks_init(&tracks, report);

	if (error)
		return error;
	error = find(report, &tracks, &modules);
	if (!error && !wanted(report))
		error = print_list(report, &modules, out);
	for (uint32_t i = 0; i < modules.count && !error && wanted(report); i++)
		error = print_globals(report, &modules.rows[i], out);
	weigh_modules_deinit(&modules);
	weigh_heap_tracks_deinit(&tracks);
	return error;
}

static void add_globals(const struct weigh_heap_report *report, const struct weigh_module_row *row,
			yyjson_mut_val *value, struct weigh_document *document)
{
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, value, "names");
	char name[WEIGH_HEAP_NAME];
	uint64_t shown = 0;

	for (uint32_t i = 0; i < row->name_count && weigh_heap_room(report, shown); i++) {
		const struct weigh_module_name *global = &row->names[i];
		global_name(report, row, global, name);
		if (wanted(report) && !weigh_heap_meets(report, name, NULL))
			continue;
		yyjson_mut_val *one = yyjson_mut_arr_add_obj(document->doc, array);
		weigh_document_outside(document, one, "name", name);
		weigh_heap_add_object(report, document, one, global->object);
		weigh_document_uint(document, one, "retained", global->retained);
		yyjson_mut_obj_add_bool(document->doc, one, "alone", global->alone);
		yyjson_mut_obj_add_bool(document->doc, one, "within", global->within);
		shown++;
	}
}

static struct weigh_error *add(const struct weigh_heap_report *report, struct weigh_document *document)
{
	struct weigh_heap_tracks tracks;
	struct weigh_modules modules = {0};
	struct weigh_error *error = weigh_heap_tracks_init(&tracks, report);
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, document->root, "modules");
	uint64_t shown = 0;

	if (error)
		return error;
	error = find(report, &tracks, &modules);
	for (uint32_t i = 0; i < modules.count && !error; i++) {
		const struct weigh_module_row *row = &modules.rows[i];
		if (!wanted(report) && (!weigh_heap_meets(report, module_name(report, row), NULL) ||
					!weigh_heap_room(report, shown)))
			continue;
		yyjson_mut_val *value = yyjson_mut_arr_add_obj(document->doc, array);
		weigh_document_outside(document, value, "module", module_name(report, row));
		weigh_document_uint(document, value, "retained", row->retained);
		weigh_document_uint(document, value, "count", row->name_count);
		if (wanted(report))
			add_globals(report, row, value, document);
		shown++;
	}
	weigh_modules_deinit(&modules);
	weigh_heap_tracks_deinit(&tracks);
	return error;
}

const struct weigh_heap_view weigh_heap_view_modules = {WEIGH_HEAP_NEEDS_DOMINATORS, print, add};
