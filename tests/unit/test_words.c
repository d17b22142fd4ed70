/*
 * What lines of Python look like, word by word.
 */
#include "advice/counted.h"
#include "advice/steps.h"
#include "advice/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool equals(struct weigh_words words, const char *text)
{
	return words.length == strlen(text) && !memcmp(words.start, text, words.length);
}

static struct weigh_words named(const char *name)
{
	return (struct weigh_words){name, strlen(name)};
}

static void test_targets(void **state)
{
	static const char *const none[] = {"rows == 3", "a, b = 1, 2", "x.y = 1", "f(x=1)",
					   "x += 1",    "d['k'] = 1",  "",        "return x"};
	struct weigh_words name;

	(void)state;
	assert_true(weigh_words_target("a_next = f(a)", &name));
	assert_true(equals(name, "a_next"));
	assert_true(weigh_words_target("x: list[int] = []", &name));
	assert_true(equals(name, "x"));
	assert_true(equals(weigh_words_value("x: list[int] = f(1)  # = 2"), "f(1)"));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(weigh_words_target(none[i], &name));
}

static void test_counting(void **state)
{
	struct weigh_words rows = named("rows");

	(void)state;
	assert_int_equal(weigh_words_count(weigh_words_all("for row in rows: # rows"), &rows), 1);
	assert_int_equal(weigh_words_count(weigh_words_all("rows = f(rows, arrows, x.rows, 'rows')"), &rows),
			 2);
	assert_int_equal(weigh_words_count(weigh_words_all("print(f'#{rows}', rows)"), &rows), 1);
}

static void test_functions_and_returns(void **state)
{
	struct weigh_words rows = named("rows");

	(void)state;
	assert_true(weigh_words_start_function("def f(x):"));
	assert_true(weigh_words_start_function("@cache"));
	assert_false(weigh_words_start_function("definite = 1"));
	assert_true(weigh_words_is_return("return [x for x in y]"));
	assert_true(weigh_words_return("return rows", &rows));
	assert_true(weigh_words_return("return rows, 1", &rows));
	assert_false(weigh_words_return("return arrows", &rows));
	assert_false(weigh_words_return("return len(rows)", &rows));
}

static const struct {
	const char *line;
	enum weigh_made made;
	enum weigh_used used;
	const char *value, *user;
} makings[] = {
	{"total = sum([n * n for n in range(COUNT)])", WEIGH_MADE_COMPREHENSION, WEIGH_USED_ONCE,
	 "[n * n for n in range(COUNT)]", "sum"},
	{"text = ','.join([str(n) for n in ns])", WEIGH_MADE_COMPREHENSION, WEIGH_USED_ONCE,
	 "[str(n) for n in ns]", "join"},
	{"xs = sorted([f(n) for n in ns], key=g)", WEIGH_MADE_COMPREHENSION, WEIGH_USED_KEPT,
	 "[f(n) for n in ns]", "sorted"},
	{"rows = [dict(row) for row in reader]", WEIGH_MADE_COMPREHENSION, WEIGH_USED_UNKNOWN,
	 "[dict(row) for row in reader]", ""},
	{"for line in file.readlines():", WEIGH_MADE_READLINES, WEIGH_USED_LOOPED, "file.readlines()", ""},
	{"for line in open(path).read().split('\\n'):", WEIGH_MADE_READ, WEIGH_USED_LOOPED,
	 "open(path).read().split('\\n')", ""},
	{"return list(csv.DictReader(file))", WEIGH_MADE_LIST, WEIGH_USED_UNKNOWN,
	 "list(csv.DictReader(file))", ""},
	{"for x in list(walk(tree)):", WEIGH_MADE_LIST, WEIGH_USED_LOOPED, "list(walk(tree))", ""},
	{"data = file.read(4096)", WEIGH_MADE_NOTHING, WEIGH_USED_UNKNOWN, "", ""},
	{"x = rows[n] for", WEIGH_MADE_NOTHING, WEIGH_USED_UNKNOWN, "", ""},
	{"empty = list()", WEIGH_MADE_NOTHING, WEIGH_USED_UNKNOWN, "", ""},
	{"print('[x for x in y]')", WEIGH_MADE_NOTHING, WEIGH_USED_UNKNOWN, "", ""},
	{"total = sum(n * n for n in ns)", WEIGH_MADE_NOTHING, WEIGH_USED_UNKNOWN, "", ""},
};

static void test_makings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(makings) / sizeof(makings[0]); i++) {
		struct weigh_making making = weigh_words_making(makings[i].line);
		if (making.made != makings[i].made || making.used != makings[i].used ||
		    !equals(making.value, makings[i].value) || !equals(making.user, makings[i].user))
			fail_msg("%s: made %d used %d value '%.*s' user '%.*s'", makings[i].line, making.made,
				 making.used, (int)making.value.length, making.value.start,
				 (int)making.user.length, making.user.start);
	}
}

static void test_passes(void **state)
{
	static const char *const once[] = {"for row in rows:", "total = sum(row.n for row in rows)",
					   "for i, row in enumerate(rows):", "best = max(rows, key=f)",
					   "for row in rows.split('\\n'):"};
	static const char *const otherwise[] = {"rows.sort()",      "for row in rows[1:]:",
						"print(len(rows))", "for a in rows: f(rows)",
						"rows = None",      "f(rows)"};
	struct weigh_words rows = named("rows");

	(void)state;
	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		if (!weigh_words_pass_over(once[i], &rows))
			fail_msg("%s", once[i]);
	for (size_t i = 0; i < sizeof(otherwise) / sizeof(otherwise[0]); i++)
		if (weigh_words_pass_over(otherwise[i], &rows))
			fail_msg("%s", otherwise[i]);
}

static void test_arithmetic(void **state)
{
	static const struct {
		const char *line;
		unsigned operators, calls, terms;
	} lines[] = {
		{"a_diff = a_next - a_current", 1, 0, 0},
		{"return np.sqrt(x * x + y * y + z * z)", 5, 1, 3},
		{"y = np.exp(-((x - 0.5) / 0.1) ** 2)", 4, 1, 1},
		{"y = 1e-3 * x", 1, 0, 1},
		{"y = f(*args, **more)", 0, 1, 1},
		{"a = rng.permutation(b)", 0, 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct weigh_arithmetic found = weigh_words_arithmetic(lines[i].line);
		if (found.operators != lines[i].operators || found.calls != lines[i].calls ||
		    found.terms != lines[i].terms)
			fail_msg("%s: %u operators %u calls %u terms", lines[i].line, found.operators,
				 found.calls, found.terms);
	}
	assert_true(weigh_words_arithmetic("y = np.sqrt(x, out=x)").in_place);
}

static void test_uses(void **state)
{
	static const struct {
		const char *line;
		enum weigh_use use;
	} uses[] = {
		{"total += table[number % len(table)]", WEIGH_USE_PART},
		{"print(len(table), table.shape)", WEIGH_USE_ABOUT},
		{"del table", WEIGH_USE_ABOUT},
		{"row = table[7].copy()", WEIGH_USE_PART},
		{"x = table[:]", WEIGH_USE_WHOLE},
		{"x = table[ ... ]", WEIGH_USE_WHOLE},
		{"total = table.sum()", WEIGH_USE_WHOLE},
		{"for row in table:", WEIGH_USE_WHOLE},
		{"table[3] = 1", WEIGH_USE_WHOLE},
		{"table[3] += 1", WEIGH_USE_WHOLE},
		{"same = table[3] == 1", WEIGH_USE_PART},
		{"x = other.table + notable", WEIGH_USE_NONE},
		{"f('table')  # table", WEIGH_USE_NONE},
		{"x = table[2] + table", WEIGH_USE_WHOLE},
	};
	struct weigh_words table = named("table");

	(void)state;
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		assert_int_equal(weigh_words_use(uses[i].line, &table), uses[i].use);
}

/* Of the one file there is, its lines up to NULL. */
static const char *line_of(void *arg, const char *file, uint32_t line)
{
	const char *const *lines = arg;

	for (uint32_t n = 1; n < line; n++) {
		if (!lines[n - 1])
			return NULL;
	}
	return strcmp(file, "app.py") ? NULL : lines[line - 1];
}

enum { CASE_LINES = 6 };

static bool is_only_counted(const char *const lines[CASE_LINES], const char *name)
{
	const struct weigh_line_reader reader = {line_of, (void *)lines};
	struct weigh_counted counted;

	return weigh_counted_find(&reader, "app.py", name, &counted);
}

static void test_what_is_only_counted(void **state)
{
	static const char *const plain[][CASE_LINES] = {
		{"seen = set()", "for x in xs:", "seen.add(x)", "print(len(seen))"},
		{"seen: set[str] = set()", "global seen", "seen |= more", "del other", "n = len(seen)"},
		{"seen = {x for x in xs}", "print(f'{len(seen)} of them')  # seen"},
		{"seen = set(xs)", "unseen = x.seen", "print(len(seen))", "del seen"},
	};
	static const char *const needed[][CASE_LINES] = {
		{"seen = set()", "seen.add(x)", "print(len(seen), x in seen)"},
		{"seen = set()", "seen.add(x)", "print(len(seen))", "for x in seen:"},
		{"seen = set()", "seen.add(x)", "print(len(seen))", "return seen"},
		{"seen = set()", "before = len(seen)", "seen.add(x)", "if len(seen) == before:"},
		{"seen = set()", "seen.add(x)", "print(len(seen), f'{seen}')"},
		{"seen = set()", "seen.add(x)", "seen.discard(y)", "print(len(seen))"},
		{"seen = set()", "seen.add(x)"},
		{"seen = load()", "seen.add(x)", "print(len(seen))"},
		{"seen = set()", "f(seen)", "print(len(seen))"},
	};
	static const char *const attribute[CASE_LINES] = {"self.seen = set()", "self.seen.add(seen)",
							  "return len(self.seen)"};

	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		assert_true(is_only_counted(plain[i], "seen"));
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		assert_false(is_only_counted(needed[i], "seen"));
	assert_true(is_only_counted(attribute, "Visitors.seen"));
	assert_false(is_only_counted(attribute, "seen"));
}

static void test_steps(void **state)
{
	static const struct {
		const char *line, *steps;
	} cases[] = {
		{"y = a * x + b", "y = a * x\ny += b"},
		{"return np.exp(-(((x - 0.5) / 0.1) ** 2))",
		 "result = x - 0.5\nresult /= 0.1\nresult **= 2\nnp.negative(result, out=result)\n"
		 "np.exp(result, out=result)\nreturn result"},
		{"r = np.sqrt(x * x + y * y)  # radius",
		 "r = x * x\nother = y * y\nr += other\nnp.sqrt(r, out=r)"},
		{"x = x * 2 - x", "result = x * 2\nresult -= x\nx = result"},
		{"d = a[1:] - k * (b[:-1] + 1e-3)",
		 "d = b[:-1] + 1e-3\nd *= k\nnp.subtract(a[1:], d, out=d)"},
		{"z = -x ** -2 // 3", "z = x ** (-2)\nnp.negative(z, out=z)\nz //= 3"},
		{"z = x * (2 ** -3) + np.sqrt(2)", "z = x * (2 ** (-3))\nz += (np.sqrt(2))"},
		{"z = 1 / (x.T % m) ", "z = x.T % m\nnp.divide(1, z, out=z)"},
	};
	static const char *const none[] = {
		"y = a * x",
		"y = f(a * x) + b",
		"y = a @ x + b",
		"y = a * x + b if c else d",
		"y = (a * x +",
		"f(a * x + b)",
		"y += a * x + b",
		"y = np.sum(a * x) + b",
		"y = a * x + (b * c + d * e) * (f * g + h * i)",
		"y = np.exp(a * x, b)",
		"y = a[1 + 2",
		"return",
		"y = result * x + 1",
		"y = 'a' * x + 'b'",
		"y = a * x < b + 1",
		"y = ((((",
		"return  ",
	};
	char steps[WEIGH_STEPS], deep[4096] = "y = ";

	(void)state;
	memset(deep + 4, '(', sizeof(deep) - 5);
	assert_false(weigh_steps_of(deep, steps));
	memset(deep + 4, '-', sizeof(deep) - 5);
	assert_false(weigh_steps_of(deep, steps));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(weigh_steps_of(cases[i].line, steps));
		assert_string_equal(steps, cases[i].steps);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(weigh_steps_of(none[i], steps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uses),       cmocka_unit_test(test_targets),
		cmocka_unit_test(test_counting),   cmocka_unit_test(test_functions_and_returns),
		cmocka_unit_test(test_makings),    cmocka_unit_test(test_passes),
		cmocka_unit_test(test_arithmetic), cmocka_unit_test(test_what_is_only_counted),
		cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
