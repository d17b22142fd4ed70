/*
 * `weigh advise`: what to change, ranked, with the bytes that it saves.
 *
 * The main thread; allocates with malloc.
 */
#include "advice/advise.h"

#include "cli/inquiry.h"
#include "cli/python.h"
#include "cli/verbs.h"
#include "report/advice.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum option {
	OPTION_AT,
	OPTION_REJECTED,
	OPTION_LADDER,
	OPTION_LIMIT,
	OPTION_FAIL_OVER,
	OPTION_JSON,
	OPTION_SARIF,
	OPTION_GITHUB,
	OPTION_PYTHON,
	OPTION_COUNT,
};

static const struct weigh_option options[OPTION_COUNT] = {
	[OPTION_AT] = {'a', "at", "WHEN", "peak|end",
		       "of two snapshots that of the peak or the end [peak, if there is one]", 0},
	[OPTION_REJECTED] = {'r', "rejected", NULL, NULL, "also what was considered, and why not", 0},
	[OPTION_LADDER] = {0, "ladder", NULL, NULL, "also what each table would take in every way", 0},
	[OPTION_LIMIT] = {'n', "limit", "N", NULL, "findings at most; 0: all [10; JSON and others all]", 0},
	[OPTION_FAIL_OVER] = {0, "fail-over", "SIZE", NULL,
			      "exit with 3 when a finding saves more: 100M, 1.5G", 0},
	[OPTION_JSON] = {0, "json", NULL, NULL, "JSON of schema weigh.advice/1", 0},
	[OPTION_SARIF] = {0, "sarif", NULL, NULL, "SARIF 2.1.0", 0},
	[OPTION_GITHUB] = {0, "github", NULL, NULL, "annotations for a GitHub workflow", 0},
	[OPTION_PYTHON] = {'p', "python", "PYTHON", NULL,
			   "interpreter with whose libraries a sample is built [the usual one]", 0},
};

enum { STATUS_OVER = 3 };

struct request {
	const char *path;
	char *const *others; /* captures of other processes */
	int other_count;
	const char *python; /* NULL: the usual one */
	enum weigh_snapshot_when when; /* 0: of the peak, if there is one */
	uint32_t limit;
	double over; /* HUGE_VAL: no bound */
	bool rejected, ladder, json, sarif, github;
};

/* "100M", "1.5G", "4096": binary units. */
static struct weigh_error *parse_size(const char *text, double *bytes)
{
	static const char units[] = "KMGT";
	char *rest;
	double value = strtod(text, &rest);
	const char *unit = *rest ? strchr(units, toupper((unsigned char)*rest)) : NULL;

	if (unit) {
		value *= exp2(10.0 * (double)(unit - units + 1));
		rest += strcasecmp(rest + 1, "iB") && strcasecmp(rest + 1, "B") ? 1 : strlen(rest);
	}
	if (!isdigit((unsigned char)*text) || *rest || !isfinite(value))
		return weigh_error_create(WEIGH_ERROR_USAGE,
					  "--fail-over: '%s' is no size: give bytes, or 100M, 1.5G", text);
	*bytes = value;
	return NULL;
}

static struct weigh_error *parse(const struct weigh_arguments *arguments, struct request *request)
{
	const char *const *values = arguments->values;
	int forms = (values[OPTION_JSON] != NULL) + (values[OPTION_SARIF] != NULL) +
		    (values[OPTION_GITHUB] != NULL);
	long limit = forms ? 0 : 10;
	struct weigh_error *error = NULL;

	if (arguments->operand_count < 1)
		return weigh_error_create(WEIGH_ERROR_USAGE,
					  "advise: no capture given: weigh advise CAPTURE");
	if (forms > 1)
		return weigh_error_create(
			WEIGH_ERROR_USAGE,
			"--json, --sarif, --github: cannot stand together: give one of them");
	request->over = HUGE_VAL;
	if (values[OPTION_LIMIT])
		error = weigh_option_number("--limit", values[OPTION_LIMIT], 0, &limit);
	if (!error && values[OPTION_FAIL_OVER])
		error = parse_size(values[OPTION_FAIL_OVER], &request->over);
	if (error)
		return error;
	request->path = arguments->operands[0];
	request->others = arguments->operands + 1;
	request->other_count = arguments->operand_count - 1;
	request->limit = limit > INT32_MAX ? 0 : (uint32_t)limit;
	if (values[OPTION_AT])
		request->when = strcmp(values[OPTION_AT], "peak") ? WEIGH_SNAPSHOT_END : WEIGH_SNAPSHOT_PEAK;
	request->python = values[OPTION_PYTHON];
	request->rejected = values[OPTION_REJECTED];
	request->ladder = values[OPTION_LADDER];
	request->json = values[OPTION_JSON];
	request->sarif = values[OPTION_SARIF];
	request->github = values[OPTION_GITHUB];
	return NULL;
}

static bool is_over(const struct weigh_advice *advice, double bound)
{
	for (uint32_t i = 0; i < advice->finding_count; i++) {
		if (advice->findings[i].saving > bound)
			return true;
	}
	return false;
}

static struct weigh_error *print(struct weigh_advice_report *report, const struct request *request)
{
	if (request->json)
		return weigh_advice_print_json(report, stdout);
	if (request->sarif)
		return weigh_advice_print_sarif(report, stdout);
	if (request->github)
		weigh_advice_print_github(report, stdout);
	else
		weigh_advice_print(report, stdout);
	return NULL;
}

static struct weigh_error *advise(const struct weigh_inquiry *inquiry, const struct request *request,
				  int *status)
{
	struct weigh_advice_report report = {
		.evidence = &inquiry->evidence,
		.path = request->path,
		.sources = inquiry->sources,
		.style = weigh_style_of(stdout),
		.limit = request->limit,
		.rejected = request->rejected,
		.ladder = request->ladder,
	};
	struct weigh_advice *advice;
	struct weigh_error *error = weigh_advice_create(&inquiry->evidence, WEIGH_ADVICE_GATE, &advice);

	if (error)
		return error;
	report.advice = advice;
	error = print(&report, request);
	if (!error && is_over(advice, request->over))
		*status = STATUS_OVER;
	weigh_advice_destroy(advice);
	return error;
}

/* One that was asked for must be there; the usual one need not. */
static struct weigh_error *choose_python(struct weigh_inquiry *inquiry, const char *python)
{
	char *interpreter = NULL;
	struct weigh_error *error = python ? weigh_python_interpreter(python, &interpreter) : NULL;

	free(interpreter);
	inquiry->builder.python = python;
	return error;
}

static void close_others(struct weigh_capture **others, int count)
{
	for (int i = 0; i < count; i++)
		weigh_capture_close(others[i]);
	free(others);
}

static bool same_process(const struct weigh_capture *a, const struct weigh_capture *b)
{
	return a->header->pid == b->header->pid && a->header->started_unix_ns == b->header->started_unix_ns;
}

/* All of them are of other processes than the first; the caller ends them with close_others(). */
static struct weigh_error *open_others(const struct request *request, const struct weigh_capture *first,
				       struct weigh_capture **others)
{
	if (!first && request->other_count)
		return weigh_error_create(
			WEIGH_ERROR_USAGE,
			"%s: a snapshot by itself cannot be compared: give captures of all processes",
			request->path);
	for (int i = 0; i < request->other_count; i++) {
		struct weigh_error *error = weigh_capture_open(request->others[i], &others[i]);
		if (error)
			return error;
		if (same_process(first, others[i]))
			return weigh_error_create(
				WEIGH_ERROR_USAGE,
				"%s: the same recording as %s: give captures of different processes",
				request->others[i], request->path);
	}
	return NULL;
}

static struct weigh_error *advise_all(struct weigh_inquiry *inquiry, const struct request *request,
				      int *status)
{
	struct weigh_capture **others = calloc((size_t)request->other_count + 1, sizeof(*others));

	if (!others)
		return weigh_error_create_memory();
	struct weigh_error *error = open_others(request, inquiry->capture, others);
	inquiry->evidence.others = (const struct weigh_capture *const *)others;
	inquiry->evidence.other_count = (uint32_t)request->other_count;
	if (!error)
		error = advise(inquiry, request, status);
	close_others(others, request->other_count);
	return error;
}

static struct weigh_error *perform(const struct weigh_arguments *arguments, int *status)
{
	struct request request = {0};
	struct weigh_inquiry inquiry;
	struct weigh_error *error = parse(arguments, &request);

	*status = 0;
	if (error)
		return error;
	error = weigh_inquiry_init(&inquiry, request.path, request.when);
	if (!error)
		error = choose_python(&inquiry, request.python);
	if (!error)
		error = advise_all(&inquiry, &request, status);
	weigh_inquiry_deinit(&inquiry);
	if (!error && (fflush(stdout) || ferror(stdout)))
		error = weigh_error_create_system(errno, "standard output",
						  "free some space, or write elsewhere");
	return error;
}

const struct weigh_verb weigh_verb_advise = {
	.name = "advise",
	.usage = "[options] CAPTURE [CAPTURES OF OTHER PROCESSES]",
	.summary = "say what to change, and how many bytes that saves",
	.notes = "CAPTURE is best made with weigh run --heap=peak: objects are what most rules look at.\n"
		 "A finding is shown from 1 % of the peak on. Of several captures, one of each worker, the\n"
		 "first is advised on; what all have alike is one more finding.\n",
	.options = options,
	.option_count = OPTION_COUNT,
	.perform = perform,
};
