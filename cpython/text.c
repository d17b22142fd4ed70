/*
 * UTF-8 of str objects. Inside events; never allocates.
 */
#include "cpython/text.h"

size_t weigh_text_encode(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c >= 0xD800 && c < 0xE000)
		c = 0xFFFD; /* a lone surrogate has no UTF-8 */
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

const char *weigh_text_utf8(PyObject *text, struct weigh_text_scratch *scratch, size_t *bytes)
{
	*bytes = 0;
	if (!text || !PyUnicode_Check(text))
		return scratch->bytes;
	Py_ssize_t length = PyUnicode_GET_LENGTH(text);
	const void *data = PyUnicode_DATA(text);
	if (PyUnicode_IS_COMPACT_ASCII(text)) {
		*bytes = (size_t)length;
		return data;
	}
	int kind = PyUnicode_KIND(text);
	for (Py_ssize_t i = 0; i < length && *bytes + 4 <= sizeof(scratch->bytes); i++)
		*bytes += weigh_text_encode(PyUnicode_READ(kind, data, i), scratch->bytes + *bytes);
	return scratch->bytes;
}
