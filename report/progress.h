/*
 * How far a long report has got, on a line of its own on stderr: nothing in
 * the first second, and nothing when that is no terminal.
 *
 * A thread of its own draws, so that whoever works need only say when the next
 * part begins. One progress at a time.
 */
#ifndef WEIGH_REPORT_PROGRESS_H
#define WEIGH_REPORT_PROGRESS_H

/* Begin with the first of `parts` parts. Without memory or threads there is no line, and no error. */
void weigh_progress_start(int parts, const char *what);

/* The next part begins; `what` ("reading the snapshot") must stay as it is until the one after. */
void weigh_progress_next(const char *what);

/* Take the line away; nothing when there is none. To be called before anything is printed. */
void weigh_progress_stop(void);

#endif
