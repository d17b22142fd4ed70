/*
 * The numbers in large arrays: the least and the greatest, and whether all
 * would survive in fewer bytes. During the second pass, one thread; takes no
 * memory.
 *
 * Cost: about a nanosecond for each number; floats that need all their digits
 * are told by the first few.
 */
#include "cpython/snapshot/facts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	ITEMS_LEAST = 8192,
	ITEMS_MOST = 1 << 28, /* in all arrays together */
	TEXT = 32,
};

struct survey {
	uint64_t items, filled;
	enum weigh_snapshot_class class;
	unsigned bits, flags;
	char low[TEXT], high[TEXT];
};

typedef void survey_numbers(const void *data, struct survey *survey);

static unsigned bits_of(int64_t number)
{
	uint64_t magnitude = (uint64_t)(number < 0 ? ~number : number);

	return (magnitude ? 64 - (unsigned)__builtin_clzll(magnitude) : 0) + 1;
}

static void end_signed(struct survey *survey, int64_t low, int64_t high)
{
	unsigned a = bits_of(low), b = bits_of(high);

	survey->bits = a > b ? a : b;
	survey->flags = low < 0 ? WEIGH_NUMBERS_NEGATIVE : 0;
	snprintf(survey->low, TEXT, "%lld", (long long)low);
	snprintf(survey->high, TEXT, "%lld", (long long)high);
}

static void end_unsigned(struct survey *survey, uint64_t low, uint64_t high)
{
	survey->bits = (high ? 64 - (unsigned)__builtin_clzll(high) : 0) + 1;
	snprintf(survey->low, TEXT, "%llu", (unsigned long long)low);
	snprintf(survey->high, TEXT, "%llu", (unsigned long long)high);
}

#define SURVEY_INTS(name, type, end)                              \
	static void name(const void *data, struct survey *survey) \
	{                                                         \
		const type *numbers = data;                       \
		type low = numbers[0], high = numbers[0];         \
		uint64_t filled = 0;                              \
                                                                  \
		for (uint64_t i = 0; i < survey->items; i++) {    \
			type number = numbers[i];                 \
			low = number < low ? number : low;        \
			high = number > high ? number : high;     \
			filled += number != 0;                    \
		}                                                 \
		survey->filled = filled;                          \
		survey->class = WEIGH_VALUE_INTEGER;              \
		end(survey, low, high);                           \
	}

SURVEY_INTS(survey_int16, int16_t, end_signed)
SURVEY_INTS(survey_int32, int32_t, end_signed)
SURVEY_INTS(survey_int64, int64_t, end_signed)
SURVEY_INTS(survey_uint16, uint16_t, end_unsigned)
SURVEY_INTS(survey_uint32, uint32_t, end_unsigned)
SURVEY_INTS(survey_uint64, uint64_t, end_unsigned)

/* A double that a 64-bit int holds as well. */
static inline bool is_whole(double number)
{
	return fabs(number) < 0x1p62 && (double)(int64_t)number == number;
}

static void survey_double(const void *data, struct survey *survey)
{
	const double *numbers = data;
	double low = INFINITY, high = -INFINITY;
	bool whole = true, single = true;
	unsigned flags = 0;

	survey->filled = 0;
	for (uint64_t i = 0; i < survey->items && (whole || single); i++) {
		double number = numbers[i];
		if (isnan(number)) {
			flags |= WEIGH_NUMBERS_NAN;
			survey->filled++;
			continue;
		}
		low = number < low ? number : low;
		high = number > high ? number : high;
		survey->filled += number != 0;
		whole = whole && is_whole(number);
		single = single && (double)(float)number == number;
	}
	survey->class = whole && low <= high ? WEIGH_VALUE_WHOLE : WEIGH_VALUE_REAL;
	survey->bits = single ? 32 : 64;
	if (survey->class == WEIGH_VALUE_WHOLE) {
		unsigned a = bits_of((int64_t)low), b = bits_of((int64_t)high);
		survey->bits = a > b ? a : b;
	}
	survey->flags = flags | (low < 0 ? WEIGH_NUMBERS_NEGATIVE : 0) |
			(isinf(low) || isinf(high) ? WEIGH_NUMBERS_INFINITE : 0) |
			(single ? WEIGH_NUMBERS_SINGLE : 0);
	if ((whole || single) && low <= high) {
		snprintf(survey->low, TEXT, "%.6g", low);
		snprintf(survey->high, TEXT, "%.6g", high);
	}
}

/* By NumPy's number of a type, which has not changed since its beginning: from int16 to float64. */
static survey_numbers *numpy_survey(int number)
{
	static survey_numbers *const surveys[] = {
		[3] = survey_int16,  [4] = survey_uint16,  [5] = survey_int32,
		[6] = survey_uint32, [7] = survey_int64,   [8] = survey_uint64,
		[9] = survey_int64,  [10] = survey_uint64, [12] = survey_double,
	};

	return number >= 0 && number < (int)(sizeof(surveys) / sizeof(surveys[0])) ? surveys[number] : NULL;
}

static survey_numbers *array_survey(const struct weigh_array_descriptor *descriptor)
{
	bool wide = descriptor->item_bytes == 8, narrow = descriptor->item_bytes == 2;

	switch (descriptor->code) {
	case 'h':
	case 'i':
	case 'l':
	case 'q':
		return wide ? survey_int64 : narrow ? survey_int16 : survey_int32;
	case 'H':
	case 'I':
	case 'L':
	case 'Q':
		return wide ? survey_uint64 : narrow ? survey_uint16 : survey_uint32;
	case 'd':
		return survey_double;
	default:
		return NULL;
	}
}

/* Where the numbers lie one behind another, and how many; NULL: not of a kind that is looked at. */
static survey_numbers *find_numbers(const struct weigh_plan *plan, PyObject *object, const void **data,
				    uint64_t *items)
{
	enum { CONTIGUOUS = 3 };

	if (plan->way == WEIGH_WAY_BUFFER) {
		const struct weigh_array *array = (const struct weigh_array *)object;
		*data = array->items;
		*items = (uint64_t)Py_SIZE(object);
		return array_survey(array->descriptor);
	}
	const struct weigh_ndarray *array = (const struct weigh_ndarray *)object;
	const struct weigh_ndarray_dtype *dtype = (const struct weigh_ndarray_dtype *)array->dtype;
	if (!dtype || dtype->order == '>' || array->base || !(array->flags & WEIGH_NDARRAY_OWNS) ||
	    !(array->flags & CONTIGUOUS))
		return NULL;
	*data = array->data;
	*items = 1;
	for (int i = 0; i < array->dimensions; i++)
		*items *= (uint64_t)array->shape[i];
	return numpy_survey(dtype->number);
}

void weigh_fact_write_numbers(struct weigh_scan *scan, const struct weigh_plan *plan, PyObject *object)
{
	struct survey survey = {.items = 0};
	const void *data;
	survey_numbers *look = find_numbers(plan, object, &data, &survey.items);

	if (!look || survey.items < ITEMS_LEAST || scan->facts.items + survey.items > ITEMS_MOST)
		return;
	scan->facts.items += survey.items;
	look(data, &survey);
	struct weigh_stream *facts = weigh_fact_begin(scan, WEIGH_FACT_NUMBERS);
	weigh_stream_put(facts, survey.items);
	weigh_stream_put(facts, survey.filled);
	weigh_stream_put(facts, survey.class);
	weigh_stream_put(facts, survey.bits);
	weigh_stream_put(facts, survey.flags);
	weigh_stream_put(facts, weigh_writer_text(scan->writer, survey.low, strlen(survey.low)));
	weigh_stream_put(facts, weigh_writer_text(scan->writer, survey.high, strlen(survey.high)));
}
