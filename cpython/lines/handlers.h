/*
 * The exception table of a code object, entry by entry: from 3.12. With the
 * GIL; allocates nothing.
 */
#ifndef WEIGH_CPYTHON_LINES_HANDLERS_H
#define WEIGH_CPYTHON_LINES_HANDLERS_H

#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

/* What is left to read of a table; the code object keeps it alive. */
struct weigh_lines_handlers {
	const uint8_t *at;
	const uint8_t *end;
};

/* An exception of these units goes on at `target`. */
struct weigh_lines_handler {
	uint32_t start;
	uint32_t length;
	uint32_t target;
	uint32_t stack; /* twice the depth that is kept, and one if the instruction is put on it */
};

static inline struct weigh_lines_handlers weigh_lines_handlers(const PyCodeObject *code)
{
	const uint8_t *at = (const uint8_t *)PyBytes_AS_STRING(code->co_exceptiontable);
	return (struct weigh_lines_handlers){at, at + PyBytes_GET_SIZE(code->co_exceptiontable)};
}

/* Six bits a byte, the highest first. */
static inline uint32_t weigh_lines_handler_number(struct weigh_lines_handlers *left)
{
	uint32_t number = 0;
	while (left->at < left->end) {
		uint8_t byte = *left->at++;
		number = number << 6 | (byte & 63);
		if (!(byte & 64))
			break;
	}
	return number;
}

/* Reads the next; false at the end. */
static inline bool weigh_lines_handler_next(struct weigh_lines_handlers *left,
					    struct weigh_lines_handler *handler)
{
	if (left->at >= left->end)
		return false;
	handler->start = weigh_lines_handler_number(left);
	handler->length = weigh_lines_handler_number(left);
	handler->target = weigh_lines_handler_number(left);
	handler->stack = weigh_lines_handler_number(left);
	return true;
}

#endif
