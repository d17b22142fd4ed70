/*
 * Columns of objects in frames of pandas that would be smaller as a category,
 * codes and each value once (36), or as the numbers that they spell (11).
 * Objects are counted by their identity, for read_csv() shares equal text as
 * far as it can: what `memory_usage(deep=True)` promises counts each of them
 * again for each row.
 *
 * One thread; allocates with malloc, 8 bytes for each row of a column while it
 * looks at it, and through the collector.
 */
#include "advice/pandas.h"
#include "advice/rules.h"
#include "advice/tell.h"
#include "heap/sites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char category_rule[] = "category";
static const char numbers_rule[] = "numeric-strings";

struct looker {
	const struct weigh_evidence *e;
	struct weigh_collector *c;
	const struct weigh_pandas *pandas;
	uint32_t *sorted; /* for each row of the longest column */
	uint8_t *met;     /* for each value: whether it was met in this column */
};

/* What a column is, and would be. */
struct account {
	uint64_t objects, values, missing, floats;
	double freed; /* bytes of objects that nothing else holds */
	double kept;  /* bytes of one object for each value */
	uint64_t integers, reals; /* objects that spell numbers */
	double saving;            /* of a category */
	bool text; /* all that is there is text */
};

static int compare(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

static bool is_missing(const struct weigh_heap_graph *graph, uint32_t object)
{
	enum weigh_snapshot_form form = (enum weigh_snapshot_form)weigh_heap_type(graph, object)->form;

	/* One float among text is the NaN that stands for nothing. */
	return form == WEIGH_SNAPSHOT_FLOAT ||
	       !strcmp(weigh_heap_text(graph, weigh_heap_type(graph, object)->name, NULL), "NoneType");
}

/* `run` rows of the column refer to the object. */
static void count_object(struct looker *l, struct account *account, uint32_t object, uint32_t run)
{
	const struct weigh_heap_graph *graph = l->e->graph;
	uint32_t value = l->e->equal->of[object];
	double resident = weigh_gross_resident(weigh_heap_gross(graph, object));

	if (is_missing(graph, object)) {
		account->missing += run;
		account->floats += weigh_heap_type(graph, object)->form == WEIGH_SNAPSHOT_FLOAT;
		return;
	}
	account->text &= weigh_heap_type(graph, object)->form == WEIGH_SNAPSHOT_STR;
	account->objects++;
	if (graph->value && graph->value[object] != WEIGH_NO_OBJECT) {
		uint8_t class = graph->values[graph->value[object]].class;
		account->integers += class == WEIGH_VALUE_INTEGER_TEXT;
		account->reals += class == WEIGH_VALUE_REAL_TEXT;
	}
	if (graph->counted[object] <= run)
		account->freed += resident;
	if (value == WEIGH_NO_OBJECT || l->met[value])
		return;
	l->met[value] = 1;
	account->values++;
	account->kept += resident;
}

static struct account count_column(struct looker *l, const struct weigh_column *column)
{
	const uint32_t *items = weigh_column_items(l->e->graph, column);
	struct account account = {.text = true};
	uint64_t count = 0;

	for (uint64_t i = 0; i < column->rows; i++) {
		if (items[i] != WEIGH_NO_OBJECT)
			l->sorted[count++] = items[i];
	}
	qsort(l->sorted, count, sizeof(*l->sorted), compare);
	for (uint64_t i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count && l->sorted[next] == l->sorted[i]; next++)
			;
		count_object(l, &account, l->sorted[i], (uint32_t)(next - i));
	}
	memset(l->met, 0, l->e->equal->count);
	/* Codes are signed: -1 stands for a missing value. */
	unsigned width = weigh_width_of_bits(account.values < INT8_MAX    ? 8
					     : account.values < INT16_MAX ? 16
									  : 32);
	account.saving = (double)column->rows * (8.0 - width) + account.freed - account.kept -
			 weigh_categories_bytes(account.values);
	return account;
}

/* The columns of one frame, made by one line, that pay. */
struct choice {
	char names[WEIGH_TELL_LIST];  /* "line, day" */
	char mapping[WEIGH_TELL_LIST]; /* "\"line\": \"category\", ..." */
	uint32_t count, named;
	double saving, before;
	uint64_t objects, values, rows;
	uint32_t array;
};

static void choose(struct choice *choice, const struct weigh_column *column, const struct account *account)
{
	if (!choice->count || account->saving > choice->saving / choice->count)
		choice->array = column->array;
	choice->count++;
	choice->saving += account->saving;
	choice->before += 8.0 * (double)column->rows + account->freed;
	choice->objects += account->objects;
	choice->values += account->values;
	choice->rows = column->rows;
	if (!*column->name)
		return;
	choice->named++;
	weigh_tell_add(choice->names, "%s", column->name);
	weigh_tell_add(choice->mapping, "\"%s\": \"category\"", column->name);
}

static void reject(const struct looker *l, const struct weigh_column *column, const struct account *account)
{
	struct weigh_heap_frame frame = weigh_tell_origin(l->e, column->array);
	char values[WEIGH_TELL_COUNT], rows[WEIGH_TELL_COUNT];

	weigh_collect_rejected(
		l->c, category_rule, frame.file, frame.line, account->saving,
		"%s: %s values in %s rows, and the index of a category takes more than codes save",
		*column->name ? column->name : "an object column", weigh_tell_count(account->values, values),
		weigh_tell_count(column->rows, rows));
}

static void say_change(const struct looker *l, struct weigh_finding *finding, const struct choice *choice,
		       const char *text)
{
	const char *mapping = choice->mapping;
	int call = weigh_read_call(text);
	const char *end = call && !strstr(text, "dtype=") ? text + call : NULL;

	if (!*mapping)
		mapping = "...: \"category\"";
	finding->change_before = weigh_collect_text(l->c, "%s", text ? text : "frame = ...");
	if (end)
		finding->change_after =
			weigh_collect_text(l->c, "%.*s, dtype={%s}%s", (int)(end - text), text, mapping, end);
	else
		finding->change_after = weigh_collect_text(l->c, "%s\nframe = frame.astype({%s})",
							   text ? text : "frame = ...", mapping);
	weigh_collect_check(l->c, finding, end ? WEIGH_CHECK_HOLDS : WEIGH_CHECK_UNKNOWN,
			    end ? "made a category while it is read"
				: "afterwards the peak remains; a reader may take dtype=");
}

static void report(const struct looker *l, const struct weigh_frame_table *table, const struct choice *choice)
{
	struct weigh_heap_frame frame = weigh_tell_origin(l->e, choice->array);
	const char *text = weigh_line_read(l->e->source, frame.file, frame.line);
	struct weigh_finding *finding = weigh_collect_finding(l->c, 36, category_rule);
	char objects[WEIGH_TELL_COUNT], values[WEIGH_TELL_COUNT], rows[WEIGH_TELL_COUNT];

	if (!finding)
		return;
	if (frame.file)
		weigh_collect_place(l->c, finding, frame.file, frame.line, frame.function);
	if (choice->named == choice->count)
		finding->title = weigh_collect_text(l->c, "dtype category for %s", choice->names);
	else
		finding->title = weigh_collect_text(l->c, "dtype category for %u of %u columns",
						    choice->count, table->count);
	finding->effect.kind = WEIGH_EFFECT_BYTES;
	finding->quantity = l->e->quantity;
	finding->before = choice->before;
	finding->saving = choice->saving;
	finding->after = choice->before - choice->saving;
	finding->grade = WEIGH_GRADE_LIKELY;
	finding->evidence = weigh_collect_text(
		l->c, "%s rows: %s str objects, %s values", weigh_tell_count(choice->rows, rows),
		weigh_tell_count(choice->objects, objects), weigh_tell_count(choice->values, values));
	say_change(l, finding, choice, text);
	weigh_collect_check(l->c, finding, WEIGH_CHECK_HOLDS,
			    "distinct objects counted, not what memory_usage(deep=True) says");
	weigh_collect_check(l->c, finding, WEIGH_CHECK_UNKNOWN, "no new values are put in later");
	finding->cost =
		weigh_collect_text(l->c, "concatenating columns of different categories makes objects again");
}

/* A number takes as much as the reference to its text did. */
static void report_numbers(const struct looker *l, const struct weigh_column *column,
			   const struct account *account)
{
	struct weigh_heap_frame frame = weigh_tell_origin(l->e, column->array);
	const char *name = *column->name ? column->name : "...";
	const char *kind = account->reals || account->missing ? "float" : "int";
	struct weigh_finding *finding = weigh_collect_finding(l->c, 11, numbers_rule);
	char objects[WEIGH_TELL_COUNT], values[WEIGH_TELL_COUNT];

	if (!finding)
		return;
	if (frame.file)
		weigh_collect_place(l->c, finding, frame.file, frame.line, frame.function);
	finding->title = weigh_collect_text(l->c, "%s instead of text in column %s", kind, name);
	finding->effect.kind = WEIGH_EFFECT_BYTES;
	finding->quantity = l->e->quantity;
	finding->before = 8.0 * (double)column->rows + account->freed;
	finding->saving = account->freed;
	finding->after = finding->before - finding->saving;
	finding->grade = WEIGH_GRADE_LIKELY;
	finding->evidence = weigh_collect_text(l->c, "%s: %s str objects, %s values", name,
					       weigh_tell_count(account->objects, objects),
					       weigh_tell_count(account->values, values));
	finding->change_before = weigh_collect_text(l->c, "frame[\"%s\"]", name);
	finding->change_after =
		weigh_collect_text(l->c, "frame[\"%s\"] = pd.to_numeric(frame[\"%s\"])", name, name);
	weigh_collect_check(l->c, finding, WEIGH_CHECK_HOLDS, "all of them read as numbers");
	weigh_collect_check(l->c, finding, WEIGH_CHECK_UNKNOWN, "they are quantities, not identifiers");
	finding->cost = weigh_collect_text(l->c, "parsing once, where they are read if the reader can");
}

static bool are_numbers(const struct account *account)
{
	return account->integers + account->reals == account->objects;
}

/* Of the frame's columns those that were made where the one at `first` was; `done` says of which it was spoken. */
static void look_at_line(struct looker *l, const struct weigh_frame_table *table, uint32_t first, bool *done)
{
	struct choice choice = {.count = 0};
	uint32_t line = weigh_heap_line_of(l->e->graph, l->e->lines, l->pandas->columns[first].array);

	for (uint32_t i = first; i < table->first + table->count; i++) {
		const struct weigh_column *column = &l->pandas->columns[i];
		if (done[i] || column->kind != WEIGH_COLUMN_OBJECTS ||
		    weigh_heap_line_of(l->e->graph, l->e->lines, column->array) != line)
			continue;
		done[i] = true;
		struct account account = count_column(l, column);
		if (!account.text || !account.values || account.floats > 1)
			continue;
		if (are_numbers(&account) && account.freed > account.saving)
			report_numbers(l, column, &account);
		else if (account.saving > 0)
			choose(&choice, column, &account);
		else
			reject(l, column, &account);
	}
	if (choice.count)
		report(l, table, &choice);
}

/* Nothing can be counted in what lies outside Python: said, for naive advice names just these columns. */
static void reject_arrow(const struct looker *l, const struct weigh_frame_table *table)
{
	char names[WEIGH_TELL_LIST] = "";
	struct weigh_heap_frame frame = {0};

	for (uint32_t i = table->first; i < table->first + table->count; i++) {
		const struct weigh_column *column = &l->pandas->columns[i];
		if (column->kind != WEIGH_COLUMN_ARROW)
			continue;
		weigh_tell_add(names, "%s", column->name);
		if (!frame.file)
			frame = weigh_tell_origin(l->e, column->array);
	}
	weigh_collect_rejected(l->c, category_rule, frame.file, frame.line, 0,
			       "%s%s%u column%s kept by pyarrow, without objects: their values are not known",
			       names, *names ? ": " : "", table->arrow, table->arrow == 1 ? "" : "s");
}

static void look_at(struct looker *l, bool *done)
{
	for (uint32_t i = 0; i < l->pandas->frame_count; i++) {
		const struct weigh_frame_table *table = &l->pandas->frames[i];
		for (uint32_t c = table->first; c < table->first + table->count; c++) {
			if (!done[c])
				look_at_line(l, table, c, done);
		}
		if (table->arrow)
			reject_arrow(l, table);
	}
}

struct weigh_error *weigh_rules_category(const struct weigh_evidence *evidence,
					 struct weigh_collector *collector)
{
	const struct weigh_pandas *pandas = &evidence->pandas;
	struct looker l = {.e = evidence, .c = collector, .pandas = pandas};
	uint64_t longest = 0;

	if (!pandas->column_count)
		return NULL;
	for (uint32_t i = 0; i < pandas->column_count; i++) {
		if (pandas->columns[i].kind == WEIGH_COLUMN_OBJECTS && pandas->columns[i].rows > longest)
			longest = pandas->columns[i].rows;
	}
	l.sorted = malloc((longest + 1) * sizeof(*l.sorted));
	l.met = calloc((size_t)evidence->equal->count + 1, 1);
	bool *done = calloc(pandas->column_count, sizeof(*done)), enough = l.sorted && l.met && done;
	if (enough)
		look_at(&l, done);
	free(l.sorted);
	free(l.met);
	free(done);
	return enough ? NULL : weigh_error_create_memory();
}
