/*
 * Where rules put what they have to say. A rule makes a finding, fills it in
 * and is done; numbers, gate and order are seen to here. Texts that find no
 * memory are noticed, and make the whole fail at the end.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_ADVICE_COLLECT_H
#define WEIGH_ADVICE_COLLECT_H

#include "advice/finding.h"
#include "base/error.h"

struct weigh_collector {
	struct weigh_advice *advice;
	uint32_t finding_room, rejected_room; /* private */
	bool failed;     /* something found no memory */
};

/*
 * A new finding, all zeros but for rule and id: "W09-2" for the second one of
 * rule 9. `rule` is static. Valid until the next one is made. NULL without
 * memory.
 */
struct weigh_finding *weigh_collect_finding(struct weigh_collector *collector, unsigned number,
					    const char *rule);

/* A text of a format as printf takes it, the caller's; NULL without memory. */
char *weigh_collect_text(struct weigh_collector *collector, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Where the change is to be made; `file` and `function` are copied and may be NULL. */
void weigh_collect_place(struct weigh_collector *collector, struct weigh_finding *finding, const char *file,
			 uint32_t line, const char *function);

/* Bytes that no other finding is about: `before` of them, of which `saving` go. */
void weigh_collect_bytes(struct weigh_finding *finding, enum weigh_quantity quantity, double before,
			 double saving, enum weigh_grade grade);

/* One precondition more; those beyond WEIGH_CHECKS_MAX are left out. */
void weigh_collect_check(struct weigh_collector *collector, struct weigh_finding *finding,
			 enum weigh_check_state state, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Considered and not advised, with the true saving. `rule` is static, `file` is copied and may be NULL. */
void weigh_collect_rejected(struct weigh_collector *collector, const char *rule, const char *file,
			    uint32_t line, double saving, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/*
 * Ends the collecting: findings below the gate become rejections, the others
 * are put in order of saving x confidence. Fails when anything found no memory.
 */
struct weigh_error *weigh_collect_finish(struct weigh_collector *collector);

/* How much a grade's saving counts in the order: 1 and less. */
double weigh_grade_confidence(enum weigh_grade grade);

/* "exact", "likely", "hypothesis"; "peak", "end", "reusable", "growth"; static. */
const char *weigh_grade_name(enum weigh_grade grade);
const char *weigh_quantity_name(enum weigh_quantity quantity);

/* Frees what a finding and a rejection own. */
void weigh_finding_deinit(struct weigh_finding *finding);
void weigh_rejected_deinit(struct weigh_rejected *rejected);

#endif
