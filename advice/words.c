/*
 * What one line of Python looks like: see advice/words.h. Pure functions.
 */
#include "advice/words.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

/* Behind the text in quotes that begins here; of one that does not end on this line the end. */
static const char *skip_quoted(const char *at, const char *end)
{
	char quote = *at++;

	while (at < end && *at != quote)
		at += *at == '\\' && at + 1 < end ? 2 : 1;
	return at < end ? at + 1 : end;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

/* The character after `at` that is to be looked at: no part of a quoted text. */
static const char *step(const char *at, const char *end)
{
	return is_quote(*at) ? skip_quoted(at, end) : at + 1;
}

/* The end of a line without its comment and the blanks before that. */
static const char *line_end(const char *line)
{
	const char *end = line + strlen(line), *at = line;

	while (at < end && *at != '#')
		at = step(at, end);
	while (at > line && is_blank(at[-1]))
		at--;
	return at;
}

struct weigh_words weigh_words_all(const char *line)
{
	return (struct weigh_words){line, (size_t)(line_end(line) - line)};
}

static const char *end_of(const struct weigh_words *words)
{
	return words->start + words->length;
}

bool weigh_words_target(const char *line, struct weigh_words *name)
{
	const char *end = line_end(line), *at = line;

	while (at < end && weigh_words_is_letter(*at))
		at++;
	*name = (struct weigh_words){line, (size_t)(at - line)};
	if (!name->length || (*line >= '0' && *line <= '9'))
		return false;
	at = skip_blanks(at, end);
	/* "name: type = ..." binds it too. */
	if (at < end && *at == ':') {
		while (at < end && *at != '=')
			at = step(at, end);
	}
	return at + 1 < end && *at == '=' && at[1] != '=';
}

struct weigh_words weigh_words_value(const char *line)
{
	struct weigh_words name;
	const char *end = line_end(line), *at = line;

	if (!weigh_words_target(line, &name))
		return (struct weigh_words){end, 0};
	while (*at != '=')
		at = step(at, end);
	at = skip_blanks(at + 1, end);
	return (struct weigh_words){at, (size_t)(end - at)};
}

/* Whether the word at `at` is one of its own and not an attribute: "rows", not "arrows" or "x.rows". */
static bool is_alone(const char *at, const char *start, const char *end, size_t length)
{
	if (at > start && (weigh_words_is_letter(at[-1]) || at[-1] == '.'))
		return false;
	return at + length >= end || !weigh_words_is_letter(at[length]);
}

unsigned weigh_words_count(struct weigh_words text, const struct weigh_words *name)
{
	const char *end = end_of(&text);
	unsigned count = 0;

	for (const char *at = text.start; at + name->length <= end; at = step(at, end)) {
		if (!memcmp(at, name->start, name->length) && is_alone(at, text.start, end, name->length))
			count++;
	}
	return count;
}

bool weigh_words_hold(struct weigh_words text, const char *part)
{
	const char *end = end_of(&text);
	size_t length = strlen(part);

	for (const char *at = text.start; at + length <= end; at = step(at, end)) {
		bool begins =
			at == text.start || !weigh_words_is_letter(at[-1]) || !weigh_words_is_letter(*part);
		if (begins && !memcmp(at, part, length))
			return true;
	}
	return false;
}

static bool begins_with(const char *line, const char *word)
{
	size_t length = strlen(word);

	return !strncmp(line, word, length) && !weigh_words_is_letter(line[length]);
}

bool weigh_words_start_function(const char *line)
{
	return *line == '@' || begins_with(line, "def") || begins_with(line, "class") ||
	       begins_with(line, "async");
}

bool weigh_words_is_loop(const char *line)
{
	return begins_with(line, "for") || begins_with(line, "while") || !strncmp(line, "async for ", 10);
}

bool weigh_words_is_return(const char *line)
{
	return begins_with(line, "return") || begins_with(line, "yield");
}

bool weigh_words_return(const char *line, const struct weigh_words *name)
{
	const char *end = line_end(line);

	if (!weigh_words_is_return(line))
		return false;
	const char *at = skip_blanks(line + (*line == 'r' ? strlen("return") : strlen("yield")), end);
	return at + name->length <= end && !memcmp(at, name->start, name->length) &&
	       (at + name->length == end || !weigh_words_is_letter(at[name->length]));
}

/* Behind the bracket that closes the one at `at`; the end when none does. */
static const char *skip_bracket(const char *at, const char *end)
{
	int depth = 0;

	while (at < end) {
		if (*at == '(' || *at == '[' || *at == '{')
			depth++;
		else if ((*at == ')' || *at == ']' || *at == '}') && --depth == 0)
			return at + 1;
		at = step(at, end);
	}
	return end;
}

/* The word that ends right before `at`, dotted parts left away. */
static struct weigh_words word_before(const char *at, const char *start)
{
	const char *first = at;

	while (first > start && weigh_words_is_letter(first[-1]))
		first--;
	return (struct weigh_words){first, (size_t)(at - first)};
}

static bool is_one_of(struct weigh_words word, const char *const *names)
{
	for (; *names; names++) {
		if (strlen(*names) == word.length && !memcmp(*names, word.start, word.length))
			return true;
	}
	return false;
}

/* Functions that look at each item once, and those that need, or keep, them all. */
static const char *const passing[] = {"sum",       "any",        "all",   "min", "max",     "join",
				      "enumerate", "writelines", "fsum",  "zip", "Counter", "map",
				      "filter",    "extend",     "chain", NULL};
static const char *const keeping[] = {"sorted", "set",   "frozenset", "list",      "tuple",
				      "dict",   "array", "asarray",   "DataFrame", "Series",
				      "deque",  "len",   "reversed",  NULL};

static enum weigh_used used_at(const char *line, const char *at, const char *end, const char *after,
			       struct weigh_words *user)
{
	const char *before = at;

	while (before > line && is_blank(before[-1]))
		before--;
	*user = (struct weigh_words){at, 0};
	after = skip_blanks(after, end);
	if (before > line && before[-1] == '(' && after < end && (*after == ')' || *after == ',')) {
		*user = word_before(before - 1, line);
		return is_one_of(*user, passing)   ? WEIGH_USED_ONCE
		       : is_one_of(*user, keeping) ? WEIGH_USED_KEPT
						   : WEIGH_USED_UNKNOWN;
	}
	struct weigh_words word = word_before(before, line);
	if (word.length == 2 && !memcmp(word.start, "in", 2) && begins_with(line, "for") && after < end &&
	    *after == ':')
		return WEIGH_USED_LOOPED;
	return WEIGH_USED_UNKNOWN;
}

/* A bracket that opens a comprehension: a "for" stands within it, at its own depth. */
static bool is_comprehension(const char *at, const char *end)
{
	const char *close = skip_bracket(at, end);

	for (const char *c = at + 1; c < close;) {
		if (*c == '(' || *c == '[' || *c == '{') {
			c = skip_bracket(c, close);
			continue;
		}
		if (is_blank(c[-1]) && begins_with(c, "for"))
			return true;
		c = step(c, close);
	}
	return false;
}

static struct weigh_making make(const char *line, const char *end, enum weigh_made made, const char *start,
				const char *after)
{
	struct weigh_making making = {.made = made, .value = {start, (size_t)(after - start)}};

	making.used = used_at(line, start, end, after, &making.user);
	return making;
}

/* Where the chain of names, calls and indices that ends at `at` begins: "open(path).read" from "open" on. */
static const char *chain_start(const char *at, const char *line)
{
	while (at > line) {
		if (weigh_words_is_letter(at[-1]) || at[-1] == '.') {
			at--;
		} else if (at[-1] == ')' || at[-1] == ']') {
			int depth = 0;
			do {
				at--;
				depth += (*at == ')' || *at == ']') - (*at == '(' || *at == '[');
			} while (at > line && depth > 0);
		} else {
			break;
		}
	}
	return at;
}

/* Behind the calls that follow: ".split()", ".splitlines()". */
static const char *chain_end(const char *at, const char *end)
{
	while (at < end && *at == '.') {
		at++;
		while (at < end && weigh_words_is_letter(*at))
			at++;
		if (at < end && *at == '(')
			at = skip_bracket(at, end);
	}
	return at;
}

struct weigh_making weigh_words_making(const char *line)
{
	const char *end = line_end(line);

	for (const char *at = line; at < end; at = step(at, end)) {
		if (*at == '[' && (at == line || !weigh_words_is_letter(at[-1])) && is_comprehension(at, end))
			return make(line, end, WEIGH_MADE_COMPREHENSION, at, skip_bracket(at, end));
		if (*at != '(')
			continue;
		struct weigh_words call = word_before(at, line);
		const char *const list[] = {"list", NULL}, *const lines[] = {"readlines", NULL};
		const char *const read[] = {"read", "read_text", NULL};
		bool method = call.start > line && call.start[-1] == '.';
		const char *after = skip_bracket(at, end);
		if (!method && is_one_of(call, list) && skip_blanks(at + 1, end) + 1 < after)
			return make(line, end, WEIGH_MADE_LIST, call.start, after);
		if (method && is_one_of(call, lines))
			return make(line, end, WEIGH_MADE_READLINES, chain_start(at, line), after);
		if (method && is_one_of(call, read) && skip_blanks(at + 1, end) + 1 == after)
			return make(line, end, WEIGH_MADE_READ, chain_start(at, line), chain_end(after, end));
	}
	return (struct weigh_making){.made = WEIGH_MADE_NOTHING, .value = {end, 0}, .user = {end, 0}};
}

bool weigh_words_pass_over(const char *line, const struct weigh_words *name)
{
	struct weigh_words text = weigh_words_all(line), user;
	const char *end = end_of(&text);

	if (weigh_words_count(text, name) != 1)
		return false;
	for (const char *at = line; at + name->length <= end; at = step(at, end)) {
		if (memcmp(at, name->start, name->length) || !is_alone(at, line, end, name->length))
			continue;
		const char *after = chain_end(at + name->length, end);
		struct weigh_words word = word_before(at > line ? at - 1 : at, line);
		enum weigh_used used = used_at(line, at, end, after, &user);
		bool in = word.length == 2 && !memcmp(word.start, "in", 2) && (after == end || *after != '[');
		/* Of what comes after the name only that which splits a text is a pass over it. */
		if (after != at + name->length && !weigh_words_hold(text, "split"))
			return false;
		return used == WEIGH_USED_ONCE || used == WEIGH_USED_LOOPED ||
		       (in && weigh_words_hold(text, "for"));
	}
	return false;
}

/* "[:]" and "[...]" are all there is. */
static bool takes_all(const char *at, const char *end)
{
	at = skip_blanks(at + 1, end);
	while (at < end && (*at == ':' || *at == '.'))
		at++;
	at = skip_blanks(at, end);
	return at < end && *at == ']';
}

static enum weigh_use use_at(const char *line, const char *at, const char *after, const char *end)
{
	static const char *const about[] = {"shape", "dtype", "size", "ndim", "nbytes", "itemsize", NULL};
	const char *const length[] = {"len", NULL}, *const gone[] = {"del", NULL};

	if (at > line && at[-1] == '(' && is_one_of(word_before(at - 1, line), length))
		return WEIGH_USE_ABOUT;
	if (at > line && is_one_of(word_before(at - 1, line), gone))
		return WEIGH_USE_ABOUT;
	if (after < end && *after == '.') {
		const char *word = ++after;
		while (after < end && weigh_words_is_letter(*after))
			after++;
		return is_one_of((struct weigh_words){word, (size_t)(after - word)}, about) ? WEIGH_USE_ABOUT
											    : WEIGH_USE_WHOLE;
	}
	if (after == end || *after != '[' || takes_all(after, end))
		return WEIGH_USE_WHOLE;
	after = skip_blanks(skip_bracket(after, end), end);
	bool changes = after + 1 < end && strchr("+-*/|&^%", *after) && after[1] == '=';
	bool writes = after < end && *after == '=' && (after + 1 == end || after[1] != '=');
	return at == line && (changes || writes) ? WEIGH_USE_WHOLE : WEIGH_USE_PART;
}

enum weigh_use weigh_words_use(const char *line, const struct weigh_words *name)
{
	const char *end = line_end(line);
	enum weigh_use most = WEIGH_USE_NONE;

	for (const char *at = line; at + name->length <= end; at = step(at, end)) {
		if (memcmp(at, name->start, name->length) || !is_alone(at, line, end, name->length))
			continue;
		enum weigh_use use = use_at(line, at, at + name->length, end);
		most = use > most ? use : most;
	}
	return most;
}

/* A single name or number, however dotted or indexed: it makes no array. */
static bool is_leaf(const char *at, const char *end)
{
	at = skip_blanks(at, end);
	while (end > at && is_blank(end[-1]))
		end--;
	while (at < end && (weigh_words_is_letter(*at) || *at == '.'))
		at++;
	return at == end;
}

static bool is_operator(const char *at, const char *start)
{
	if (!strchr("+-*/@%", *at) || !*at)
		return false;
	/* The second half of ** and //, the star of an argument, an exponent like 1e-3. */
	const char *before = at;
	while (before > start && is_blank(before[-1]))
		before--;
	if (at > start && at[-1] == *at)
		return false;
	if (*at == '*' && before > start && (before[-1] == '(' || before[-1] == ','))
		return false;
	if (at - start >= 2 && (*at == '-' || *at == '+') && at[-1] == 'e' && at[-2] >= '0' && at[-2] <= '9')
		return false;
	return true;
}

/* Counts the terms of the outermost sum, through parentheses and a call around the whole. */
static unsigned count_terms(const char *start, const char *end)
{
	const char *term = start, *at = start;
	unsigned terms = 0, leaves = 0;

	while (at < end) {
		if (*at == '(' || *at == '[' || *at == '{') {
			const char *close = skip_bracket(at, end);
			if (close == end && !terms && !leaves && *at == '(' &&
			    (at == start || is_leaf(start, at)))
				return count_terms(at + 1, close > at + 1 ? close - 1 : close);
			at = close;
			continue;
		}
		if ((*at == '+' || *at == '-') && at > start && is_operator(at, start)) {
			*(is_leaf(term, at) ? &leaves : &terms) += 1;
			term = at + 1;
		}
		at = step(at, end);
	}
	return terms + !is_leaf(term, end);
}

struct weigh_arithmetic weigh_words_arithmetic(const char *line)
{
	struct weigh_words value = weigh_words_value(line);
	struct weigh_arithmetic found = {0};

	if (!value.length && weigh_words_is_return(line)) {
		const char *end = line_end(line);
		const char *at = skip_blanks(line + (*line == 'r' ? 6 : 5), end);
		value = (struct weigh_words){at, (size_t)(end - at)};
	}
	if (!value.length)
		return found;
	const char *end = end_of(&value);
	for (const char *at = value.start; at < end; at = step(at, end)) {
		if (is_operator(at, value.start))
			found.operators++;
		else if (*at == '(' && at > value.start && weigh_words_is_letter(at[-1]) && at + 1 < end &&
			 at[1] != ')')
			found.calls++;
	}
	found.terms = count_terms(value.start, end);
	found.in_place = weigh_words_hold(value, "out=");
	return found;
}
