/*
 * Rows as CSV: weigh_csv_print() of report/json.h.
 *
 * One thread; allocates nothing.
 */
#include "report/json.h"

#include <inttypes.h>
#include <string.h>

/* A field, in quotes when it holds what would end it. */
static void print_field(const char *text, FILE *out)
{
	if (!text)
		return;
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void print_whole(struct weigh_whole whole, FILE *out)
{
	fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, whole.value, whole.low, whole.high);
}

void weigh_csv_print(const struct weigh_report *report, const struct weigh_rows *rows, FILE *out)
{
	double bytes = 0, blocks = 0, footprint = 0;

	fputs("file,line,function,source,domain,thread,bytes,bytes_low,bytes_high,blocks,blocks_low,blocks_high,"
	      "footprint,share\r\n",
	      out);
	for (uint32_t i = 0; i < rows->count + (rows->cut ? 1 : 0); i++) {
		const struct weigh_row *row = i < rows->count ? &rows->rows[i] : &rows->others;

		print_field(row->file, out);
		fputc(',', out);
		if (row->line)
			fprintf(out, "%" PRIu32, row->line);
		fputc(',', out);
		print_field(row->function, out);
		fputc(',', out);
		print_field(weigh_source_line(report->sources, row->file, row->line), out);
		fputc(',', out);
		print_field(row->domain, out);
		fputc(',', out);
		print_field(row->thread, out);
		print_whole(weigh_whole_next(&bytes, weigh_estimate_bytes(&row->tally, &rows->chance)), out);
		print_whole(weigh_whole_next(&blocks, weigh_estimate_blocks(&row->tally, &rows->chance)),
			    out);
		fprintf(out, ",%" PRIu64,
			weigh_whole_next(&footprint, weigh_estimate_footprint(&row->tally, &rows->chance))
				.value);
		fprintf(out, ",%.6f\r\n", rows->sum.bytes > 0 ? row->tally.bytes / rows->sum.bytes : 0);
	}
}
