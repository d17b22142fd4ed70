/*
 * The UTF-8 of a str object, read where it lies: nothing is cached in the
 * object and nothing allocated.
 */
#ifndef WEIGH_CPYTHON_TEXT_H
#define WEIGH_CPYTHON_TEXT_H

#include <Python.h>

#include <stddef.h>
#include <stdint.h>

enum { WEIGH_TEXT_SCRATCH = 1024 };

struct weigh_text_scratch {
	char bytes[WEIGH_TEXT_SCRATCH];
};

/*
 * The bytes of a str and their number: the object's own when it is ASCII, else
 * written to the scratch, cut at a character when it is too long for it. Not
 * NUL-terminated.
 */
const char *weigh_text_utf8(PyObject *text, struct weigh_text_scratch *scratch, size_t *bytes);

/* Writes the UTF-8 of one character, 1 to 4 bytes; how many. */
size_t weigh_text_encode(uint32_t c, char *out);

#endif
