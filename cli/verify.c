/*
 * `weigh verify`: two captures against a prediction, a program run again
 * against the finding of its capture, or a record checked anew.
 *
 * The main thread; allocates with malloc.
 */
#include "report/verify.h"
#include "base/error.h"
#include "capture/open.h"
#include "cli/predict.h"
#include "cli/rerun.h"
#include "cli/verbs.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum option {
	OPTION_ADVICE,
	OPTION_PREDICTED,
	OPTION_QUANTITY,
	OPTION_WITHIN,
	OPTION_RECORD,
	OPTION_JSON,
	OPTION_COUNT,
};

static const struct weigh_option options[OPTION_COUNT] = {
	[OPTION_ADVICE] = {'a', "advice", "ID", NULL, "the prediction of this finding of BEFORE", 0},
	[OPTION_PREDICTED] = {'p', "predicted", "BYTES", NULL, "the prediction: bytes saved", 0},
	[OPTION_QUANTITY] = {'q', "quantity", "WHAT", "peak|end|growth",
			     "what --predicted is about: peak, end, or growth in an hour [peak]", 0},
	[OPTION_WITHIN] = {'w', "within", "PERCENT", NULL,
			   "how far the measurement may be off [5, or the finding's own]", 0},
	[OPTION_RECORD] = {'r', "record", "FILE", NULL,
			   "keep the result here [beside the capture, when the program is run]", 0},
	[OPTION_JSON] = {0, "json", NULL, NULL, "JSON of schema weigh.verify/1", 0},
};

enum { STATUS_OUTSIDE = 3 };

/* A command line, and what comes of it. */
struct check {
	const char *const *values;
	char *const *paths;
	int path_count;
	char *const *command; /* NULL: nothing is to be run */
	const char *advice;
	struct weigh_verify verify;
	bool exact;   /* how BEFORE was recorded */
	char *record; /* owned: where the result is kept; NULL: nowhere */
};

static struct weigh_error *wrong_usage(const char *what)
{
	return weigh_error_create(
		WEIGH_ERROR_USAGE,
		"verify: %s: weigh verify BEFORE AFTER, or --advice ID CAPTURE -- python SCRIPT", what);
}

static struct weigh_error *read_amount(const char *option, const char *text, double least, double *number)
{
	char *rest;

	*number = strtod(text, &rest);
	if (rest == text || *rest || !isfinite(*number) || *number < least)
		return weigh_error_create(WEIGH_ERROR_USAGE, "%s: '%s' is not a number: give one", option,
					  text);
	return NULL;
}

static struct weigh_error *parse(struct check *check, const struct weigh_arguments *arguments)
{
	const char *within = arguments->values[OPTION_WITHIN];
	const char *predicted = arguments->values[OPTION_PREDICTED];
	double percent = 5;
	struct weigh_error *error = NULL;

	*check = (struct check){
		.values = arguments->values,
		.paths = arguments->operands,
		.path_count = arguments->before_dashes,
		.command = arguments->dashes ? arguments->operands + arguments->before_dashes : NULL,
		.advice = arguments->values[OPTION_ADVICE],
	};
	if (check->path_count < 1 || check->path_count > 2)
		return wrong_usage(check->path_count ? "too many files" : "no capture given");
	if (check->command && !check->command[0])
		return wrong_usage("no program after --");
	if (check->command && check->path_count == 2)
		return wrong_usage("a program is run instead of AFTER");
	if (check->advice && predicted)
		return wrong_usage("--advice and --predicted are two predictions");
	if (within)
		error = read_amount("--within", within, 0, &percent);
	if (!error && predicted) {
		check->verify.predicted_known = true;
		error = read_amount("--predicted", predicted, -HUGE_VAL, &check->verify.predicted);
	}
	check->verify.within = percent / 100;
	return error;
}

static enum weigh_quantity quantity_of(const char *name)
{
	return !name || !strcmp(name, "peak") ? WEIGH_QUANTITY_PEAK
	       : !strcmp(name, "end")         ? WEIGH_QUANTITY_END
					      : WEIGH_QUANTITY_GROWTH;
}

static struct weigh_error *copy_text(const char *text, char **copy)
{
	*copy = strdup(text);
	return *copy ? NULL : weigh_error_create_memory();
}

/* What a finding predicts, and what it is about. */
static struct weigh_error *predict_by_advice(struct check *check)
{
	struct weigh_verify *verify = &check->verify;
	double within = verify->within;
	struct weigh_error *error = copy_text(check->advice, &verify->advice);

	if (error)
		return error;
	if (weigh_verify_is_json(check->paths[0])) {
		error = weigh_verify_read_advice(check->paths[0], check->advice, verify,
						 &verify->before_path);
	} else {
		error = copy_text(check->paths[0], &verify->before_path);
		error = error ? error : weigh_predict(check->paths[0], check->advice, verify);
	}
	if (check->values[OPTION_WITHIN])
		verify->within = within;
	return error;
}

/* BEFORE, of the command line or of what the findings are about, and the prediction. */
static struct weigh_error *predict(struct check *check)
{
	check->verify.quantity = quantity_of(check->values[OPTION_QUANTITY]);
	if (check->advice)
		return predict_by_advice(check);
	return copy_text(check->paths[0], &check->verify.before_path);
}

static struct weigh_error *measure(const char *path, struct weigh_measured *measured, bool *exact)
{
	struct weigh_capture *capture;
	struct weigh_error *error = weigh_capture_open(path, &capture);

	if (error)
		return error;
	*measured = weigh_measured_of(capture);
	*exact = capture->header->mode == WEIGH_MODE_EXACT;
	weigh_capture_close(capture);
	return NULL;
}

/* `path` without its ending, and another one; NULL without memory. */
static char *beside(const char *path, const char *middle, const char *ending)
{
	size_t length = strlen(path);
	char *name;

	if (length > 6 && !strcmp(path + length - 6, ".weigh"))
		length -= 6;
	else if (length > 5 && !strcmp(path + length - 5, ".json"))
		length -= 5;
	return asprintf(&name, "%.*s.%s%s", (int)length, path, middle, ending) < 0 ? NULL : name;
}

/* Runs the program again; AFTER and the record lie beside BEFORE. */
static struct weigh_error *run_again(struct check *check)
{
	const char *middle = check->verify.advice ? check->verify.advice : "after";
	const char *before = check->verify.before_path;

	check->verify.after_path = beside(before, middle, ".weigh");
	if (!check->record)
		check->record = beside(before, middle, ".json");
	if (!check->verify.after_path || !check->record)
		return weigh_error_create_memory();
	return weigh_rerun(check->command, check->exact, check->verify.after_path);
}

static struct weigh_error *compare(struct check *check)
{
	struct weigh_verify *verify = &check->verify;
	struct weigh_error *error = predict(check);
	bool after_exact;

	if (!error)
		error = measure(verify->before_path, &verify->before, &check->exact);
	if (!error && check->command)
		error = run_again(check);
	else if (!error && check->path_count == 2)
		error = copy_text(check->paths[1], &verify->after_path);
	else if (!error)
		error = wrong_usage("no capture of the changed program");
	return error ? error : measure(verify->after_path, &verify->after, &after_exact);
}

/* A capture of a record: in the folder of the record unless absolute. */
static char *path_of(const char *record, const char *path)
{
	const char *slash = strrchr(record, '/');
	char *whole;

	if (*path == '/' || !slash)
		return strdup(path);
	return asprintf(&whole, "%.*s%s", (int)(slash + 1 - record), record, path) < 0 ? NULL : whole;
}

static bool same(double recorded, double measured)
{
	return fabs(recorded - measured) < 1;
}

/* Where a capture of the record is still there, it must say what the record says. */
static struct weigh_error *check_capture(const char *record, const char *path,
					 const struct weigh_measured *recorded, bool *exact)
{
	struct weigh_measured measured;

	if (access(path, F_OK))
		return NULL;
	struct weigh_error *error = measure(path, &measured, exact);
	if (!error && (!same(recorded->peak, measured.peak) || !same(recorded->end, measured.end)))
		error = weigh_error_create(WEIGH_ERROR_STATE,
					   "%s: not the capture that %s is about: verify the pair anew", path,
					   record);
	return error;
}

/* The record's own numbers, its captures where they are to be had, and the program run again when asked. */
static struct weigh_error *check_record(struct check *check)
{
	const char *record = check->paths[0];
	struct weigh_verify *verify = &check->verify;
	double within = verify->within;
	bool exact = false;
	struct weigh_error *error = weigh_verify_read(record, verify);

	if (error)
		return error;
	if (check->values[OPTION_WITHIN])
		verify->within = within;
	char *before = path_of(record, verify->before_path), *after = path_of(record, verify->after_path);
	if (!before || !after)
		error = weigh_error_create_memory();
	if (!error)
		error = check_capture(record, before, &verify->before, &check->exact);
	if (!error && !check->command)
		error = check_capture(record, after, &verify->after, &exact);
	if (!error && check->command)
		error = weigh_rerun(check->command, check->exact, after);
	if (!error && check->command)
		error = measure(after, &verify->after, &exact);
	free(before);
	free(after);
	return error;
}

/* Within a record paths are relative to its folder, so that a pair can be moved. */
static struct weigh_error *make_relative(const char *record, char **path)
{
	const char *record_slash = strrchr(record, '/'), *slash = strrchr(*path, '/');
	size_t length = record_slash ? (size_t)(record_slash + 1 - record) : 0;
	char *kept;

	if ((slash ? (size_t)(slash + 1 - *path) : 0) == length && !strncmp(record, *path, length))
		kept = strdup(*path + length);
	else
		kept = realpath(*path, NULL);
	if (!kept)
		return weigh_error_create_memory();
	free(*path);
	*path = kept;
	return NULL;
}

static struct weigh_error *keep(struct check *check)
{
	if (!check->record)
		return NULL;
	struct weigh_error *error = make_relative(check->record, &check->verify.before_path);
	if (!error)
		error = make_relative(check->record, &check->verify.after_path);
	return error ? error : weigh_verify_keep(&check->verify, check->record);
}

static struct weigh_error *print(const struct check *check)
{
	struct weigh_error *error = NULL;

	if (check->values[OPTION_JSON]) {
		error = weigh_verify_json(&check->verify, stdout);
	} else {
		struct weigh_style style = weigh_style_of(stdout);
		weigh_verify_print(&check->verify, &style, stdout);
	}
	if (!error && (fflush(stdout) || ferror(stdout)))
		error = weigh_error_create_system(errno, "standard output",
						  "free some space, or write elsewhere");
	return error;
}

static bool is_record(const struct check *check)
{
	return check->path_count == 1 && !check->advice && weigh_verify_is_json(check->paths[0]);
}

static struct weigh_error *perform(const struct weigh_arguments *arguments, int *status)
{
	struct check check = {0};
	struct weigh_error *error = parse(&check, arguments);

	if (!error && arguments->values[OPTION_RECORD])
		error = copy_text(arguments->values[OPTION_RECORD], &check.record);
	if (!error)
		error = is_record(&check) ? check_record(&check) : compare(&check);
	if (!error)
		error = print(&check);
	if (!error)
		error = keep(&check);
	if (!error)
		*status = weigh_verify_holds(&check.verify) ? 0 : STATUS_OUTSIDE;
	weigh_verify_deinit(&check.verify);
	free(check.record);
	return error;
}

const struct weigh_verb weigh_verb_verify = {
	.name = "verify",
	.usage = "[options] BEFORE AFTER | --advice ID CAPTURE [AFTER | -- COMMAND] | RECORD [-- COMMAND]",
	.summary = "measure whether a change gave back what was predicted",
	.notes = "Instead of a CAPTURE, --advice takes what `weigh advise --json` wrote of it: save that\n"
		 "before the source changes. Exit status 0 within the stated error, 3 outside it.\n",
	.options = options,
	.option_count = OPTION_COUNT,
	.perform = perform,
};
