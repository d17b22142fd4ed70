/*
 * An expression as steps: see advice/steps.h. By recursive descent through
 * Python's precedence of arithmetic; at most two arrays are under way at once.
 * Any thread; allocates nothing.
 */
#include "advice/steps.h"

#include "advice/words.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LEAF = 200, NAME = 64, ARRAYS = 2, DEPTH_MOST = 32, STEPS_LEAST = 2 };

/* A name, a number, or an array that is under way. */
struct operand {
	int array; /* which one; -1: `text`, which makes none */
	char text[LEAF];
};

struct writer {
	const char *at, *end;
	char names[ARRAYS][NAME];
	bool used[ARRAYS];
	char *steps; /* WEIGH_STEPS */
	int count, depth;
	bool failed;
};

static const struct {
	const char *sign, *function; /* of NumPy, for an array on the right alone */
	bool commutes;
} operators[] = {
	{"**", "power", false},    {"//", "floor_divide", false}, {"+", "add", true},
	{"-", "subtract", false},  {"*", "multiply", true},       {"/", "divide", false},
	{"%", "remainder", false},
};

enum { POWER, FLOOR, PLUS, MINUS, TIMES, DIVIDE, REMAINDER, OPERATORS };

static struct operand parse_sum(struct writer *w);
static struct operand parse_unary(struct writer *w);

static void skip_blanks(struct writer *w)
{
	while (w->at < w->end && *w->at == ' ')
		w->at++;
}

static struct operand fail(struct writer *w)
{
	w->failed = true;
	return (struct operand){.array = -1};
}

__attribute__((format(printf, 2, 3))) static void write_step(struct writer *w, const char *format, ...)
{
	size_t length = strlen(w->steps);
	va_list arguments;

	if (w->failed)
		return;
	if (length)
		w->steps[length++] = '\n';
	va_start(arguments, format);
	int written = vsnprintf(w->steps + length, WEIGH_STEPS - length, format, arguments);
	va_end(arguments);
	/* Room is left for what ends the last of them. */
	if (written < 0 || length + (size_t)written + 2 >= WEIGH_STEPS)
		fail(w);
	w->count++;
}

/* An array that is begun, by the text that makes it. */
static struct operand begin_array(struct writer *w)
{
	for (int i = 0; i < ARRAYS; i++) {
		if (!w->used[i]) {
			w->used[i] = true;
			return (struct operand){.array = i};
		}
	}
	return fail(w);
}

/* "**" and "//" are not two of the shorter ones. */
static bool take(struct writer *w, int operator)
{
	const char *sign = operators[operator].sign;
	size_t length = strlen(sign);

	skip_blanks(w);
	if (w->failed || (size_t)(w->end - w->at) < length || memcmp(w->at, sign, length) != 0)
		return false;
	if (length == 1 && w->at + 1 < w->end && w->at[1] == *sign)
		return false;
	w->at += length;
	return true;
}

/* A number, or several that were put together: no array comes of it. */
static bool is_constant(const struct operand *operand)
{
	return operand->array < 0 && (isdigit((unsigned char)*operand->text) || *operand->text == '(');
}

__attribute__((format(printf, 2, 3))) static struct operand constant(struct writer *w, const char *format,
								     ...)
{
	struct operand made = {.array = -1};
	va_list arguments;

	va_start(arguments, format);
	int written = vsnprintf(made.text, LEAF, format, arguments);
	va_end(arguments);
	return written < 0 || written >= LEAF ? fail(w) : made;
}

static struct operand combine(struct writer *w, const struct operand *left, int operator,
			      const struct operand * right)
{
	const char *sign = operators[operator].sign;

	if (w->failed)
		return *left;
	if (is_constant(left) && is_constant(right))
		return constant(w, "(%s %s %s)", left->text, sign, right->text);
	if (left->array < 0 && right->array < 0) {
		struct operand made = begin_array(w);
		if (!w->failed)
			write_step(w, "%s = %s %s %s", w->names[made.array], left->text, sign, right->text);
		return made;
	}
	if (left->array < 0) {
		const char *name = w->names[right->array];
		if (operators[operator].commutes)
			write_step(w, "%s %s= %s", name, sign, left->text);
		else
			write_step(w, "np.%s(%s, %s, out=%s)", operators[operator].function, left->text, name,
				   name);
		return *right;
	}
	write_step(w, "%s %s= %s", w->names[left->array], sign,
		   right->array < 0 ? right->text : w->names[right->array]);
	if (right->array >= 0)
		w->used[right->array] = false;
	return *left;
}

/* Functions of NumPy that work item by item, and take out=. */
static bool is_by_item(const char *name)
{
	static const char *const names[] = {"exp",    "exp2",     "expm1",    "log",        "log2", "log10",
					    "log1p",  "sqrt",     "cbrt",     "sin",        "cos",  "tan",
					    "arcsin", "arccos",   "arctan",   "sinh",       "cosh", "tanh",
					    "square", "absolute", "abs",      "floor",      "ceil", "rint",
					    "trunc",  "sign",     "negative", "reciprocal", NULL};

	for (int i = 0; names[i]; i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

/* A call, at its parenthesis: of one argument, and of NumPy. */
static struct operand parse_call(struct writer *w, const char *name)
{
	const char *dot = strchr(name, '.');

	if (!dot || (strncmp(name, "np.", 3) && strncmp(name, "numpy.", 6)) || !is_by_item(dot + 1))
		return fail(w);
	w->at++;
	struct operand argument = parse_sum(w);
	skip_blanks(w);
	if (w->failed || w->at >= w->end || *w->at++ != ')')
		return fail(w);
	if (is_constant(&argument))
		return constant(w, "(%s(%s))", name, argument.text);
	if (argument.array >= 0) {
		const char *array = w->names[argument.array];
		write_step(w, "%s(%s, out=%s)", name, array, array);
		return argument;
	}
	struct operand made = begin_array(w);
	if (!w->failed)
		write_step(w, "%s = %s(%s)", w->names[made.array], name, argument.text);
	return made;
}

/* Behind the bracket that closes the one at `at`; NULL when none does. */
static const char *close_bracket(const char *at, const char *end)
{
	int depth = 0;

	for (; at < end; at++) {
		depth += *at == '[';
		depth -= *at == ']';
		if (!depth)
			return at + 1;
	}
	return NULL;
}

/* A name with its attributes and indices, a number, or a call. */
static struct operand parse_leaf(struct writer *w)
{
	struct operand leaf = {.array = -1};
	const char *start = w->at;

	while (w->at < w->end) {
		bool exponent = w->at > start && isdigit((unsigned char)*start) && w->at[-1] == 'e';
		if (isalnum((unsigned char)*w->at) || *w->at == '_' || *w->at == '.' ||
		    (exponent && *w->at == '-'))
			w->at++;
		else if (*w->at == '[' && w->at > start) {
			w->at = close_bracket(w->at, w->end);
			if (!w->at) {
				w->at = w->end;
				return fail(w);
			}
		} else
			break;
	}
	if (w->at == start || w->at - start >= LEAF)
		return fail(w);
	memcpy(leaf.text, start, (size_t)(w->at - start));
	if (w->at < w->end && *w->at == '(')
		return parse_call(w, leaf.text);
	return leaf;
}

static struct operand parse_primary(struct writer *w)
{
	skip_blanks(w);
	if (w->failed || w->at >= w->end)
		return fail(w);
	if (*w->at != '(')
		return parse_leaf(w);
	w->at++;
	struct operand inner = parse_sum(w);
	skip_blanks(w);
	if (w->failed || w->at >= w->end || *w->at++ != ')')
		return fail(w);
	return inner;
}

static struct operand parse_power(struct writer *w)
{
	struct operand base = parse_primary(w);

	if (!take(w, POWER))
		return base;
	struct operand exponent = parse_unary(w);
	return combine(w, &base, POWER, &exponent);
}

static struct operand negate(struct writer *w, struct operand inner)
{
	if (w->failed)
		return inner;
	if (inner.array >= 0) {
		const char *name = w->names[inner.array];
		write_step(w, "np.negative(%s, out=%s)", name, name);
		return inner;
	}
	if (is_constant(&inner))
		return constant(w, "(-%s)", inner.text);
	struct operand made = begin_array(w);
	if (!w->failed)
		write_step(w, "%s = -%s", w->names[made.array], inner.text);
	return made;
}

/* Every way down passes here: the depth is bounded. */
static struct operand parse_unary(struct writer *w)
{
	if (w->depth++ >= DEPTH_MOST)
		return fail(w);
	bool minus = take(w, MINUS);
	struct operand inner = minus ? parse_unary(w) : parse_power(w);
	w->depth--;
	return minus ? negate(w, inner) : inner;
}

static struct operand parse_product(struct writer *w)
{
	static const int signs[] = {FLOOR, TIMES, DIVIDE, REMAINDER};
	struct operand left = parse_unary(w);
	bool more = true;

	while (more) {
		more = false;
		for (int i = 0; i < 4 && !more; i++) {
			if (!take(w, signs[i]))
				continue;
			struct operand right = parse_unary(w);
			left = combine(w, &left, signs[i], &right);
			more = !w->failed;
		}
	}
	return left;
}

static struct operand parse_sum(struct writer *w)
{
	struct operand left = parse_product(w);

	for (;;) {
		int sign = take(w, PLUS) ? PLUS : take(w, MINUS) ? MINUS : OPERATORS;
		if (sign == OPERATORS)
			return left;
		struct operand right = parse_product(w);
		left = combine(w, &left, sign, &right);
	}
}

/* What the arrays are called: no name that the expression has already. */
static bool name_arrays(struct writer *w, struct weigh_words value, const struct weigh_words *target)
{
	for (int i = 0; i < ARRAYS; i++) {
		const char *plain = i ? "other" : "result";
		struct weigh_words word = {plain, strlen(plain)};
		if (weigh_words_count(value, &word))
			return false;
		strcpy(w->names[i], plain);
	}
	if (target && target->length < NAME && !weigh_words_count(value, target))
		snprintf(w->names[0], NAME, "%.*s", (int)target->length, target->start);
	return true;
}

bool weigh_steps_of(const char *line, char steps[static WEIGH_STEPS])
{
	struct weigh_words all = weigh_words_all(line), value = weigh_words_value(line), target;
	bool bound = weigh_words_target(line, &target), returned = !strncmp(line, "return ", 7);
	struct writer w = {.steps = steps};

	if (returned)
		value = (struct weigh_words){line + 7, all.length - 7};
	*steps = 0;
	if (!(bound || returned) || !value.length || !name_arrays(&w, value, bound ? &target : NULL))
		return false;
	w.at = value.start;
	w.end = value.start + value.length;
	struct operand whole = parse_sum(&w);
	skip_blanks(&w);
	if (w.failed || w.at != w.end || whole.array != 0 || w.count < STEPS_LEAST)
		return false;
	if (returned)
		write_step(&w, "return %s", w.names[0]);
	else if (strlen(w.names[0]) != target.length || memcmp(w.names[0], target.start, target.length) != 0)
		write_step(&w, "%.*s = %s", (int)target.length, target.start, w.names[0]);
	return !w.failed;
}
