/*
 * A libFuzzer target: bytes as a capture, opened and reported in every form.
 *
 *     tests/fuzz/run [SECONDS]
 *
 * The seal is taken off first: it would keep the fuzzer out of all that lies
 * behind it.
 */
#include "capture/open.h"
#include "report/json.h"
#include "report/report.h"
#include "report/rows.h"
#include "report/summary.h"
#include "report/timeline.h"
#include "report/tree.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void give_up(struct weigh_error *error)
{
	if (error)
		abort();
}

static void report_view(const struct weigh_report *report, enum weigh_at at, FILE *out)
{
	const struct weigh_query query = {.by = (enum weigh_by)(at % 3), .limit = at};
	struct weigh_view view;
	struct weigh_rows rows;
	struct weigh_tree tree;
	struct weigh_error *error = weigh_view_init(&view, report->capture, at, 1000000000);

	if (error) {
		weigh_error_destroy(error);
		return;
	}
	give_up(weigh_rows_init(&rows, &view, report->names, &query));
	give_up(weigh_tree_init(&tree, report, &view, NULL));
	give_up(weigh_tree_print(&tree, report, query.limit, out));
	const struct weigh_json_parts parts = {
		.view = &view, .rows = &rows, .tree = &tree, .timeline = true, .sizes = true};
	give_up(weigh_json_print(report, &parts, out));
	weigh_csv_print(report, &rows, out);
	weigh_tree_deinit(&tree);
	weigh_rows_deinit(&rows);
	weigh_view_deinit(&view);
}

static void report_all(const struct weigh_capture *capture)
{
	const struct weigh_style style = {.width = 100, .unicode = true};
	struct weigh_report report;
	FILE *out = fopen("/dev/null", "w");

	give_up(weigh_summary_print(capture, out, &style));
	give_up(weigh_report_init(&report, capture, &style));
	give_up(weigh_timeline_print(&report, out));
	for (int at = WEIGH_AT_PEAK; at <= WEIGH_AT_MOMENT; at++)
		report_view(&report, (enum weigh_at)at, out);
	weigh_report_deinit(&report);
	fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const uint64_t no_seal;
	struct weigh_capture *capture;
	uint64_t file_size = size;
	int fd = memfd_create("capture", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	if (size > sizeof(struct weigh_header)) {
		/* Lengths the fuzzer changes would be refused at once. */
		pwrite(fd, &no_seal, sizeof(no_seal), offsetof(struct weigh_header, seal));
		pwrite(fd, &file_size, sizeof(file_size), offsetof(struct weigh_header, file_size));
	}
	struct weigh_error *error = weigh_capture_open_fd(fd, "fuzz.weigh", &capture);
	close(fd);
	if (error) {
		weigh_error_destroy(error);
		return 0;
	}
	report_all(capture);
	weigh_capture_close(capture);
	return 0;
}
