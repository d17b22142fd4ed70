/*
 * Sets that are only counted: see advice/counted.h. Any thread; allocates
 * nothing.
 */
#include "advice/counted.h"

#include "advice/words.h"

#include <string.h>

enum { LINES_MOST = 20000 };

enum use { USE_MADE, USE_ADDED, USE_COUNTED, USE_NOTHING, USE_OTHER };

static bool begins(const char *at, const char *end, const char *text)
{
	size_t length = strlen(text);

	return at + length <= end && !memcmp(at, text, length);
}

static bool ends(const char *start, const char *at, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(at - start) >= length && !memcmp(at - length, text, length);
}

/* "= set(", "= {", with or without a type before: what stands behind the name. */
static bool makes_set(const char *at, const char *end)
{
	if (at < end && *at == ':')
		at += strcspn(at, "=");
	while (at < end && *at == ' ')
		at++;
	if (at >= end || *at++ != '=')
		return false;
	while (at < end && *at == ' ')
		at++;
	return begins(at, end, "set(") || begins(at, end, "{");
}

/* `first` is where the chain of names begins that ends with this one. */
static enum use use_at(const char *line, const char *first, const char *after, const char *end)
{
	if (ends(line, first, "len(") && after < end && *after == ')')
		return USE_COUNTED;
	if (begins(after, end, ".add(") || begins(after, end, ".update(") || begins(after, end, " |= "))
		return USE_ADDED;
	if (first == line && makes_set(after, end))
		return USE_MADE;
	return ends(line, first, "del ") || ends(line, first, "global ") || ends(line, first, "nonlocal ")
		       ? USE_NOTHING
		       : USE_OTHER;
}

/* Texts in quotes are looked at too: a formatted one may hold the name. */
static bool note_uses(const char *line, uint32_t number, struct weigh_words name, bool attribute,
		      struct weigh_counted *counted)
{
	struct weigh_words all = weigh_words_all(line);
	const char *end = line + all.length;

	for (const char *at = line; at + name.length <= end; at++) {
		const char *after = at + name.length, *first = at;
		if (memcmp(at, name.start, name.length) || (after < end && weigh_words_is_letter(*after)) ||
		    (at > line && weigh_words_is_letter(at[-1])) || (at > line && at[-1] == '.') != attribute)
			continue;
		while (first > line && (weigh_words_is_letter(first[-1]) || first[-1] == '.'))
			first--;
		switch (use_at(line, first, after, end)) {
		case USE_MADE:
			counted->made = number;
			break;
		case USE_ADDED:
			counted->added = number;
			break;
		case USE_COUNTED:
			counted->counted = counted->counted ? counted->counted : number;
			break;
		case USE_NOTHING:
			break;
		case USE_OTHER:
			return false;
		}
	}
	return true;
}

bool weigh_counted_find(const struct weigh_line_reader *reader, const char *file, const char *name,
			struct weigh_counted *counted)
{
	const char *dot = strrchr(name, '.'), *plain = dot ? dot + 1 : name, *text;
	struct weigh_words word = {plain, strlen(plain)};

	*counted = (struct weigh_counted){0};
	for (uint32_t n = 1; n < LINES_MOST && (text = weigh_line_read(reader, file, n)); n++) {
		if (!note_uses(text, n, word, dot, counted))
			return false;
	}
	/* What is counted before more is added may tell whether something was there. */
	return counted->made && counted->counted && counted->counted > counted->added &&
	       counted->counted > counted->made;
}
