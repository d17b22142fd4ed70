/*
 * The actions of `weigh mprof`, each a verb with options of its own.
 */
#ifndef WEIGH_CLI_MPROF_H
#define WEIGH_CLI_MPROF_H

#include "cli/options.h"

extern const struct weigh_verb weigh_action_run;    /* cli/mprof_run.c */
extern const struct weigh_verb weigh_action_attach; /* the same */
extern const struct weigh_verb weigh_action_plot;   /* cli/mprof_plot.c */
extern const struct weigh_verb weigh_action_peak;   /* cli/mprof_list.c */
extern const struct weigh_verb weigh_action_list;   /* the same */
extern const struct weigh_verb weigh_action_rm;     /* the same */
extern const struct weigh_verb weigh_action_clean;  /* the same */

#endif
