/*
 * Advice as JSON of schema weigh.advice/1, and as annotations for GitHub: see
 * report/advice.h.
 *
 * One thread; allocates with malloc.
 */
#include "advice/collect.h"
#include "advice/ladder.h"
#include "advice/tell.h"
#include "report/advice.h"
#include "report/document.h"

#include <math.h>

static void add_bytes(struct weigh_document *d, yyjson_mut_val *object, const char *key, double bytes)
{
	yyjson_mut_obj_add_sint(d->doc, object, key, llround(bytes));
}

static void add_line(struct weigh_document *d, yyjson_mut_val *object, const char *file, uint32_t line)
{
	weigh_document_outside(d, object, "file", file);
	if (file)
		weigh_document_uint(d, object, "line", line);
	else
		yyjson_mut_obj_add_null(d->doc, object, "line");
}

static void add_checks(struct weigh_document *d, yyjson_mut_val *object, const struct weigh_finding *finding)
{
	yyjson_mut_val *checks = yyjson_mut_obj_add_arr(d->doc, object, "checks");

	for (int i = 0; i < finding->check_count; i++) {
		yyjson_mut_val *check = yyjson_mut_arr_add_obj(d->doc, checks);
		weigh_document_outside(d, check, "text", finding->checks[i].text);
		if (finding->checks[i].state == WEIGH_CHECK_UNKNOWN)
			yyjson_mut_obj_add_null(d->doc, check, "ok");
		else
			yyjson_mut_obj_add_bool(d->doc, check, "ok",
						finding->checks[i].state == WEIGH_CHECK_HOLDS);
	}
}

static void add_finding(struct weigh_document *d, yyjson_mut_val *findings,
			const struct weigh_finding *finding)
{
	yyjson_mut_val *object = yyjson_mut_arr_add_obj(d->doc, findings);

	weigh_document_text(d, object, "id", finding->id);
	weigh_document_text(d, object, "rule", finding->rule);
	weigh_document_outside(d, object, "title", finding->title);
	add_line(d, object, finding->file, finding->line);
	weigh_document_outside(d, object, "function", finding->function);
	weigh_document_text(d, object, "quantity", weigh_quantity_name(finding->quantity));
	add_bytes(d, object, "before", finding->before);
	add_bytes(d, object, "after", finding->after);
	add_bytes(d, object, "saving", finding->saving);
	add_bytes(d, object, "saving_low", finding->saving_low);
	add_bytes(d, object, "saving_high", finding->saving_high);
	weigh_document_text(d, object, "grade", weigh_grade_name(finding->grade));
	weigh_document_outside(d, object, "evidence", finding->evidence);
	yyjson_mut_val *change = yyjson_mut_obj_add_obj(d->doc, object, "change");
	weigh_document_outside(d, change, "before", finding->change_before);
	weigh_document_outside(d, change, "after", finding->change_after);
	add_checks(d, object, finding);
	weigh_document_outside(d, object, "cost", finding->cost);
	weigh_document_outside(d, object, "verify", finding->verify);
}

static void add_rest(struct weigh_document *d, const struct weigh_advice *advice)
{
	yyjson_mut_val *steps = yyjson_mut_obj_add_arr(d->doc, d->root, "waterfall");
	yyjson_mut_val *rejected = yyjson_mut_obj_add_arr(d->doc, d->root, "rejected");

	for (uint32_t i = 0; i < advice->step_count; i++) {
		yyjson_mut_val *step = yyjson_mut_arr_add_obj(d->doc, steps);
		weigh_document_text(d, step, "id", advice->findings[advice->steps[i].finding].id);
		add_bytes(d, step, "after", advice->steps[i].after);
	}
	for (uint32_t i = 0; i < advice->rejected_count; i++) {
		yyjson_mut_val *entry = yyjson_mut_arr_add_obj(d->doc, rejected);
		weigh_document_text(d, entry, "rule", advice->rejected[i].rule);
		add_line(d, entry, advice->rejected[i].file, advice->rejected[i].line);
		weigh_document_outside(d, entry, "why", advice->rejected[i].why);
		add_bytes(d, entry, "saving", advice->rejected[i].saving);
	}
}

static void add_ladder(struct weigh_document *d, const struct weigh_advice_report *report)
{
	yyjson_mut_val *tables = yyjson_mut_obj_add_arr(d->doc, d->root, "ladder");
	char name[WEIGH_TELL_NAME];

	for (uint32_t t = 0; t < report->evidence->records.count; t++) {
		const struct weigh_record_table *table = &report->evidence->records.tables[t];
		if (table->column)
			continue;
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(d->doc, tables);
		weigh_document_outside(d, object, "name", weigh_tell_holder(report->evidence, table, name));
		weigh_document_outside(d, object, "record", weigh_tell_record(report->evidence, table));
		weigh_document_uint(d, object, "records", table->model.records);
		add_bytes(d, object, "bytes", weigh_table_resident(&table->model));
		yyjson_mut_val *rungs = yyjson_mut_obj_add_arr(d->doc, object, "rungs");
		for (int i = 0; i < WEIGH_RUNGS; i++) {
			yyjson_mut_val *rung = yyjson_mut_arr_add_obj(d->doc, rungs);
			weigh_document_text(d, rung, "name", weigh_rungs[i].name);
			add_bytes(d, rung, "bytes", weigh_rung_resident(&table->model, &weigh_rungs[i]));
		}
	}
}

struct weigh_error *weigh_advice_print_json(const struct weigh_advice_report *report, FILE *out)
{
	const struct weigh_advice *advice = report->advice;
	struct weigh_document document;
	struct weigh_error *error = weigh_document_init(&document);

	if (error)
		return error;
	weigh_document_text(&document, document.root, "schema", "weigh.advice/1");
	weigh_document_outside(&document, document.root, "capture", report->path);
	weigh_document_text(&document, document.root, "quantity_units", "bytes");
	weigh_document_text(&document, document.root, "quantity", weigh_quantity_name(advice->quantity));
	add_bytes(&document, document.root, "peak", advice->peak);
	add_bytes(&document, document.root, "end", advice->end);
	add_bytes(&document, document.root, "gate", advice->least);
	add_bytes(&document, document.root, "seen", report->evidence->seen);
	yyjson_mut_obj_add_bool(document.doc, document.root, "snapshot", report->evidence->graph);
	yyjson_mut_val *findings = yyjson_mut_obj_add_arr(document.doc, document.root, "findings");
	for (uint32_t i = 0; i < weigh_advice_shown(report); i++)
		add_finding(&document, findings, &advice->findings[i]);
	add_rest(&document, advice);
	if (report->ladder)
		add_ladder(&document, report);
	error = weigh_document_print(&document, out);
	weigh_document_deinit(&document);
	return error;
}

/* What stands between the signs of a workflow command may hold none of them. */
static void print_escaped(const char *text, bool property, FILE *out)
{
	for (; text && *text; text++) {
		if (*text == '%' || *text == '\n' || *text == '\r' ||
		    (property && (*text == ':' || *text == ',')))
			fprintf(out, "%%%02X", (unsigned char)*text);
		else
			fputc(*text, out);
	}
}

void weigh_advice_print_github(const struct weigh_advice_report *report, FILE *out)
{
	char bytes[WEIGH_NUMBER];

	for (uint32_t i = 0; i < weigh_advice_shown(report); i++) {
		const struct weigh_finding *finding = &report->advice->findings[i];
		fputs(finding->file ? "::warning file=" : "::notice title=", out);
		if (finding->file) {
			print_escaped(report->sources
					      ? weigh_source_short_path(report->sources, finding->file)
					      : finding->file,
				      true, out);
			fprintf(out, ",line=%u,title=", finding->line);
		}
		print_escaped(finding->id, true, out);
		fprintf(out, "::saves %s: ", weigh_bytes_text(finding->saving, bytes));
		print_escaped(finding->title, false, out);
		fputs("%0A", out);
		print_escaped(finding->evidence, false, out);
		fputc('\n', out);
	}
}
