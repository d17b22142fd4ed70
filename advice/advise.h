/*
 * From a capture to advice: collects the evidence, asks every rule, applies
 * what they found one after another.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_ADVICE_ADVISE_H
#define WEIGH_ADVICE_ADVISE_H

#include "advice/evidence.h"
#include "advice/finding.h"

/* The usual gate: less of the peak is not worth an edit; nor is less than this many bytes of any. */
#define WEIGH_ADVICE_GATE 0.01
enum { WEIGH_ADVICE_LEAST = 256 << 10 };

/*
 * `evidence` must outlive nothing: findings own what they say. `share` is the
 * gate, as a part of the peak (or end), WEIGH_ADVICE_LEAST at the least. The caller ends `*advice` with
 * weigh_advice_destroy().
 */
struct weigh_error *weigh_advice_create(const struct weigh_evidence *evidence, double share,
					struct weigh_advice **advice);

/* Takes NULL. */
void weigh_advice_destroy(struct weigh_advice *advice);

/* The finding of this id; NULL: there is none. */
const struct weigh_finding *weigh_advice_find(const struct weigh_advice *advice, const char *id);

#endif
