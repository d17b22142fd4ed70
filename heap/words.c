/*
 * Ways through the heap in words: see heap/words.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/words.h"

#include "base/grow.h"

#include "capture/names.h"
#include "heap/references.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL = 2 * WEIGH_HEAP_NAME };

/* What the word in the making may be continued by. */
enum joint {
	JOINT_NONE,  /* the next step opens a word */
	JOINT_NAME,  /* a module or class: ".x" goes on */
	JOINT_FRAME, /* a frame: " x" goes on */
	JOINT_HOME,  /* a __dict__: "['x']" reads ".x" */
};

struct speaker {
	const struct weigh_heap_graph *graph;
	struct weigh_words *words;
	uint32_t room;
	enum joint joint;
	bool named; /* the word is the name of a module or class, or goes on from one */
	uint32_t type; /* that the way has come to */
	char word[4 * WEIGH_HEAP_NAME];
};

static bool finish_word(struct speaker *s)
{
	struct weigh_words *words = s->words;

	if (!s->word[0])
		return true;
	if (!weigh_grow(&words->words, &s->room, words->count, sizeof(*words->words)))
		return false;
	char *clean = weigh_text_clean(s->word, strlen(s->word), false);
	if (!clean)
		return false;
	words->words[words->count++] = clean;
	s->word[0] = '\0';
	return true;
}

static void say(struct speaker *s, const char *text)
{
	size_t used = strlen(s->word);

	snprintf(s->word + used, sizeof(s->word) - used, "%s", text);
}

static bool is_identifier(const char *text)
{
	if (!*text || (*text >= '0' && *text <= '9'))
		return false;
	for (; *text; text++) {
		if (!(*text == '_' || (*text >= '0' && *text <= '9') || (*text >= 'A' && *text <= 'Z') ||
		      (*text >= 'a' && *text <= 'z') || (unsigned char)*text >= 0x80))
			return false;
	}
	return true;
}

static enum joint joint_of(const struct weigh_heap_graph *graph, uint32_t type)
{
	enum weigh_snapshot_form form = graph->types[type].form;

	return form == WEIGH_SNAPSHOT_MODULE || form == WEIGH_SNAPSHOT_TYPE ? JOINT_NAME : JOINT_NONE;
}

/* "main (app.py:12)" is read "main()". */
static void say_frame(struct speaker *s, const char *label)
{
	const char *end = label ? strstr(label, " (") : NULL;
	char text[WEIGH_HEAP_NAME];

	if (!label)
		snprintf(text, sizeof(text), "(frame)");
	else
		snprintf(text, sizeof(text), "%.*s()", (int)(end ? (size_t)(end - label) : strlen(label)),
			 label);
	say(s, text);
	s->joint = JOINT_FRAME;
}

static void say_labelled(struct speaker *s, const char *kind, uint32_t label)
{
	const char *text = weigh_heap_text(s->graph, label, NULL);
	char word[WEIGH_HEAP_NAME];

	/* Threads without a name are called "thread 1234". */
	if (!strncmp(text, kind, strlen(kind)) && text[strlen(kind)] == ' ')
		text += strlen(kind) + 1;
	snprintf(word, sizeof(word), *text ? "(%s %s)" : "(%s%s)", kind, text);
	say(s, word);
}

static void say_beginning(struct speaker *s, const struct weigh_route *route)
{
	const char *label;

	s->joint = JOINT_NONE;
	s->named = true;
	s->type = route->type;
	switch (route->step) {
	case WEIGH_ROUTE_MODULES:
		say(s, "sys.modules");
		break;
	case WEIGH_ROUTE_MODULE:
		label = weigh_heap_label(s->graph, route->name);
		say(s, label ? label : "(module)");
		s->joint = JOINT_NAME;
		break;
	case WEIGH_ROUTE_FRAME:
		say_frame(s, weigh_heap_label(s->graph, route->name));
		break;
	case WEIGH_ROUTE_THREAD:
		say_labelled(s, "thread", route->name);
		break;
	case WEIGH_ROUTE_INTERPRETER:
		say_labelled(s, "interpreter:", route->name);
		break;
	case WEIGH_ROUTE_STATIC:
		label = weigh_heap_label(s->graph, route->name);
		say(s, label ? label : "(type)");
		s->joint = JOINT_NAME;
		break;
	case WEIGH_ROUTE_ELSEWHERE:
		say(s, "(held from elsewhere)");
		break;
	case WEIGH_ROUTE_IMMORTAL:
		say(s, "(immortal)");
		break;
	default:
		say(s, "(garbage)");
		break;
	}
}

/* What a home holds is an attribute of its owner. */
static void soften(char label[LABEL])
{
	size_t length = strlen(label);

	if (length < 5 || strncmp(label, "['", 2) != 0 || strcmp(label + length - 2, "']") != 0)
		return;
	label[length - 2] = '\0';
	if (is_identifier(label + 2)) {
		label[0] = '.';
		memmove(label + 1, label + 2, length - 3);
	} else {
		label[length - 2] = '\'';
	}
}

/*
 * One step: `text` is what is followed, `type` what it leads to, `home` whether
 * that is the holder's own __dict__, `local` whether the text is a bare name,
 * `repeats` whether it is followed again further on.
 */
static bool step(struct speaker *s, const char *text, bool local, uint32_t type, bool home, bool repeats)
{
	char label[LABEL], name[WEIGH_HEAP_NAME];
	bool goes_on = s->joint != JOINT_NONE;

	snprintf(label, sizeof(label), "%s", text);
	if (s->joint == JOINT_HOME)
		soften(label);
	if (!goes_on) {
		if (!finish_word(s))
			return false;
		say(s, weigh_heap_type_name(s->graph, s->type, name));
		s->named = false;
	}
	if (s->joint == JOINT_FRAME || (local && s->joint != JOINT_HOME))
		say(s, " ");
	if (home) {
		s->joint = JOINT_HOME;
	} else {
		say(s, label);
		say(s, repeats ? "..." : "");
		s->joint = s->named && label[0] == '.' ? joint_of(s->graph, type) : JOINT_NONE;
	}
	s->type = type;
	return true;
}

/* The end of the way: what it has come to. */
static bool end(struct speaker *s, bool began)
{
	char name[WEIGH_HEAP_NAME];

	if (s->joint == JOINT_HOME)
		say(s, ".__dict__");
	if (!finish_word(s))
		return false;
	if (began)
		return true;
	say(s, weigh_heap_type_name(s->graph, s->type, name));
	return finish_word(s);
}

/* How a route's last step reads; returns whether it is a bare name. */
static bool route_label(const struct weigh_routes *routes, const struct weigh_route *route, char label[LABEL])
{
	const char *text = "";
	bool key = route->step == WEIGH_ROUTE_SLOT_KEY;

	switch (route->step) {
	case WEIGH_ROUTE_SLOT:
	case WEIGH_ROUTE_SLOT_KEY:
		text = weigh_heap_text(routes->graph, route->name, NULL);
		break;
	case WEIGH_ROUTE_PAIR:
		if (route->name) {
			text = weigh_heap_sample(routes->graph, route->name - 1);
			snprintf(label, LABEL, "[%s]", text ? text : "*");
			return false;
		}
		__attribute__((fallthrough));
	case WEIGH_ROUTE_ITEM:
		strcpy(label, "[*]");
		return false;
	case WEIGH_ROUTE_MEMBER:
		strcpy(label, "(members)");
		return false;
	case WEIGH_ROUTE_CLASS:
		strcpy(label, ".__class__");
		return false;
	default:
		strcpy(label, "(keys)");
		return false;
	}
	if (route->naming == WEIGH_SLOT_KEY)
		snprintf(label, LABEL, key ? "(key '%s')" : "['%s']", text);
	else if (route->naming == WEIGH_SLOT_ATTRIBUTE)
		snprintf(label, LABEL, key ? "(key .%s)" : ".%s", text);
	else
		snprintf(label, LABEL, key ? "(key %s)" : "%s", text);
	/* Parts of objects written in C are named as attributes are, but for what has no name: "(field 0)". */
	if (!key && route->naming == WEIGH_SLOT_PART && is_identifier(text))
		snprintf(label, LABEL, ".%s", text);
	return route->naming == WEIGH_SLOT_LOCAL;
}

static struct weigh_error *settle(struct weigh_words *words, bool good)
{
	if (good)
		return NULL;
	weigh_words_deinit(words);
	return weigh_error_create_memory();
}

static bool speak_route(const struct weigh_routes *routes, uint32_t route, struct speaker *s, bool whole)
{
	uint32_t depth = 0, at = route;
	char label[LABEL];

	while (routes->routes[at].parent != at) {
		at = routes->routes[at].parent;
		depth++;
	}
	uint32_t *steps = malloc(((size_t)depth + 1) * sizeof(*steps));
	bool good = steps;
	for (uint32_t i = depth, r = route; good && i; i--, r = routes->routes[r].parent)
		steps[i] = r;
	say_beginning(s, &routes->routes[at]);
	for (uint32_t i = 1; i <= depth && good; i++) {
		const struct weigh_route *r = &routes->routes[steps[i]];
		bool local = route_label(routes, r, label);
		bool repeats = r->repeats && r->step != WEIGH_ROUTE_ITEM;
		good = step(s, label, local, r->type, weigh_route_is_home(routes, steps[i]), repeats);
	}
	free(steps);
	return good && end(s, !depth || !whole);
}

struct weigh_error *weigh_words_of_route(const struct weigh_routes *routes, uint32_t route,
					 struct weigh_words *words)
{
	struct speaker s = {.graph = routes->graph, .words = words};

	*words = (struct weigh_words){0};
	return settle(words, speak_route(routes, route, &s, true));
}

/* How a reference reads, with its index; returns whether it is a bare name. */
static bool edge_label(const struct weigh_routes *routes, uint32_t object, uint32_t place, char label[LABEL])
{
	const struct weigh_heap_graph *graph = routes->graph;
	const struct weigh_heap_shape *shape = weigh_heap_shape(graph, object);
	char name[WEIGH_HEAP_NAME];

	if (place == WEIGH_PLACE_CLASS) {
		strcpy(label, ".__class__");
		return false;
	}
	if (place >= WEIGH_PLACE_KEYS) {
		const struct weigh_heap_slot *slot = &shape->slots[place - WEIGH_PLACE_KEYS];
		snprintf(label, LABEL, "(key '%s')", weigh_heap_text(graph, slot->name, NULL));
		return false;
	}
	struct weigh_heap_edge edge = weigh_heap_edge_at(graph, object, place);
	weigh_heap_edge_name(graph, object, edge, false, name);
	bool slot = edge.kind == WEIGH_EDGE_SLOT;
	bool part = slot && shape->slots[edge.index].naming == WEIGH_SLOT_PART && is_identifier(name);
	snprintf(label, LABEL, part ? ".%s" : "%s", name);
	return slot && shape->slots[edge.index].naming == WEIGH_SLOT_LOCAL;
}

static bool is_home(const struct weigh_heap_graph *graph, uint32_t type, const char *label)
{
	return graph->types[type].form == WEIGH_SNAPSHOT_DICT && !strcmp(label, ".__dict__");
}

struct weigh_error *weigh_words_of_way(const struct weigh_routes *routes, const uint32_t *objects,
				       const uint32_t *places, uint32_t count, struct weigh_words *words)
{
	const struct weigh_heap_graph *graph = routes->graph;
	struct speaker s = {.graph = graph, .words = words};
	char label[LABEL];
	bool good = true;

	*words = (struct weigh_words){0};
	say_beginning(&s, &routes->routes[routes->route_of[objects[0]]]);
	for (uint32_t i = 1; i < count && good; i++) {
		uint32_t type = weigh_heap_shape(graph, objects[i])->type;
		bool local = edge_label(routes, objects[i - 1], places[i], label);
		good = step(&s, label, local, type, is_home(graph, type, label), false);
	}
	return settle(words, good && end(&s, count == 1));
}

void weigh_words_deinit(struct weigh_words *words)
{
	for (uint32_t i = 0; i < words->count; i++)
		free(words->words[i]);
	free(words->words);
	*words = (struct weigh_words){0};
}

char *weigh_words_join(const struct weigh_words *words, const char *arrow, uint32_t limit)
{
	uint32_t skipped = limit && words->count > limit ? words->count - limit : 0;
	uint32_t head = skipped ? (limit + 1) / 2 : words->count;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (uint32_t i = 0; i < words->count; i++) {
		if (i == head) {
			fprintf(out, "%s(%u more)", arrow, skipped);
			i += skipped;
		}
		fprintf(out, "%s%s", i ? arrow : "", words->words[i]);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

char *weigh_route_text(const struct weigh_routes *routes, uint32_t route, const char *arrow, uint32_t limit)
{
	struct weigh_words words = {0};
	struct speaker s = {.graph = routes->graph, .words = &words};
	char *text = NULL;

	if (speak_route(routes, route, &s, false))
		text = weigh_words_join(&words, arrow, limit);
	weigh_words_deinit(&words);
	return text;
}
