/*
 * How rules get to see a line of the program: whoever asks for advice says
 * where lines are read from.
 */
#ifndef WEIGH_ADVICE_LINES_H
#define WEIGH_ADVICE_LINES_H

#include <stddef.h>
#include <stdint.h>

struct weigh_line_reader {
	/*
	 * The text of a line (from 1), without the blanks around it; NULL when
	 * there is none to be had. It lives as long as `arg`.
	 */
	const char *(*line)(void *arg, const char *file, uint32_t line);
	void *arg;
};

static inline const char *weigh_line_read(const struct weigh_line_reader *reader, const char *file,
					  uint32_t line)
{
	return reader && file && line ? reader->line(reader->arg, file, line) : NULL;
}

#endif
