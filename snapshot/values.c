/*
 * Values, each numbered once however many objects have it. One thread; memory
 * from the kernel: 16 bytes for each value, and 6 to 11 for its place in the
 * table.
 *
 * The bytes of a value stay where they are, in the object that showed it
 * first. A record packs their address, kind and size into one word, so that
 * most look-ups touch the table, one record and, when it is there already,
 * the bytes.
 */
#include "snapshot/parts.h"

#include "base/hash.h"
#include "base/pages.h"
#include "vendor/xxhash/xxhash.h"

#include <string.h>

enum {
	CHUNK_SHIFT = 16,
	CHUNK_RECORDS = 1 << CHUNK_SHIFT,
	CHUNKS = 1 << 16,
	FIRST_CAPACITY = 1 << 14,
	ADDRESS_BITS = 47,
	SIZE_BITS = 13,
	LARGE = (1 << SIZE_BITS) - 1, /* the address is that of a struct large */
	KIND_BITS = 4,
	LARGE_CHUNK = 1 << 16,
};

_Static_assert(ADDRESS_BITS + SIZE_BITS + KIND_BITS == 64, "a record's word has no room to spare");

struct record {
	uint64_t word; /* address, size, kind from the lowest bit on */
	uint32_t hash;
	uint32_t count; /* of objects with the value */
};

struct large {
	const void *bytes;
	size_t count;
};

struct large_chunk {
	struct large_chunk *below;
	struct large items[(LARGE_CHUNK - 8) / sizeof(struct large)];
};

struct weigh_writer_values {
	struct record *chunks[CHUNKS];
	uint32_t *table; /* value + 1; 0: free */
	size_t capacity; /* a power of two */
	uint64_t count;
	struct large_chunk *larges;
	size_t larges_used; /* of the top chunk */
};

struct weigh_writer_values *weigh_writer_values_create(void)
{
	struct weigh_writer_values *values = weigh_pages_take(sizeof(*values));
	if (!values)
		return NULL;
	values->capacity = FIRST_CAPACITY;
	values->table = weigh_pages_take(FIRST_CAPACITY * sizeof(*values->table));
	if (!values->table) {
		weigh_pages_give(values, sizeof(*values));
		return NULL;
	}
	return values;
}

void weigh_writer_values_destroy(struct weigh_writer_values *values)
{
	if (!values)
		return;
	for (size_t i = 0; i < CHUNKS && values->chunks[i]; i++)
		weigh_pages_give(values->chunks[i], CHUNK_RECORDS * sizeof(struct record));
	for (struct large_chunk *chunk = values->larges, *below; chunk; chunk = below) {
		below = chunk->below;
		weigh_pages_give(chunk, sizeof(*chunk));
	}
	weigh_pages_give(values->table, values->capacity * sizeof(*values->table));
	weigh_pages_give(values, sizeof(*values));
}

static inline struct record *record_of(const struct weigh_writer_values *values, uint64_t value)
{
	return &values->chunks[value >> CHUNK_SHIFT][value & (CHUNK_RECORDS - 1)];
}

/* Going through the records in order finds their memory in order; the writes are scattered. */
static bool grow(struct weigh_writer_values *values)
{
	size_t capacity = values->capacity * 2;
	uint32_t *table = weigh_pages_take(capacity * sizeof(*table));
	if (!table)
		return false;
	for (uint64_t value = 0; value < values->count; value++) {
		size_t i = record_of(values, value)->hash & (capacity - 1);
		while (table[i])
			i = (i + 1) & (capacity - 1);
		table[i] = (uint32_t)value + 1;
	}
	weigh_pages_give(values->table, values->capacity * sizeof(*table));
	values->table = table;
	values->capacity = capacity;
	return true;
}

static struct large bytes_of(uint64_t word)
{
	const void *address = (const void *)(word & (((uint64_t)1 << ADDRESS_BITS) - 1));
	size_t size = word >> ADDRESS_BITS & LARGE;
	return size == LARGE ? *(const struct large *)address : (struct large){address, size};
}

static struct large *large_make(struct weigh_writer_values *values)
{
	struct large_chunk *top = values->larges;
	if (!top || values->larges_used == sizeof(top->items) / sizeof(*top->items)) {
		struct large_chunk *chunk = weigh_pages_take(sizeof(*chunk));
		if (!chunk)
			return NULL;
		chunk->below = top;
		values->larges = top = chunk;
		values->larges_used = 0;
	}
	return &top->items[values->larges_used++];
}

static bool equal(uint64_t word, unsigned kind, const void *bytes, size_t count)
{
	if (word >> (ADDRESS_BITS + SIZE_BITS) != kind)
		return false;
	struct large known = bytes_of(word);
	return known.count == count && memcmp(known.bytes, bytes, count) == 0;
}

static bool add(struct weigh_writer_values *values, uint32_t hash, unsigned kind, const void *bytes,
		size_t count)
{
	struct record **chunk = &values->chunks[values->count >> CHUNK_SHIFT];
	if (!*chunk && !(*chunk = weigh_pages_take(CHUNK_RECORDS * sizeof(**chunk))))
		return false;
	if (count >= LARGE) {
		struct large *large = large_make(values);
		if (!large)
			return false;
		*large = (struct large){bytes, count};
		bytes = large;
		count = LARGE;
	}
	uint64_t word = (uint64_t)(uintptr_t)bytes | (uint64_t)count << ADDRESS_BITS |
			(uint64_t)kind << (ADDRESS_BITS + SIZE_BITS);
	*record_of(values, values->count) = (struct record){word, hash, 1};
	return true;
}

uint64_t weigh_writer_value_hash(unsigned kind, const void *bytes, size_t count)
{
	return XXH3_64bits_withSeed(bytes, count, kind);
}

void weigh_writer_value_fetch(const struct weigh_writer *writer, uint64_t hash)
{
	const struct weigh_writer_values *values = writer->values;
	__builtin_prefetch(&values->table[hash & (values->capacity - 1)]);
}

uint32_t weigh_writer_value(struct weigh_writer *writer, uint64_t full_hash, unsigned kind, const void *bytes,
			    size_t count, bool *fresh)
{
	struct weigh_writer_values *values = writer->values;
	uint32_t hash = (uint32_t)full_hash;
	*fresh = false;
	if (__builtin_expect(values->count * 3 >= values->capacity * 2, 0) && !grow(values))
		return UINT32_MAX;
	size_t i = hash & (values->capacity - 1);
	for (; values->table[i]; i = (i + 1) & (values->capacity - 1)) {
		uint32_t value = values->table[i] - 1;
		struct record *record = record_of(values, value);
		if (record->hash != hash || !equal(record->word, kind, bytes, count))
			continue;
		record->count += record->count < UINT32_MAX;
		return value;
	}
	if (values->count >= UINT32_MAX - 1 || !add(values, hash, kind, bytes, count))
		return UINT32_MAX;
	values->table[i] = (uint32_t)++values->count;
	*fresh = true;
	return (uint32_t)values->count - 1;
}

struct candidate {
	uint64_t cost;
	uint64_t value;
};

/* Candidates are a heap with the cheapest on top, which gives way to what costs more. */
static void sink(struct candidate *candidates, size_t count, size_t i)
{
	for (size_t child; (child = 2 * i + 1) < count; i = child) {
		if (child + 1 < count && candidates[child + 1].cost < candidates[child].cost)
			child++;
		if (candidates[i].cost <= candidates[child].cost)
			return;
		struct candidate moved = candidates[i];
		candidates[i] = candidates[child];
		candidates[child] = moved;
	}
}

static size_t choose(const struct weigh_writer_values *values, struct candidate *candidates, size_t limit)
{
	size_t count = 0;
	for (uint64_t value = 0; value < values->count; value++) {
		const struct record *record = record_of(values, value);
		enum { HEAD = 48 }; /* about what an object has beside its bytes */
		uint64_t cost = (uint64_t)(record->count - 1) * (bytes_of(record->word).count + HEAD);
		if (count == limit && cost <= candidates[0].cost)
			continue;
		if (count < limit) {
			candidates[count++] = (struct candidate){cost, value};
			if (count == limit)
				for (size_t i = limit; i-- > 0;)
					sink(candidates, count, i);
		} else {
			candidates[0] = (struct candidate){cost, value};
			sink(candidates, count, 0);
		}
	}
	return count;
}

/* Shell's: a few thousand, without recursion or memory. */
static void sort_by_value(struct candidate *candidates, size_t count)
{
	for (size_t gap = count / 2; gap; gap /= 2) {
		for (size_t i = gap; i < count; i++) {
			struct candidate moved = candidates[i];
			size_t place = i;
			for (; place >= gap && candidates[place - gap].value > moved.value; place -= gap)
				candidates[place] = candidates[place - gap];
			candidates[place] = moved;
		}
	}
}

void weigh_writer_samples(struct weigh_writer *writer, uint32_t limit, weigh_value_show *show, void *arg)
{
	struct weigh_stream *stream = &writer->streams[WEIGH_SNAPSHOT_SAMPLES];
	size_t bytes = limit * sizeof(struct candidate);
	struct candidate *candidates = limit ? weigh_pages_take(bytes) : NULL;
	uint64_t before = 0;
	if (!candidates) {
		writer->header.lost += limit;
		return;
	}
	size_t count = choose(writer->values, candidates, limit);
	sort_by_value(candidates, count);
	for (size_t i = 0; i < count; i++) {
		char text[WEIGH_SAMPLE_BYTES];
		uint64_t word = record_of(writer->values, candidates[i].value)->word;
		struct large known = bytes_of(word);
		size_t length = show((unsigned)(word >> (ADDRESS_BITS + SIZE_BITS)), known.bytes, known.count,
				     text, sizeof(text), arg);
		weigh_stream_put(stream, candidates[i].value - before);
		weigh_stream_put(stream, weigh_writer_text(writer, text, length));
		stream->entries++;
		before = candidates[i].value;
	}
	weigh_pages_give(candidates, bytes);
}
