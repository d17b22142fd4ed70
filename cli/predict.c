/*
 * The prediction that a finding of a capture makes: see cli/predict.h.
 *
 * The main thread; allocates with malloc.
 */
#include "cli/predict.h"

#include "advice/advise.h"
#include "cli/inquiry.h"

static struct weigh_error *not_found(const struct weigh_inquiry *inquiry, const char *path, const char *id)
{
	const char *changed = weigh_sources_changed(inquiry->sources);

	if (changed)
		return weigh_error_create(
			WEIGH_ERROR_USAGE,
			"%s: no finding %s any more, %s has changed since: give the JSON of weigh advise from before",
			path, id, changed);
	return weigh_error_create(WEIGH_ERROR_USAGE, "%s: no finding %s: see 'weigh advise %s'", path, id,
				  path);
}

static struct weigh_error *find(const struct weigh_inquiry *inquiry, const char *path, const char *id,
				struct weigh_verify *verify)
{
	struct weigh_advice *advice;
	struct weigh_error *error = weigh_advice_create(&inquiry->evidence, WEIGH_ADVICE_GATE, &advice);

	if (error)
		return error;
	const struct weigh_finding *finding = weigh_advice_find(advice, id);
	if (finding) {
		weigh_verify_predict(verify, finding->saving, finding->saving_low, finding->saving_high);
		verify->quantity = finding->quantity;
	} else {
		error = not_found(inquiry, path, id);
	}
	weigh_advice_destroy(advice);
	return error;
}

struct weigh_error *weigh_predict(const char *path, const char *id, struct weigh_verify *verify)
{
	struct weigh_inquiry inquiry;
	struct weigh_error *error = weigh_inquiry_init(&inquiry, path, 0);

	if (!error)
		error = find(&inquiry, path, id, verify);
	weigh_inquiry_deinit(&inquiry);
	return error;
}
