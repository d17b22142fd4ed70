/*
 * The record of a verified prediction as JSON of schema weigh.verify/1, written
 * and read again; and a prediction read from weigh.advice/1.
 *
 * One thread; allocates with malloc.
 */
#include "advice/collect.h"
#include "report/document.h"
#include "report/verify.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char schema[] = "weigh.verify/1";
static const char advice_schema[] = "weigh.advice/1";

static void add_bytes(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, double bytes)
{
	yyjson_mut_obj_add_sint(doc, object, key, llround(bytes));
}

/* Before, after, and where this is the quantity foretold, what was and how wrong that is. */
static void add_saved(const struct weigh_verify *verify, struct weigh_document *document, const char *key,
		      struct weigh_saved saved, bool predicted)
{
	yyjson_mut_doc *doc = document->doc;

	if (!saved.known) {
		yyjson_mut_obj_add_null(doc, document->root, key);
		return;
	}
	yyjson_mut_val *object = yyjson_mut_obj_add_obj(doc, document->root, key);
	add_bytes(doc, object, "before", saved.before);
	add_bytes(doc, object, "after", saved.after);
	add_bytes(doc, object, "saving", saved.saving);
	if (predicted) {
		add_bytes(doc, object, "predicted", verify->predicted);
		yyjson_mut_obj_add_real(doc, object, "error", weigh_verify_error(verify));
	} else {
		yyjson_mut_obj_add_null(doc, object, "predicted");
		yyjson_mut_obj_add_null(doc, object, "error");
	}
}

static struct weigh_saved saved_of(double before, double after)
{
	return (struct weigh_saved){before > 0 && after > 0, before, after, before - after};
}

static void fill(const struct weigh_verify *verify, struct weigh_document *document)
{
	static const struct {
		const char *key;
		enum weigh_quantity quantity;
	} parts[] = {{"peak", WEIGH_QUANTITY_PEAK},
		     {"end", WEIGH_QUANTITY_END},
		     {"growth", WEIGH_QUANTITY_GROWTH},
		     {"reusable", WEIGH_QUANTITY_REUSABLE}};

	weigh_document_text(document, document->root, "schema", schema);
	weigh_document_outside(document, document->root, "before", verify->before_path);
	weigh_document_outside(document, document->root, "after", verify->after_path);
	weigh_document_outside(document, document->root, "advice", verify->advice);
	weigh_document_text(document, document->root, "quantity",
			    verify->predicted_known ? weigh_quantity_name(verify->quantity) : NULL);
	yyjson_mut_obj_add_real(document->doc, document->root, "within", verify->within);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		add_saved(verify, document, parts[i].key, weigh_verify_saved(verify, parts[i].quantity),
			  verify->predicted_known && verify->quantity == parts[i].quantity);
	add_saved(verify, document, "rss_peak", saved_of(verify->before.rss_peak, verify->after.rss_peak),
		  false);
	add_saved(verify, document, "rss_end", saved_of(verify->before.rss_end, verify->after.rss_end),
		  false);
	yyjson_mut_obj_add_bool(document->doc, document->root, "ok", weigh_verify_holds(verify));
}

struct weigh_error *weigh_verify_json(const struct weigh_verify *verify, FILE *out)
{
	struct weigh_document document;
	struct weigh_error *error = weigh_document_init(&document);

	if (error)
		return error;
	fill(verify, &document);
	error = weigh_document_print(&document, out);
	weigh_document_deinit(&document);
	return error;
}

struct weigh_error *weigh_verify_keep(const struct weigh_verify *verify, const char *path)
{
	static const char what_to_do[] = "choose another place with --record";
	FILE *file = fopen(path, "we");

	if (!file)
		return weigh_error_create_system(errno, path, what_to_do);
	struct weigh_error *error = weigh_verify_json(verify, file);
	bool failed = ferror(file);
	if ((fclose(file) || failed) && !error)
		error = weigh_error_create_system(errno ? errno : EIO, path, what_to_do);
	if (error)
		unlink(path);
	return error;
}

bool weigh_verify_is_json(const char *path)
{
	FILE *file = fopen(path, "re");
	int c;

	if (!file)
		return false;
	do
		c = fgetc(file);
	while (c != EOF && isspace(c));
	fclose(file);
	return c == '{';
}

/* The document at `path`, which must be of the schema; the caller frees it. */
static struct weigh_error *read_document(const char *path, const char *wanted, yyjson_doc **result)
{
	yyjson_read_err failure;
	yyjson_doc *doc = yyjson_read_file(path, 0, NULL, &failure);

	if (!doc)
		return weigh_error_create(WEIGH_ERROR_FORMAT,
					  "%s: no JSON, %s at byte %zu: give a file that weigh wrote", path,
					  failure.msg, failure.pos);
	const char *found = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "schema"));
	if (found && !strcmp(found, wanted)) {
		*result = doc;
		return NULL;
	}
	struct weigh_error *error = weigh_error_create(
		WEIGH_ERROR_FORMAT, "%s: of schema %s, not %s: give a file that weigh wrote", path,
		found ? found : "(none)", wanted);
	yyjson_doc_free(doc);
	return error;
}

static bool read_number(yyjson_val *object, const char *key, double *number)
{
	yyjson_val *value = yyjson_obj_get(object, key);

	if (!yyjson_is_num(value))
		return false;
	*number = yyjson_get_num(value);
	return isfinite(*number);
}

static bool read_pair(yyjson_val *root, const char *key, double *before, double *after)
{
	yyjson_val *object = yyjson_obj_get(root, key);

	return read_number(object, "before", before) && read_number(object, "after", after);
}

static bool read_quantity(const char *name, enum weigh_quantity *quantity)
{
	for (int q = WEIGH_QUANTITY_PEAK; name && q <= WEIGH_QUANTITY_GROWTH; q++) {
		if (!strcmp(name, weigh_quantity_name((enum weigh_quantity)q))) {
			*quantity = (enum weigh_quantity)q;
			return true;
		}
	}
	return false;
}

/* The text at `key`, owned; NULL and true for null. */
static bool read_text(yyjson_val *root, const char *key, char **text)
{
	yyjson_val *value = yyjson_obj_get(root, key);

	*text = yyjson_is_str(value) ? strdup(yyjson_get_str(value)) : NULL;
	return *text || yyjson_is_null(value);
}

static bool read_prediction(yyjson_val *root, struct weigh_verify *verify)
{
	const char *quantity = yyjson_get_str(yyjson_obj_get(root, "quantity"));

	if (!quantity)
		return true;
	verify->predicted_known = true;
	return read_quantity(quantity, &verify->quantity) &&
	       read_number(yyjson_obj_get(root, quantity), "predicted", &verify->predicted);
}

static bool read_record(yyjson_val *root, struct weigh_verify *verify)
{
	struct weigh_measured *before = &verify->before, *after = &verify->after;

	bool whole = read_pair(root, "peak", &before->peak, &after->peak) &&
		     read_pair(root, "end", &before->end, &after->end) &&
		     read_number(root, "within", &verify->within) &&
		     read_text(root, "before", &verify->before_path) && verify->before_path &&
		     read_text(root, "after", &verify->after_path) && verify->after_path &&
		     read_text(root, "advice", &verify->advice) && read_prediction(root, verify);
	before->growth_known = after->growth_known =
		read_pair(root, "growth", &before->growth, &after->growth);
	if (!read_pair(root, "reusable", &before->reusable, &after->reusable))
		before->reusable = after->reusable = -1;
	read_pair(root, "rss_peak", &before->rss_peak, &after->rss_peak);
	read_pair(root, "rss_end", &before->rss_end, &after->rss_end);
	return whole;
}

struct weigh_error *weigh_verify_read(const char *path, struct weigh_verify *verify)
{
	yyjson_doc *doc;
	struct weigh_error *error = read_document(path, schema, &doc);

	*verify = (struct weigh_verify){0};
	if (error)
		return error;
	yyjson_val *root = yyjson_doc_get_root(doc);
	yyjson_val *ok = yyjson_obj_get(root, "ok");
	if (!read_record(root, verify) || !yyjson_is_bool(ok))
		error = weigh_error_create(WEIGH_ERROR_FORMAT,
					   "%s: keys are missing: write the record again with weigh verify",
					   path);
	else if (yyjson_get_bool(ok) != weigh_verify_holds(verify))
		error = weigh_error_create(
			WEIGH_ERROR_FORMAT,
			"%s: its numbers say otherwise than its \"ok\": write the record again with weigh verify",
			path);
	yyjson_doc_free(doc);
	if (error)
		weigh_verify_deinit(verify);
	return error;
}

static yyjson_val *find_finding(yyjson_val *root, const char *id)
{
	yyjson_val *findings = yyjson_obj_get(root, "findings"), *finding;
	size_t index, count;

	yyjson_arr_foreach(findings, index, count, finding)
	{
		const char *found = yyjson_get_str(yyjson_obj_get(finding, "id"));
		if (found && !strcmp(found, id))
			return finding;
	}
	return NULL;
}

struct weigh_error *weigh_verify_read_advice(const char *path, const char *id, struct weigh_verify *verify,
					     char **capture)
{
	yyjson_doc *doc;
	struct weigh_error *error = read_document(path, advice_schema, &doc);

	if (error)
		return error;
	yyjson_val *root = yyjson_doc_get_root(doc), *finding = find_finding(root, id);
	double saving = 0, low, high;
	*capture = NULL;
	if (!finding)
		error = weigh_error_create(WEIGH_ERROR_USAGE,
					   "%s: no finding %s: give one of the ids in the file", path, id);
	else if (!read_number(finding, "saving", &saving) ||
		 !read_quantity(yyjson_get_str(yyjson_obj_get(finding, "quantity")), &verify->quantity) ||
		 !read_text(root, "capture", capture) || !*capture)
		error = weigh_error_create(WEIGH_ERROR_FORMAT,
					   "%s: keys are missing: write it again with weigh advise --json",
					   path);
	if (!error) {
		low = high = saving;
		read_number(finding, "saving_low", &low);
		read_number(finding, "saving_high", &high);
		weigh_verify_predict(verify, saving, low, high);
	}
	yyjson_doc_free(doc);
	return error;
}
