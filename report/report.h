/*
 * What every form of a report needs: the capture, its names, the sources and
 * the style. And the pieces that stand above the rows in all of them.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_REPORT_H
#define WEIGH_REPORT_REPORT_H

#include "base/error.h"
#include "capture/names.h"
#include "capture/open.h"
#include "report/source.h"
#include "report/style.h"
#include "report/view.h"

#include <stdio.h>

struct weigh_report {
	const struct weigh_capture *capture; /* the caller's; must outlive the report */
	struct weigh_names *names;
	struct weigh_sources *sources;
	struct weigh_style style;
};

struct weigh_error *weigh_report_init(struct weigh_report *report, const struct weigh_capture *capture,
				      const struct weigh_style *style);
void weigh_report_deinit(struct weigh_report *report);

enum { WEIGH_NOTE = 200, WEIGH_NOTES = 10 };

/* What a reader must know to judge the numbers; empty for an ordinary run. */
struct weigh_notes {
	char lines[WEIGH_NOTES][WEIGH_NOTE];
	int count;
};

/* How the program ended, losses, pruning, tables that were full. */
void weigh_notes_collect(struct weigh_notes *notes, const struct weigh_capture *capture);

/* Only the losses: "120 blocks (3.1 MiB): no memory for the record". */
void weigh_notes_losses(struct weigh_notes *notes, const struct weigh_capture *capture);

/* "exit status 0", "killed by signal 9 (SIGKILL)"; empty when not known. Returns `text`. */
char *weigh_exit_text(const struct weigh_header *header, char text[static WEIGH_NOTE]);

/* "3.13.0", "3.14.0rc2", of a PY_VERSION_HEX. Returns `text`. */
char *weigh_python_text(uint32_t version, char text[static WEIGH_NUMBER]);

/*
 * The program in the command: the first word, or "-c ..." and "-m name" as
 * they stand. The caller frees it; NULL without memory.
 */
char *weigh_program_text(const struct weigh_capture *capture);

/* "sampled" or "exact"; static. */
const char *weigh_mode_text(const struct weigh_header *header);

/* Print the line about the run: program, Python, mode, duration, exit. */
void weigh_report_title(const struct weigh_report *report, FILE *out);

/* Print the lines about peak and end. */
void weigh_report_totals(const struct weigh_report *report, const struct weigh_view *peak,
			 const struct weigh_view *end, FILE *out);

/* Print how much a line may hold that has no row; nothing when there can be none. */
void weigh_report_unseen(const struct weigh_report *report, const struct weigh_view *view, FILE *out);

/* Print each note on a line. */
void weigh_report_notes(const struct weigh_report *report, const struct weigh_notes *notes, FILE *out);

#endif
