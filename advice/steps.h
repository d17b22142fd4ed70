/*
 * An expression on arrays written as steps, each into the array of the one
 * before: "y = a * x + b" as "y = a * x" and "y += b". What is no plain
 * arithmetic of names, numbers and functions of NumPy stays as it is.
 *
 * Pure functions; any thread.
 */
#ifndef WEIGH_ADVICE_STEPS_H
#define WEIGH_ADVICE_STEPS_H

#include <stdbool.h>

enum { WEIGH_STEPS = 1200 };

/*
 * The steps of a line "name = ..." or "return ...", one to a line. False when
 * it cannot be told, or is one step already.
 */
bool weigh_steps_of(const char *line, char steps[static WEIGH_STEPS]);

#endif
