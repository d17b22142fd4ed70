/*
 * What the frames of a capture are called: see capture/names.h.
 *
 * One thread per capture; allocates with malloc.
 */
#include "capture/names.h"

#include "capture/lines.h"
#include "vendor/xxhash/xxhash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_UNKNOWN = 0xffffffff }; /* not decoded yet */

/* Texts interned ahead of all others, in this order. */
enum {
	TEXT_EMPTY,
	TEXT_NO_FRAME,
	TEXT_NOT_KEPT,
	TEXT_COUNT,
};

struct weigh_names {
	const struct weigh_capture *capture;
	char **texts; /* by id, each owned */
	uint32_t text_count;
	uint32_t *slots; /* ids + 1 by hash of the text; 0: free */
	uint32_t slot_mask;
	uint32_t *files;     /* by code: id of a text */
	uint32_t *functions; /* by code: id of a text */
	uint32_t *lines;     /* by node */
	char **threads;      /* by thread, each owned */
};

/* Length of the valid UTF-8 character at `s`, 0 when there is none. */
static size_t utf8_character(const uint8_t *s, size_t length)
{
	if (s[0] < 0x80)
		return 1;
	size_t n = s[0] >= 0xc2 && s[0] < 0xe0   ? 2
		   : (s[0] & 0xf0) == 0xe0       ? 3
		   : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
						 : 0;
	if (!n || n > length)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Forms longer than needed, surrogates, and what lies beyond U+10FFFF. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static bool is_control(const uint8_t *s, size_t n)
{
	return (n == 1 && (s[0] < 0x20 || s[0] == 0x7f)) || (n == 2 && s[0] == 0xc2 && s[1] < 0xa0);
}

char *weigh_text_clean(const char *bytes, size_t length, bool keep_controls)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *clean = malloc(length * 3 + 1);
	char *out = clean;

	if (!clean)
		return NULL;
	for (size_t i = 0; i < length;) {
		const uint8_t *s = (const uint8_t *)bytes + i;
		size_t n = utf8_character(s, length - i);

		if (!n || !s[0] || (!keep_controls && is_control(s, n))) {
			memcpy(out, replacement, 3);
			out += 3;
			i += n ? n : 1;
		} else {
			memcpy(out, s, n);
			out += n;
			i += n;
		}
	}
	*out++ = '\0';
	char *fitted = realloc(clean, (size_t)(out - clean));
	return fitted ? fitted : clean;
}

/* Takes over `text`; its id, or that of the equal text already there. */
static uint32_t intern(struct weigh_names *names, char *text)
{
	uint32_t slot = (uint32_t)XXH3_64bits(text, strlen(text)) & names->slot_mask;

	for (; names->slots[slot]; slot = (slot + 1) & names->slot_mask) {
		uint32_t id = names->slots[slot] - 1;
		if (!strcmp(names->texts[id], text)) {
			free(text);
			return id;
		}
	}
	names->texts[names->text_count] = text;
	names->slots[slot] = ++names->text_count;
	return names->text_count - 1;
}

static struct weigh_error *intern_text(struct weigh_names *names, struct weigh_text text, uint32_t *id)
{
	char *clean = weigh_text_clean(names->capture->strings + text.offset, text.length, false);

	if (!clean)
		return weigh_error_create_memory();
	*id = intern(names, clean);
	return NULL;
}

static struct weigh_error *intern_fixed(struct weigh_names *names)
{
	static const char *const fixed[TEXT_COUNT] = {"", "(no Python frame)", "(code not kept)"};

	for (int i = 0; i < TEXT_COUNT; i++) {
		char *copy = strdup(fixed[i]);
		if (!copy)
			return weigh_error_create_memory();
		intern(names, copy);
	}
	return NULL;
}

static struct weigh_error *intern_codes(struct weigh_names *names)
{
	uint32_t count = weigh_capture_count(names->capture, WEIGH_SECTION_CODES);
	struct weigh_error *error = intern_fixed(names);

	for (uint32_t i = 1; i < count && !error; i++) {
		const struct weigh_code *code = &names->capture->codes[i];
		error = intern_text(names, code->file, &names->files[i]);
		if (!error)
			error = intern_text(names, code->function, &names->functions[i]);
	}
	return error;
}

static struct weigh_error *name_threads(struct weigh_names *names)
{
	uint32_t count = weigh_capture_count(names->capture, WEIGH_SECTION_THREADS);

	for (uint32_t i = 0; i < count || i == 0; i++) {
		const struct weigh_thread_entry *thread = i < count ? &names->capture->threads[i] : NULL;
		size_t length = thread ? strnlen(thread->name, WEIGH_THREAD_NAME) : 0;
		char *name = NULL;

		if (length)
			name = weigh_text_clean(thread->name, length, false);
		else if (i == 0)
			name = strdup("(other threads)");
		else if (asprintf(&name, "thread %" PRIu64, thread->system_id) < 0)
			name = NULL;
		if (!name)
			return weigh_error_create_memory();
		names->threads[i] = name;
	}
	return NULL;
}

struct weigh_error *weigh_names_create(const struct weigh_capture *capture, struct weigh_names **result)
{
	size_t codes = weigh_capture_count(capture, WEIGH_SECTION_CODES);
	size_t nodes = weigh_capture_count(capture, WEIGH_SECTION_NODES);
	size_t slots = 16;
	struct weigh_names *names = calloc(1, sizeof(*names));

	if (!names)
		return weigh_error_create_memory();
	while (slots < (2 * codes + TEXT_COUNT) * 2)
		slots *= 2;
	names->capture = capture;
	names->texts = calloc(2 * codes + TEXT_COUNT, sizeof(*names->texts));
	names->slots = calloc(slots, sizeof(*names->slots));
	names->slot_mask = (uint32_t)(slots - 1);
	names->files = calloc(codes + 1, sizeof(*names->files));
	names->functions = calloc(codes + 1, sizeof(*names->functions));
	names->lines = malloc((nodes + 1) * sizeof(*names->lines));
	names->threads = calloc((size_t)weigh_capture_count(capture, WEIGH_SECTION_THREADS) + 1,
				sizeof(*names->threads));

	struct weigh_error *error = NULL;
	if (!names->texts || !names->slots || !names->files || !names->functions || !names->lines ||
	    !names->threads) {
		error = weigh_error_create_memory();
	} else {
		memset(names->lines, 0xff, (nodes + 1) * sizeof(*names->lines));
		error = intern_codes(names);
		if (!error)
			error = name_threads(names);
	}
	if (error) {
		weigh_names_destroy(names);
		return error;
	}
	*result = names;
	return NULL;
}

void weigh_names_destroy(struct weigh_names *names)
{
	if (!names)
		return;
	for (uint32_t i = 0; i < names->text_count; i++)
		free(names->texts[i]);
	for (uint32_t i = 0; names->threads && names->threads[i]; i++)
		free(names->threads[i]);
	free(names->texts);
	free(names->slots);
	free(names->files);
	free(names->functions);
	free(names->lines);
	free(names->threads);
	free(names);
}

static uint32_t node_line(struct weigh_names *names, uint32_t node)
{
	if (names->lines[node] == (uint32_t)LINE_UNKNOWN) {
		const struct weigh_node *n = &names->capture->nodes[node];
		const struct weigh_code *code = &names->capture->codes[n->code];
		const uint8_t *table = (const uint8_t *)names->capture->strings + code->lines.offset;

		names->lines[node] = weigh_line_find(names->capture->header->python, table,
						     code->lines.length, code->first_line, n->instruction);
	}
	return names->lines[node];
}

struct weigh_place weigh_names_place(struct weigh_names *names, uint32_t node)
{
	uint32_t code = node ? names->capture->nodes[node].code : 0;

	if (!code) {
		uint32_t id = node ? TEXT_NOT_KEPT : TEXT_NO_FRAME;
		return (struct weigh_place){.file = NULL, .function = names->texts[id], .function_id = id};
	}
	return (struct weigh_place){
		.file = names->texts[names->files[code]],
		.function = names->texts[names->functions[code]],
		.file_id = names->files[code],
		.function_id = names->functions[code],
		.line = node_line(names, node),
	};
}

const char *weigh_names_thread(struct weigh_names *names, uint32_t thread)
{
	return names->threads[thread];
}

const char *weigh_domain_name(uint32_t domain)
{
	static const char *const domains[WEIGH_DOMAIN_COUNT] = {
		[WEIGH_DOMAIN_RAW] = "raw",       [WEIGH_DOMAIN_MEM] = "mem",
		[WEIGH_DOMAIN_OBJECT] = "object", [WEIGH_DOMAIN_MALLOC] = "malloc",
		[WEIGH_DOMAIN_MMAP] = "mmap",     [WEIGH_DOMAIN_ARRAY] = "array",
	};

	return domain < WEIGH_DOMAIN_COUNT ? domains[domain] : "unknown";
}
