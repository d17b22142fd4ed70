/*
 * What `weigh advise` prints, letter by letter, of the table in fake_table.h,
 * in each of its forms: see golden.h.
 */
#include "cli/verbs.h"
#include "fake_capture.h"
#include "fake_table.h"
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const struct golden goldens[] = {
	{"advice", "rows.heap", "100", "C.UTF-8", {"--limit", "2", "--rejected"}},
	{"advice-ascii", "rows.heap", "60", "C", {"--limit", "1"}},
	{"advice-json", "rows.heap", "", "C.UTF-8", {"--json", "--limit", "1"}},
	{"advice-sarif", "rows.heap", "", "C.UTF-8", {"--sarif", "--limit", "3"}},
	{"advice-sarif-nowhere", "nowhere.heap", "", "C.UTF-8", {"--sarif", "--limit", "1"}},
	{"advice-github", "rows.heap", "", "C.UTF-8", {"--github", "--limit", "2"}},
	{"advice-github-nowhere", "nowhere.heap", "", "C.UTF-8", {"--github", "--limit", "1"}},
	{"advice-ladder", "rows.heap", "80", "C.UTF-8", {"--ladder", "--limit", "1"}},
};

static void write_snapshot(const char *name, const char *file)
{
	struct fake_table table;
	size_t size;

	fake_table_init(&table, 0, file);
	uint8_t *bytes = fake_snapshot_build(table.fake, &size);
	fake_write(name, bytes, size);
	free(bytes);
	fake_table_deinit(&table);
}

static int set_up(void **state)
{
	(void)state;
	golden_enter();
	/* A name that URIs and workflow commands must not have as it stands. */
	write_snapshot("rows.heap", "/home/ada/my bus/caf\xc3\xa9, 100%.py");
	write_snapshot("nowhere.heap", NULL);
	return 0;
}

int main(void)
{
	return golden_group(goldens, sizeof(goldens) / sizeof(goldens[0]), &weigh_verb_advise, set_up);
}
