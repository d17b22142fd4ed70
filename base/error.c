/*
 * Errors that travel up to whoever can tell the user: see base/error.h.
 *
 * Any thread. Allocates with malloc; works without memory through one
 * constant error.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	enum weigh_error_code code;
	char message[64];
} no_memory = {
	WEIGH_ERROR_MEMORY,
	"out of memory: close other programs and try again",
};

struct weigh_error *weigh_error_create_memory(void)
{
	/* Never written to: destroy knows the address. */
	return (struct weigh_error *)&no_memory;
}

struct weigh_error *weigh_error_create(enum weigh_error_code code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		return weigh_error_create_memory();

	struct weigh_error *error = malloc(sizeof(*error) + (size_t)length + 1);
	if (!error)
		return weigh_error_create_memory();
	error->code = code;
	va_start(arguments, format);
	vsnprintf(error->message, (size_t)length + 1, format, arguments);
	va_end(arguments);

	for (char *c = error->message; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	return error;
}

struct weigh_error *weigh_error_create_system(int number, const char *where, const char *what_to_do)
{
	return weigh_error_create(WEIGH_ERROR_SYSTEM, "%s: %s: %s", where, strerror(number), what_to_do);
}

void weigh_error_destroy(struct weigh_error *error)
{
	if ((const void *)error != (const void *)&no_memory)
		free(error);
}

int weigh_error_status(const struct weigh_error *error)
{
	if (!error)
		return 0;
	return error->code == WEIGH_ERROR_USAGE ? 2 : 1;
}
