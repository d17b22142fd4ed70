/*
 * Advice as SARIF 2.1.0, which code hosts and editors show at the lines: see
 * report/advice.h.
 *
 * One thread; allocates with malloc.
 */
#include "advice/collect.h"
#include "report/advice.h"
#include "report/document.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void add_text(struct weigh_document *d, yyjson_mut_val *object, const char *key, const char *text)
{
	yyjson_mut_val *message = yyjson_mut_obj_add_obj(d->doc, object, key);

	weigh_document_outside(d, message, "text", text);
}

/* Each rule that found something, once; results name them by index. */
static uint32_t rule_index(const struct weigh_advice *advice, uint32_t finding)
{
	uint32_t index = 0;

	for (uint32_t i = 0; i < finding; i++) {
		bool first = true;
		for (uint32_t j = 0; j < i; j++)
			first &= strcmp(advice->findings[i].rule, advice->findings[j].rule) != 0;
		if (!strcmp(advice->findings[i].rule, advice->findings[finding].rule))
			return index;
		index += first;
	}
	return index;
}

static void add_rules(struct weigh_document *d, yyjson_mut_val *driver, const struct weigh_advice *advice,
		      uint32_t count)
{
	yyjson_mut_val *rules = yyjson_mut_obj_add_arr(d->doc, driver, "rules");

	for (uint32_t i = 0; i < count; i++) {
		if (rule_index(advice, i) < yyjson_mut_arr_size(rules))
			continue;
		yyjson_mut_val *rule = yyjson_mut_arr_add_obj(d->doc, rules);
		weigh_document_text(d, rule, "id", advice->findings[i].rule);
	}
}

enum { URI_MOST = 3 * 4096 + 16 };

/* A path as a URI, or a reference relative to one: what may not stand there by itself as %XX. */
static void write_uri(const char *path, char uri[static URI_MOST])
{
	static const char plain[] = "-._~/";
	size_t used = 0;

	if (*path == '/')
		used = (size_t)snprintf(uri, URI_MOST, "file://");
	for (; *path && used + 4 < URI_MOST; path++) {
		unsigned char c = (unsigned char)*path;
		if (isalnum(c) || strchr(plain, c))
			uri[used++] = (char)c;
		else
			used += (size_t)snprintf(uri + used, URI_MOST - used, "%%%02X", c);
	}
	uri[used] = 0;
}

static void add_place(struct weigh_document *d, yyjson_mut_val *result,
		      const struct weigh_advice_report *report, const struct weigh_finding *finding)
{
	yyjson_mut_val *places = yyjson_mut_obj_add_arr(d->doc, result, "locations");

	if (!finding->file)
		return;
	yyjson_mut_val *place =
		yyjson_mut_obj_add_obj(d->doc, yyjson_mut_arr_add_obj(d->doc, places), "physicalLocation");
	yyjson_mut_val *artifact = yyjson_mut_obj_add_obj(d->doc, place, "artifactLocation");
	char uri[URI_MOST];
	write_uri(report->sources ? weigh_source_short_path(report->sources, finding->file) : finding->file,
		  uri);
	weigh_document_outside(d, artifact, "uri", uri);
	yyjson_mut_val *region = yyjson_mut_obj_add_obj(d->doc, place, "region");
	weigh_document_uint(d, region, "startLine", finding->line ? finding->line : 1);
}

static void add_result(struct weigh_document *d, yyjson_mut_val *results,
		       const struct weigh_advice_report *report, uint32_t number)
{
	const struct weigh_finding *finding = &report->advice->findings[number];
	yyjson_mut_val *result = yyjson_mut_arr_add_obj(d->doc, results);
	char bytes[WEIGH_NUMBER], text[1200];

	snprintf(text, sizeof(text), "Saves %s %s: %s (%s)", weigh_bytes_text(finding->saving, bytes),
		 weigh_advice_quantity(finding->quantity), finding->title,
		 finding->evidence ? finding->evidence : "no more is known");
	weigh_document_text(d, result, "ruleId", finding->rule);
	weigh_document_uint(d, result, "ruleIndex", rule_index(report->advice, number));
	weigh_document_text(d, result, "level",
			    finding->grade == WEIGH_GRADE_HYPOTHESIS ? "note" : "warning");
	add_text(d, result, "message", text);
	add_place(d, result, report, finding);
	yyjson_mut_val *properties = yyjson_mut_obj_add_obj(d->doc, result, "properties");
	weigh_document_text(d, properties, "id", finding->id);
	yyjson_mut_obj_add_sint(d->doc, properties, "saving", llround(finding->saving));
	weigh_document_text(d, properties, "grade", weigh_grade_name(finding->grade));
}

struct weigh_error *weigh_advice_print_sarif(const struct weigh_advice_report *report, FILE *out)
{
	struct weigh_document document, *d = &document;
	struct weigh_error *error = weigh_document_init(d);
	uint32_t count = weigh_advice_shown(report);

	if (error)
		return error;
	weigh_document_text(d, d->root, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	weigh_document_text(d, d->root, "version", "2.1.0");
	yyjson_mut_val *runs = yyjson_mut_obj_add_arr(d->doc, d->root, "runs");
	yyjson_mut_val *run = yyjson_mut_arr_add_obj(d->doc, runs);
	yyjson_mut_val *tool = yyjson_mut_obj_add_obj(d->doc, run, "tool");
	yyjson_mut_val *driver = yyjson_mut_obj_add_obj(d->doc, tool, "driver");
	weigh_document_text(d, driver, "name", "weigh");
	weigh_document_text(d, driver, "version", WEIGH_VERSION);
	add_rules(d, driver, report->advice, count);
	yyjson_mut_val *results = yyjson_mut_obj_add_arr(d->doc, run, "results");
	for (uint32_t i = 0; i < count; i++)
		add_result(d, results, report, i);
	error = weigh_document_print(d, out);
	weigh_document_deinit(d);
	return error;
}
