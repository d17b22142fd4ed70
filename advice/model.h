/*
 * The heap as changes leave it: all tables of the evidence, as copies that
 * changes are applied to. What a rule predicts for itself and what the
 * waterfall predicts for many come from here.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_ADVICE_MODEL_H
#define WEIGH_ADVICE_MODEL_H

#include "advice/evidence.h"
#include "advice/finding.h"

struct weigh_model {
	struct weigh_table *tables; /* with fields of their own */
	uint32_t count;
};

/* As the program has it now. End with weigh_model_deinit(). */
struct weigh_error *weigh_model_init(struct weigh_model *model, const struct weigh_evidence *evidence);
void weigh_model_deinit(struct weigh_model *model);

/* Apply an effect; bytes that go by it (below zero: that come), as the model stands. */
double weigh_model_apply(struct weigh_model *model, const struct weigh_effect *effect);

/* What it would give alone, on the tables as they are now; nothing is changed. */
double weigh_model_saving(const struct weigh_evidence *evidence, const struct weigh_effect *effect);

/*
 * Applies findings in their order to a fresh model, and lists those that save
 * something there in `advice->steps`. What saves nothing after those before
 * it, because it is about the same bytes, is left out.
 */
struct weigh_error *weigh_model_waterfall(const struct weigh_evidence *evidence, struct weigh_advice *advice);

#endif
