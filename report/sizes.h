/*
 * The histogram of requested sizes, as text.
 *
 * One thread; allocates nothing.
 */
#ifndef WEIGH_REPORT_SIZES_H
#define WEIGH_REPORT_SIZES_H

#include "report/report.h"

#include <stdint.h>
#include <stdio.h>

/* One band of the histogram: sizes above that of the band before, up to `limit`. */
struct weigh_size_band {
	uint64_t from, limit; /* both included; the last band has no upper end: UINT64_MAX */
	double blocks, bytes;
};

enum { WEIGH_SIZE_BANDS = 64 };

/* The buckets of a capture joined to one band for each doubling; returns how many. */
int weigh_size_bands(const struct weigh_capture *capture,
		     struct weigh_size_band bands[static WEIGH_SIZE_BANDS]);

/* Print the bands with a bar for their blocks. */
void weigh_sizes_print(const struct weigh_report *report, FILE *out);

#endif
