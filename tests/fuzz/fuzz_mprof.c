/*
 * A libFuzzer target: bytes as an mprof file, read and drawn in every form.
 *
 *     tests/fuzz/run [SECONDS]
 */
#include "capture/mprof.h"
#include "report/mprof.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What has no reading is refused, and nothing else is. */
static void check(struct weigh_error *error)
{
	if (error && error->code != WEIGH_ERROR_FORMAT)
		abort();
	weigh_error_destroy(error);
}

static void draw_all(const struct weigh_mprof *profile, unsigned choice)
{
	const struct weigh_mprof *const profiles[] = {profile, profile};
	const struct weigh_style style = {.width = 40 + (int)(choice % 120), .unicode = choice & 1};
	const struct weigh_mprof_plot plot = {
		.profiles = profiles,
		.count = choice & 2 ? 2 : 1,
		.windowed = choice & 4,
		.from = -1,
		.to = choice,
		.functions = !(choice & 8),
		.flame = choice & 16,
		.slope = choice & 32,
	};
	FILE *out = fopen("/dev/null", "w");

	check(weigh_mprof_print_text(&plot, &style, out));
	check(weigh_mprof_print_html(&plot, out));
	fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct weigh_mprof *profile;

	if (size == 0)
		return 0;
	struct weigh_error *error =
		weigh_mprof_parse((const char *)bytes + 1, size - 1, "fuzz.dat", &profile);
	if (error) {
		weigh_error_destroy(error);
		return 0;
	}
	draw_all(profile, bytes[0]);
	weigh_mprof_destroy(profile);
	return 0;
}
