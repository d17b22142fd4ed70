/*
 * Texts, each stored once. A text is known again by 128 bits of hash, so none
 * is kept beside the stream: 24 to 48 bytes each. One thread; memory from the
 * kernel.
 */
#include "snapshot/parts.h"

#include "base/pages.h"
#include "vendor/xxhash/xxhash.h"

enum { FIRST_CAPACITY = 1 << 12 };

struct known {
	XXH128_hash_t hash;
	uint64_t number; /* 0: free, since text 0 is not here */
};

struct weigh_writer_texts {
	struct known *table;
	size_t capacity; /* a power of two */
	uint32_t count;  /* with text 0 */
};

struct weigh_writer_texts *weigh_writer_texts_create(void)
{
	struct weigh_writer_texts *texts = weigh_pages_take(sizeof(*texts));
	if (!texts)
		return NULL;
	texts->capacity = FIRST_CAPACITY;
	texts->table = weigh_pages_take(FIRST_CAPACITY * sizeof(*texts->table));
	if (!texts->table) {
		weigh_pages_give(texts, sizeof(*texts));
		return NULL;
	}
	return texts;
}

void weigh_writer_texts_destroy(struct weigh_writer_texts *texts)
{
	if (!texts)
		return;
	weigh_pages_give(texts->table, texts->capacity * sizeof(*texts->table));
	weigh_pages_give(texts, sizeof(*texts));
}

static struct known *place_of(struct known *table, size_t capacity, XXH128_hash_t hash)
{
	size_t i = hash.low64 & (capacity - 1);
	while (table[i].number && !XXH128_isEqual(table[i].hash, hash))
		i = (i + 1) & (capacity - 1);
	return &table[i];
}

static bool grow(struct weigh_writer_texts *texts)
{
	size_t capacity = texts->capacity * 2;
	struct known *table = weigh_pages_take(capacity * sizeof(*table));
	if (!table)
		return false;
	for (size_t i = 0; i < texts->capacity; i++)
		if (texts->table[i].number)
			*place_of(table, capacity, texts->table[i].hash) = texts->table[i];
	weigh_pages_give(texts->table, texts->capacity * sizeof(*table));
	texts->table = table;
	texts->capacity = capacity;
	return true;
}

uint32_t weigh_writer_text(struct weigh_writer *writer, const char *bytes, size_t count)
{
	struct weigh_writer_texts *texts = writer->texts;
	struct weigh_stream *stream = &writer->streams[WEIGH_SNAPSHOT_TEXTS];
	if (!texts->count) {
		weigh_stream_put(stream, 0);
		stream->entries = ++texts->count;
	}
	if (!count)
		return 0;
	XXH128_hash_t hash = XXH3_128bits(bytes, count);
	struct known *known = place_of(texts->table, texts->capacity, hash);
	if (known->number)
		return (uint32_t)known->number;
	if (texts->count * 2 >= texts->capacity) {
		if (!grow(texts)) {
			writer->header.lost++;
			return 0;
		}
		known = place_of(texts->table, texts->capacity, hash);
	}
	known->hash = hash;
	known->number = texts->count;
	weigh_stream_put(stream, count);
	weigh_stream_write(stream, bytes, count);
	stream->entries = ++texts->count;
	return (uint32_t)known->number;
}
