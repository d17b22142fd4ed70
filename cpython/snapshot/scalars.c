/*
 * The values of str, bytes, int and float objects: which are equal, what they
 * could be stored as, what they look like. One thread; memory from the kernel.
 */
#include "cpython/snapshot/shapes.h"

#include "cpython/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	SAMPLES = 4096,
	SHOWN = 60, /* characters of a sample */
	AHEAD = 16, /* look-ups that are under way at a time; a power of two */
};

/* Kinds of values; those of str are its bytes to a character. */
enum { KIND_BYTES = 3, KIND_INT = 5, KIND_FLOAT = 6, KIND_ASCII = 7 };

struct value {
	const void *bytes;
	size_t count;
	unsigned kind;
};

static const char *int_start(PyObject *object)
{
#if PY_VERSION_HEX >= 0x030c0000
	return (const char *)&((PyLongObject *)object)->long_value.lv_tag;
#else
	return (const char *)&((PyVarObject *)object)->ob_size;
#endif
}

/* An int is the word with sign and number of digits, and the digits behind it. */
static struct value value_of(PyObject *object)
{
	PyTypeObject *type = Py_TYPE(object);
	if (type == &PyUnicode_Type) {
		if (!weigh_text_is_ready(object))
			return (struct value){"", 0, KIND_ASCII};
		unsigned unit = (unsigned)PyUnicode_KIND(object);
		bool ascii = PyUnicode_IS_ASCII(object);
		return (struct value){PyUnicode_DATA(object), (size_t)PyUnicode_GET_LENGTH(object) * unit,
				      ascii ? KIND_ASCII : unit};
	}
	if (type == &PyBytes_Type)
		return (struct value){PyBytes_AS_STRING(object), (size_t)PyBytes_GET_SIZE(object),
				      KIND_BYTES};
	if (type == &PyFloat_Type)
		return (struct value){&((PyFloatObject *)object)->ob_fval, sizeof(double), KIND_FLOAT};
	return (struct value){int_start(object), 8 + weigh_int_digits(object) * sizeof(digit), KIND_INT};
}

struct class
{
	enum weigh_snapshot_class class;
	unsigned bits;
};

static unsigned length_of(uint64_t word)
{
	return word ? 64 - (unsigned)__builtin_clzll(word) : 0;
}

/* Bits of two's complement. */
static unsigned width(bool negative, uint64_t magnitude)
{
	return length_of(negative ? magnitude - 1 : magnitude) + 1;
}

static struct class class_of_int(const char *bytes, size_t count)
{
	size_t digits = (count - 8) / sizeof(digit);
	const digit *first = (const digit *)(bytes + 8);
	int64_t head;
	memcpy(&head, bytes, sizeof(head));
#if PY_VERSION_HEX >= 0x030c0000
	bool negative = (head & 3) == 2;
#else
	bool negative = head < 0;
#endif
	if (digits <= 2) {
		uint64_t magnitude = digits ? first[0] : 0;
		magnitude |= digits > 1 ? (uint64_t)first[1] << PyLong_SHIFT : 0;
		return (struct class){WEIGH_VALUE_INTEGER, width(negative, magnitude)};
	}
	return (struct class){WEIGH_VALUE_INTEGER,
			      (unsigned)(digits - 1) * PyLong_SHIFT + length_of(first[digits - 1]) + 1};
}

static struct class class_of_float(const void *bytes)
{
	double value;
	memcpy(&value, bytes, sizeof(value));
	if (isfinite(value) && value == floor(value) && !(value == 0 && signbit(value))) {
		bool small = fabs(value) < 0x1p63;
		return (struct class){WEIGH_VALUE_WHOLE,
				      small ? width(value < 0, (uint64_t)fabs(value)) : 64};
	}
	bool narrow = !isfinite(value) || (double)(float)value == value;
	return (struct class){WEIGH_VALUE_REAL, narrow ? 32 : 64};
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t count_digits(const char *text, size_t count)
{
	size_t i = 0;
	while (i < count && is_digit(text[i]))
		i++;
	return i;
}

/* Digits with a sign, as str() writes them, or with a point among them. */
static bool is_number(const char *text, size_t count, struct class *class)
{
	bool negative = count && *text == '-';
	const char *start = text + negative;
	size_t left = count - negative;
	size_t whole = count_digits(start, left);
	if (!whole)
		return false;
	if (whole == left) {
		if ((*start == '0' && (left > 1 || negative)) || left > 4000)
			return false;
		uint64_t magnitude = 0;
		for (size_t i = 0; i < whole && whole < 20; i++)
			magnitude = magnitude * 10 + (uint64_t)(start[i] - '0');
		*class = (struct class){WEIGH_VALUE_INTEGER_TEXT,
					whole < 20 ? width(negative, magnitude)
						   : (unsigned)(whole * 3322 / 1000) + 2};
		return true;
	}
	size_t after = left - whole - 1;
	if (start[whole] != '.' || !after || after > 32 || count_digits(start + whole + 1, after) != after)
		return false;
	*class = (struct class){WEIGH_VALUE_REAL_TEXT, (unsigned)after};
	return true;
}

/* The characters of a pattern: 9 a digit, '-' one of - / . and any other itself. */
static bool matches(const char *text, size_t count, const char *pattern)
{
	for (size_t i = 0; pattern[i]; i++) {
		if (i >= count)
			return false;
		char c = text[i];
		bool fits = pattern[i] == '9'   ? is_digit(c)
			    : pattern[i] == '-' ? c == '-' || c == '/' || c == '.'
						: c == pattern[i];
		if (!fits)
			return false;
	}
	return true;
}

static bool is_date(const char *text, size_t count, struct class *class)
{
	enum { DATE = 10 };
	if (count < DATE || (!matches(text, count, "9999-99-99") && !matches(text, count, "99-99-9999")))
		return false;
	if (count == DATE) {
		*class = (struct class){WEIGH_VALUE_DATE_TEXT, 0};
		return true;
	}
	if ((text[DATE] != ' ' && text[DATE] != 'T') || !matches(text + DATE + 1, count - DATE - 1, "99:99"))
		return false;
	*class = (struct class){WEIGH_VALUE_TIME_TEXT, 0};
	return true;
}

static bool is_hex(const char *text, size_t count)
{
	bool lower = false;
	bool upper = false;
	for (size_t i = 0; i < count; i++) {
		lower |= text[i] >= 'a' && text[i] <= 'f';
		upper |= text[i] >= 'A' && text[i] <= 'F';
		if (!is_digit(text[i]) && !(text[i] >= 'a' && text[i] <= 'f') &&
		    !(text[i] >= 'A' && text[i] <= 'F'))
			return false;
	}
	return !lower || !upper;
}

static bool is_uuid(const char *text, size_t count)
{
	return count == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' &&
	       is_hex(text, 8) && is_hex(text + 9, 4) && is_hex(text + 14, 4) && is_hex(text + 19, 4) &&
	       is_hex(text + 24, 12);
}

static struct class class_of_ascii(const char *text, size_t count)
{
	struct class class = {WEIGH_VALUE_TEXT, 7};
	if (!count)
		return class;
	char first = *text;
	if ((is_digit(first) || first == '-') &&
	    (is_number(text, count, &class) || is_date(text, count, &class)))
		return class;
	bool hex = is_digit(first) || (first >= 'a' && first <= 'f') || (first >= 'A' && first <= 'F');
	if (hex && is_uuid(text, count))
		return (struct class){WEIGH_VALUE_UUID_TEXT, 0};
	if (hex && count >= 16 && count % 2 == 0 && count <= 4096 && is_hex(text, count))
		return (struct class){WEIGH_VALUE_HEX_TEXT, 0};
	return class;
}

static struct class class_of(const struct value *value)
{
	switch (value->kind) {
	case KIND_ASCII:
		return class_of_ascii(value->bytes, value->count);
	case KIND_INT:
		return class_of_int(value->bytes, value->count);
	case KIND_FLOAT:
		return class_of_float(value->bytes);
	case KIND_BYTES:
		return (struct class){WEIGH_VALUE_OTHER, 0};
	default:
		return (struct class){WEIGH_VALUE_TEXT, 8 * value->kind};
	}
}

/* Look-ups in a table larger than the cache: the values of the last few objects are waited for. */
struct weigh_pending {
	uint64_t put;
	uint64_t hash[AHEAD];
	struct value value[AHEAD];
};

/* Of wide text. */
static size_t utf8_bytes(const struct value *value)
{
	size_t length = value->count / value->kind, bytes = length;
	const uint16_t *narrow = value->bytes;
	const uint32_t *wide = value->bytes;

	for (size_t i = 0; i < length; i++) {
		uint32_t c = value->kind == 2 ? narrow[i] : wide[i];
		bytes += (c >= 0x80) + (c >= 0x800) + (c >= 0x10000);
	}
	return bytes;
}

static void settle(struct weigh_scan *scan, const struct value *value, uint64_t hash)
{
	struct weigh_writer *writer = scan->writer;
	struct weigh_stream *values = &writer->streams[WEIGH_SNAPSHOT_VALUES];
	struct weigh_stream *valued = &writer->streams[WEIGH_SNAPSHOT_VALUED];
	bool fresh;
	uint32_t number = weigh_writer_value(writer, hash, value->kind, value->bytes, value->count, &fresh);
	if (number == UINT32_MAX)
		scan->failed = true;
	weigh_stream_put(valued, fresh ? 0 : values->entries - number);
	valued->entries++;
	if (!fresh)
		return;
	struct class class = class_of(value);
	weigh_stream_put(values, class.class);
	weigh_stream_put(values, class.bits);
	if (class.class == WEIGH_VALUE_TEXT && class.bits > 8)
		weigh_stream_put(values, utf8_bytes(value));
	values->entries++;
}

void weigh_scalar_write(struct weigh_scan *scan, PyObject *object)
{
	if (!scan->pending && !(scan->pending = weigh_room_take(&scan->room, sizeof(*scan->pending)))) {
		scan->failed = true;
		return;
	}
	struct weigh_pending *pending = scan->pending;
	size_t i = pending->put++ % AHEAD;
	if (pending->put > AHEAD)
		settle(scan, &pending->value[i], pending->hash[i]);
	struct value value = value_of(object);
	pending->value[i] = value;
	pending->hash[i] = weigh_writer_value_hash(value.kind, value.bytes, value.count);
	weigh_writer_value_fetch(scan->writer, pending->hash[i]);
}

static size_t show_text(const struct value *value, char *text, size_t room)
{
	size_t unit = value->kind == KIND_ASCII ? 1 : value->kind;
	size_t length = value->count / unit;
	bool cut = length > SHOWN - 2;
	int kind = (int)unit;
	size_t used = 0;
	text[used++] = '\'';
	for (size_t i = 0; i < (cut ? SHOWN - 3 : length) && used + 16 < room; i++) {
		uint32_t c = PyUnicode_READ(kind, value->bytes, i);
		if (c == '\n' || c == '\r' || c == '\t' || c == '\'' || c == '\\') {
			text[used++] = '\\';
			text[used++] = c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : (char)c;
		} else if (c < 32 || c == 127) {
			used += (size_t)snprintf(text + used, room - used, "\\x%02x", c);
		} else {
			used += weigh_text_encode(c, text + used);
		}
	}
	if (cut)
		used += weigh_text_encode(0x2026, text + used);
	text[used++] = '\'';
	return used;
}

static size_t show_bytes(const struct value *value, char *text, size_t room)
{
	const unsigned char *bytes = value->bytes;
	size_t used = 0;
	text[used++] = 'b';
	text[used++] = '\'';
	size_t i = 0;
	for (; i < value->count && used < SHOWN - 6; i++) {
		if (bytes[i] >= 32 && bytes[i] < 127 && bytes[i] != '\'' && bytes[i] != '\\')
			text[used++] = (char)bytes[i];
		else
			used += (size_t)snprintf(text + used, room - used, "\\x%02x", bytes[i]);
	}
	if (i < value->count)
		used += weigh_text_encode(0x2026, text + used);
	text[used++] = '\'';
	return used;
}

static size_t show_int(const struct value *value, char *text, size_t room)
{
	size_t digits = (value->count - 8) / sizeof(digit);
	const digit *first = (const digit *)((const char *)value->bytes + 8);
	struct class class = class_of_int(value->bytes, value->count);
	int64_t head;
	memcpy(&head, value->bytes, sizeof(head));
#if PY_VERSION_HEX >= 0x030c0000
	bool negative = (head & 3) == 2;
#else
	bool negative = head < 0;
#endif
	if (digits > 2)
		return (size_t)snprintf(text, room, "an int of %u bits", class.bits);
	unsigned long long magnitude = digits ? first[0] : 0;
	magnitude |= digits > 1 ? (unsigned long long)first[1] << PyLong_SHIFT : 0;
	return (size_t)snprintf(text, room, "%s%llu", negative ? "-" : "", magnitude);
}

static size_t show(unsigned kind, const void *bytes, size_t count, char *text, size_t room, void *unused)
{
	struct value value = {bytes, count, kind};
	double number;
	(void)unused;
	switch (kind) {
	case KIND_BYTES:
		return show_bytes(&value, text, room);
	case KIND_INT:
		return show_int(&value, text, room);
	case KIND_FLOAT:
		memcpy(&number, bytes, sizeof(number));
		return (size_t)snprintf(text, room, "%.12g", number);
	default:
		return show_text(&value, text, room);
	}
}

void weigh_scalars_end(struct weigh_scan *scan)
{
	struct weigh_pending *pending = scan->pending;
	uint64_t from = pending && pending->put > AHEAD ? pending->put - AHEAD : 0;
	for (uint64_t i = from; pending && i < pending->put; i++)
		settle(scan, &pending->value[i % AHEAD], pending->hash[i % AHEAD]);
	weigh_writer_samples(scan->writer, SAMPLES, show, NULL);
}
