/*
 * Round steps for axes: see report/scale.h.
 */
#include "report/scale.h"

#include <math.h>
#include <stdio.h>

/* The least of 1, 2, 5, 10 ... that needs no more than so many marks. */
static double round_step(double span, int marks)
{
	double least = span / marks, power = pow(10, floor(log10(least)));
	if (least <= power)
		return power;
	if (least <= 2 * power)
		return 2 * power;
	return least <= 5 * power ? 5 * power : 10 * power;
}

static struct weigh_scale make(const char *unit, double factor, double span, int marks)
{
	double step = round_step(span / factor, marks);
	int decimals = step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;
	return (struct weigh_scale){unit, factor, step * factor, decimals < 9 ? decimals : 9};
}

struct weigh_scale weigh_scale_of_mib(double span, int marks)
{
	if (span >= 4096)
		return make("GiB", 1024, span, marks);
	return span < 1 ? make("KiB", 1 / 1024.0, span, marks) : make("MiB", 1, span, marks);
}

struct weigh_scale weigh_scale_of_seconds(double span, int marks)
{
	if (span >= 3 * 3600)
		return make("hours", 3600, span, marks);
	return span >= 300 ? make("minutes", 60, span, marks) : make("seconds", 1, span, marks);
}

char *weigh_scale_text(const struct weigh_scale *scale, double value, char *text, size_t size)
{
	snprintf(text, size, "%.*f", scale->decimals, value / scale->factor);
	return text;
}
