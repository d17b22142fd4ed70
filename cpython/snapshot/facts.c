/*
 * What is seen in single large objects. During the second pass, one thread;
 * takes no memory of its own.
 */
#include "cpython/snapshot/facts.h"

struct weigh_stream *weigh_fact_begin(struct weigh_scan *scan, enum weigh_snapshot_fact fact)
{
	struct weigh_stream *facts = &scan->writer->streams[WEIGH_SNAPSHOT_FACTS];

	weigh_stream_put(facts, scan->number - scan->facts.object);
	weigh_stream_put(facts, fact);
	facts->entries++;
	scan->facts.object = scan->number;
	return facts;
}

static void write_cache(struct weigh_scan *scan, PyObject *object)
{
	const struct weigh_cache *cache = (const struct weigh_cache *)object;

	if (Py_TYPE(object)->tp_basicsize <= (Py_ssize_t)sizeof(*cache))
		return;
	struct weigh_stream *facts = weigh_fact_begin(scan, WEIGH_FACT_CACHE);
	weigh_stream_put(facts, (uint64_t)cache->hits);
	weigh_stream_put(facts, (uint64_t)cache->misses);
	weigh_stream_put(facts, cache->most < 0 ? 0 : (uint64_t)cache->most + 1);
}

void weigh_fact_write(struct weigh_scan *scan, const struct weigh_plan *plan, PyObject *object)
{
	switch (plan->way) {
	case WEIGH_WAY_ARRAY:
	case WEIGH_WAY_BUFFER:
		weigh_fact_write_numbers(scan, plan, object);
		break;
	case WEIGH_WAY_SET:
	case WEIGH_WAY_DICT:
		weigh_fact_write_texts(scan, object);
		break;
	case WEIGH_WAY_CACHE:
		write_cache(scan, object);
		break;
	default:
		break;
	}
}
