/*
 * Every way to keep each table: see report/advice.h.
 *
 * One thread; allocates nothing.
 */
#include "advice/ladder.h"

#include "advice/tell.h"
#include "report/advice.h"

static void print_table(const struct weigh_advice_report *report, const struct weigh_record_table *table,
			FILE *out)
{
	char name[WEIGH_TELL_NAME], count[WEIGH_NUMBER], bytes[WEIGH_NUMBER];
	double now = weigh_table_resident(&table->model);

	weigh_tell_holder(report->evidence, table, name);
	fprintf(out, "\nThe table %s%s%s %s of %u fields: %s now\n", name, *name ? ", " : "",
		weigh_count_text((double)table->model.records, count),
		weigh_tell_record(report->evidence, table), table->model.field_count,
		weigh_bytes_text(now, bytes));
	for (int i = 0; i < WEIGH_RUNGS; i++) {
		const struct weigh_rung *rung = &weigh_rungs[i];
		fprintf(out, "  %10s  %s%s\n",
			weigh_bytes_text(weigh_rung_resident(&table->model, rung), bytes), rung->name,
			rung->record == table->model.found && rung->numbers == WEIGH_CONTENT_AS_IS &&
					!rung->shared
				? "  (as it is)"
				: "");
	}
}

void weigh_advice_print_ladder(const struct weigh_advice_report *report, FILE *out)
{
	const struct weigh_records *records = &report->evidence->records;

	for (uint32_t t = 0; t < records->count; t++) {
		const struct weigh_record_table *table = &records->tables[t];
		if (!table->column && weigh_table_resident(&table->model) >= report->advice->least)
			print_table(report, table, out);
	}
}
