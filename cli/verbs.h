/*
 * The verbs of the weigh command, one file each; cli/main.c lists them.
 */
#ifndef WEIGH_CLI_VERBS_H
#define WEIGH_CLI_VERBS_H

#include "cli/options.h"

extern const struct weigh_verb weigh_verb_run;    /* cli/run.c */
extern const struct weigh_verb weigh_verb_report; /* cli/report.c */
extern const struct weigh_verb weigh_verb_heap;   /* cli/heap.c */
extern const struct weigh_verb weigh_verb_advise; /* cli/advise.c */
extern const struct weigh_verb weigh_verb_verify; /* cli/verify.c */
extern const struct weigh_verb weigh_verb_lines;  /* cli/lines.c */
extern const struct weigh_verb weigh_verb_mprof;  /* cli/mprof.c */

#endif
