/*
 * A prediction against what was measured: two captures of a program, before
 * and after a change, and a record of the pair that can be checked again.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_VERIFY_H
#define WEIGH_REPORT_VERIFY_H

#include "advice/finding.h"
#include "base/error.h"
#include "capture/open.h"
#include "report/style.h"

#include <stdbool.h>
#include <stdio.h>

/* What one capture says; bytes. */
struct weigh_measured {
	double peak, end;         /* footprint, by the exact counters */
	double rss_peak, rss_end; /* resident, without weigh's own; 0: not known */
	bool growth_known;        /* the program ran long enough */
	double growth;            /* of the live bytes in an hour, after the warm-up; 0: does not grow */
	double reusable;          /* freed and kept by the allocators at the end; below 0: not known */
};

struct weigh_measured weigh_measured_of(const struct weigh_capture *capture);

struct weigh_verify {
	char *before_path, *after_path; /* owned; in a record relative to its folder, where they lie in it */
	char *advice; /* owned: id of the finding; NULL: none */
	struct weigh_measured before, after;
	bool predicted_known;
	enum weigh_quantity quantity; /* of the prediction */
	double predicted; /* saving */
	double within; /* part of the prediction by which the measurement may differ */
};

/* Takes one that is all zeros. */
void weigh_verify_deinit(struct weigh_verify *verify);

/*
 * Predicts a saving of which it was said between what it lies: the measurement
 * may differ by as much, where that is more than `within`.
 */
void weigh_verify_predict(struct weigh_verify *verify, double saving, double low, double high);

/* Before, after and the saving of one quantity. */
struct weigh_saved {
	bool known;
	double before, after, saving;
};
struct weigh_saved weigh_verify_saved(const struct weigh_verify *verify, enum weigh_quantity quantity);

/*
 * By how much the measured saving exceeds the predicted one, as a part of the
 * prediction; where nothing was to be saved, as a part of what there was.
 */
double weigh_verify_error(const struct weigh_verify *verify);

/*
 * Whether the measurement is within the stated error of the prediction. Without
 * one: whether neither peak nor end became larger by more than that part.
 */
bool weigh_verify_holds(const struct weigh_verify *verify);

void weigh_verify_print(const struct weigh_verify *verify, const struct weigh_style *style, FILE *out);

/* JSON of schema weigh.verify/1, which is also the record. */
struct weigh_error *weigh_verify_json(const struct weigh_verify *verify, FILE *out);

/* Write the record to `path`; replaces what is there. */
struct weigh_error *weigh_verify_keep(const struct weigh_verify *verify, const char *path);

/*
 * Read a record. WEIGH_ERROR_FORMAT when it is none, or when its own numbers
 * contradict each other. End `*verify` with weigh_verify_deinit().
 */
struct weigh_error *weigh_verify_read(const char *path, struct weigh_verify *verify);

/* Whether the file begins as JSON does: a record or a document of findings, not a capture. */
bool weigh_verify_is_json(const char *path);

/*
 * The prediction of the finding `id` in JSON of schema weigh.advice/1 at
 * `path`; `*capture` becomes the capture it is about, the caller's to free.
 */
struct weigh_error *weigh_verify_read_advice(const char *path, const char *id, struct weigh_verify *verify,
					     char **capture);

#endif
