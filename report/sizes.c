/*
 * The histogram of requested sizes: see report/sizes.h.
 *
 * One thread; allocates nothing.
 */
#include "report/sizes.h"

#include "weigh/format_math.h"

#include <stdbool.h>

enum {
	NUMBERS = 49, /* columns before the bar */
	BAR_MOST = 60,
	WIDTH_IN_FILE = 100,
};

/* Bands end at 0 and at the powers of two from 4 on. */
static bool ends_band(uint64_t limit)
{
	return limit == 0 || limit == UINT64_MAX || (limit >= 4 && !(limit & (limit - 1)));
}

int weigh_size_bands(const struct weigh_capture *capture,
		     struct weigh_size_band bands[static WEIGH_SIZE_BANDS])
{
	uint32_t entries = weigh_capture_count(capture, WEIGH_SECTION_SIZES);
	int count = 0;

	bands[0] = (struct weigh_size_band){0};
	for (uint32_t i = 0; i < WEIGH_SIZE_BUCKETS; i++) {
		uint64_t limit = i < WEIGH_SIZE_BUCKETS - 1 ? weigh_size_bucket_limit(i) : UINT64_MAX;

		for (uint32_t entry = i; entry < entries; entry += WEIGH_SIZE_BUCKETS) {
			bands[count].blocks += capture->sizes[entry].blocks;
			bands[count].bytes += capture->sizes[entry].bytes;
		}
		bands[count].limit = limit;
		if (ends_band(limit) && count < WEIGH_SIZE_BANDS - 1)
			bands[++count] = (struct weigh_size_band){.from = limit + 1};
	}
	return bands[count].blocks > 0 ? count + 1 : count;
}

static void print_band(const struct weigh_report *report, const struct weigh_size_band *band, double blocks,
		       double most, int bar, FILE *out)
{
	const struct weigh_style *style = &report->style;
	char size[WEIGH_NUMBER], count[WEIGH_NUMBER], share[WEIGH_NUMBER], bytes[WEIGH_NUMBER];
	int length = (int)(band->blocks / most * bar + 0.5);

	if (band->limit == UINT64_MAX)
		snprintf(size, sizeof(size), "more");
	else
		weigh_bytes_text((double)band->limit, size);
	fprintf(out, "%9s %16s %8s %11s%s", size, weigh_count_text(band->blocks, count),
		weigh_share_text(band->blocks / blocks, share), weigh_bytes_text(band->bytes, bytes),
		length ? "  " : "");
	for (int i = 0; i < length; i++)
		fputs(weigh_style_pick(style, "█", "#"), out);
	fputc('\n', out);
}

void weigh_sizes_print(const struct weigh_report *report, FILE *out)
{
	struct weigh_size_band bands[WEIGH_SIZE_BANDS];
	int count = weigh_size_bands(report->capture, bands), first = 0;
	int width = report->style.width ? report->style.width : WIDTH_IN_FILE;
	int bar = width - NUMBERS < BAR_MOST ? width - NUMBERS : BAR_MOST;
	double blocks = 0, most = 0;

	for (int i = 0; i < count; i++) {
		blocks += bands[i].blocks;
		if (bands[i].blocks > most)
			most = bands[i].blocks;
	}
	if (!(blocks > 0)) {
		fputs("No blocks were recorded.\n", out);
		return;
	}
	while (!(bands[first].blocks > 0))
		first++;
	while (!(bands[count - 1].blocks > 0))
		count--;
	weigh_style_ink(&report->style, out, WEIGH_INK_DIM);
	fprintf(out, "%9s %16s %8s %11s\n", "UP TO", "BLOCKS", "SHARE", "BYTES");
	weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
	for (int i = first; i < count; i++)
		print_band(report, &bands[i], blocks, most, bar > 0 ? bar : 0, out);
}
