/*
 * The prediction that a finding of a capture makes.
 */
#ifndef WEIGH_CLI_PREDICT_H
#define WEIGH_CLI_PREDICT_H

#include "base/error.h"
#include "report/verify.h"

/*
 * Looks for advice in the capture at `path` and sets the prediction of
 * `verify` to that of the finding `id`; WEIGH_ERROR_USAGE when there is none.
 */
struct weigh_error *weigh_predict(const char *path, const char *id, struct weigh_verify *verify);

#endif
