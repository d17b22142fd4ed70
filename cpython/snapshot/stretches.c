/*
 * Stretches of the texts in a large set, or among the keys of a large dict: all
 * those between two of them, by the order of their characters, a few times. A
 * structure that shares beginnings takes for such a stretch what it takes for
 * it among all, which of texts picked here and there it does not.
 *
 * During the second pass, one thread; memory from the scan's room, 8 bytes for
 * each text that is picked. Cost: 0.1 us for each text.
 */
#include "cpython/snapshot/facts.h"

#include "cpython/text.h"

#include <string.h>

enum {
	TEXTS_LEAST = 20000,
	CONTAINERS_MOST = 16,
	STRETCHES = 16,
	STRETCH = 512,       /* texts that one is to have */
	STRETCH_MOST = 2048, /* and more are not kept: it was no good guess */
	PICKED_EACH = 256,   /* texts for one that is picked */
	PICKED_LEAST = 64,
	PICKED_MOST = 1 << 16,
	CHARACTERS_MOST = 256, /* of a text */
	AHEAD = 8,             /* texts that are under way from memory */
};

/* What both kinds of containers look like: entries, some of which are empty. */
struct entries {
	PySetObject *set; /* NULL: a dict */
	PyDictKeysObject *keys;
	Py_ssize_t places;
	uint64_t used;
};

/* The text of an entry; NULL when it is empty. `*value` is that of a dict. */
static PyObject *text_at(const struct entries *entries, Py_ssize_t place, PyObject **value)
{
	PyObject *key;

	if (entries->set) {
		const setentry *entry = &entries->set->table[place];
		*value = NULL;
		return entry->key && entry->hash != -1 ? entry->key : NULL;
	}
	weigh_dict_entry(entries->keys, place, &key, value);
	return *value ? key : NULL;
}

static bool open_entries(PyObject *object, struct entries *entries)
{
	*entries = (struct entries){0};
	if (PyAnySet_Check(object)) {
		entries->set = (PySetObject *)object;
		entries->places = entries->set->mask + 1;
		entries->used = (uint64_t)entries->set->used;
		return entries->used >= TEXTS_LEAST;
	}
	const PyDictObject *dict = (const PyDictObject *)object;
	entries->used = (uint64_t)dict->ma_used;
	if (entries->used < TEXTS_LEAST || dict->ma_values)
		return false;
	entries->keys = dict->ma_keys;
	entries->places = dict->ma_keys->dk_nentries;
	return true;
}

static bool is_text(PyObject *object)
{
	return PyUnicode_CheckExact(object) && weigh_text_is_ready(object) &&
	       PyUnicode_GET_LENGTH(object) <= CHARACTERS_MOST;
}

/* By characters, which is the order of their UTF-8 too. */
static int compare(PyObject *a, PyObject *b)
{
	Py_ssize_t x = PyUnicode_GET_LENGTH(a), y = PyUnicode_GET_LENGTH(b), least = x < y ? x : y;
	int kind = (int)PyUnicode_KIND(a), other = (int)PyUnicode_KIND(b);

	if (kind == PyUnicode_1BYTE_KIND && other == kind) {
		int order = memcmp(PyUnicode_DATA(a), PyUnicode_DATA(b), (size_t)least);
		return order ? order : (x > y) - (x < y);
	}
	for (Py_ssize_t i = 0; i < least; i++) {
		Py_UCS4 c = PyUnicode_READ(kind, PyUnicode_DATA(a), i);
		Py_UCS4 d = PyUnicode_READ(other, PyUnicode_DATA(b), i);
		if (c != d)
			return c < d ? -1 : 1;
	}
	return (x > y) - (x < y);
}

/* Shell's, without recursion or memory. */
static void sort(PyObject **texts, size_t count)
{
	for (size_t gap = count / 2; gap; gap = gap == 2 ? 1 : gap * 5 / 11) {
		for (size_t i = gap; i < count; i++) {
			PyObject *moved = texts[i];
			size_t place = i;
			for (; place >= gap && compare(texts[place - gap], moved) > 0; place -= gap)
				texts[place] = texts[place - gap];
			texts[place] = moved;
		}
	}
}

/*
 * Texts at even distances in the table, where they lie by hash or by age; how
 * many. 0 when there is something else among them, or when a dict's values
 * differ: that is no set.
 */
static size_t pick(const struct entries *entries, PyObject **picked, size_t wanted)
{
	PyObject *value, *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < wanted; i++) {
		Py_ssize_t place = (Py_ssize_t)((uint64_t)entries->places * i / wanted);
		PyObject *text = text_at(entries, place, &value);
		while (!text && ++place < entries->places)
			text = text_at(entries, place, &value);
		if (!text)
			break;
		first = first ? first : value;
		if (!is_text(text) || value != first)
			return 0;
		picked[count++] = text;
	}
	return count;
}

/* A stretch goes from its first text up to, and without, its second. */
struct stretches {
	PyObject *ends[2 * STRETCHES]; /* ascending */
	uint64_t counts[STRETCHES];
};

static void choose(struct stretches *stretches, PyObject **picked, size_t count, uint64_t used)
{
	size_t step = (size_t)(STRETCH * (uint64_t)count / used);

	step = step ? step : 1;
	for (size_t i = 0; i < STRETCHES; i++) {
		size_t from = count * i / STRETCHES;
		stretches->ends[2 * i] = picked[from];
		stretches->ends[2 * i + 1] = picked[from + step];
		stretches->counts[i] = 0;
	}
}

/* The stretch that a text is in; STRETCHES: none. */
static unsigned stretch_of(const struct stretches *stretches, PyObject *text)
{
	unsigned low = 0, high = 2 * STRETCHES;

	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (compare(stretches->ends[middle], text) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low % 2 ? low / 2 : STRETCHES;
}

struct kept {
	PyObject *texts[STRETCHES][STRETCH_MOST];
};

/* False when there is something else among the texts. */
static bool collect(const struct entries *entries, struct stretches *stretches, struct kept *kept)
{
	for (Py_ssize_t place = 0; place < entries->places; place++) {
		PyObject *value, *text = text_at(entries, place, &value);
		if (place + AHEAD < entries->places)
			__builtin_prefetch(text_at(entries, place + AHEAD, &value));
		if (!text)
			continue;
		if (!is_text(text))
			return false;
		unsigned stretch = stretch_of(stretches, text);
		if (stretch == STRETCHES)
			continue;
		if (stretches->counts[stretch] < STRETCH_MOST)
			kept->texts[stretch][stretches->counts[stretch]] = text;
		stretches->counts[stretch]++;
	}
	return true;
}

static void put_texts(struct weigh_scan *scan, const struct stretches *stretches, const struct kept *kept)
{
	struct weigh_stream *facts = weigh_fact_begin(scan, WEIGH_FACT_TEXTS);
	unsigned whole = 0;

	for (unsigned i = 0; i < STRETCHES; i++)
		whole += stretches->counts[i] <= STRETCH_MOST;
	weigh_stream_put(facts, whole);
	for (unsigned i = 0; i < STRETCHES; i++) {
		if (stretches->counts[i] > STRETCH_MOST)
			continue;
		weigh_stream_put(facts, stretches->counts[i]);
		for (uint64_t t = 0; t < stretches->counts[i]; t++)
			weigh_stream_put(facts, weigh_scan_text(scan, kept->texts[i][t]));
	}
}

void weigh_fact_write_texts(struct weigh_scan *scan, PyObject *object)
{
	struct entries entries;
	struct stretches stretches;

	if (!open_entries(object, &entries) || scan->facts.texts == CONTAINERS_MOST)
		return;
	uint64_t wanted = entries.used / PICKED_EACH;
	wanted = wanted < PICKED_LEAST ? PICKED_LEAST : wanted > PICKED_MOST ? PICKED_MOST : wanted;
	PyObject **picked = weigh_room_take(&scan->room, wanted * sizeof(*picked));
	size_t count = picked ? pick(&entries, picked, wanted) : 0;
	if (count < PICKED_LEAST / 2)
		return;
	sort(picked, count);
	choose(&stretches, picked, count, entries.used);
	struct kept *kept = weigh_room_take(&scan->room, sizeof(*kept));
	if (!kept || !collect(&entries, &stretches, kept))
		return;
	scan->facts.texts++;
	put_texts(scan, &stretches, kept);
}
