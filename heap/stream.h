/*
 * Reads one section of a snapshot: zstd frames turn into varints in a window
 * of bytes, so that a section is never in memory as a whole.
 *
 * Whatever the bytes are, reading goes on to yield zeros after damage: loops
 * whose length was checked come to their end, and weigh_heap_stream_close()
 * tells. One thread; opening allocates with malloc, reading does not.
 */
#ifndef WEIGH_HEAP_STREAM_H
#define WEIGH_HEAP_STREAM_H

#include "base/error.h"
#include "weigh/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WEIGH_HEAP_WINDOW = 1 << 17,
	WEIGH_HEAP_VARINT_MAX = 10,
};

struct weigh_heap_stream {
	const uint8_t *at, *end;  /* in the window: not read yet */
	uint64_t passed;          /* bytes of the stream before the window */
	const struct weigh_snapshot_section *section;
	const char *path;         /* for messages */
	enum weigh_snapshot_section_id id;
	bool broken;              /* the stream ended early, or is no zstd */
	struct weigh_error *error; /* the first that was found */
	uint8_t *window;
	struct ZSTD_DCtx_s *zstd;
	const uint8_t *stored;
	size_t taken; /* of the stored bytes */
};

/* The name of a section, as messages have it: "EDGES". */
const char *weigh_heap_section_name(enum weigh_snapshot_section_id id);

/*
 * Begins to read a section of the snapshot at `bytes`, whose header was
 * checked. Bytes, path and section must outlive the stream. In any case the
 * caller ends it with weigh_heap_stream_close().
 */
void weigh_heap_stream_open(struct weigh_heap_stream *stream, const uint8_t *bytes,
			    const struct weigh_snapshot_section *section, enum weigh_snapshot_section_id id,
			    const char *path);

/*
 * Ends it: the error that was found, or one when something is left over.
 * The caller owns the error.
 */
struct weigh_error *weigh_heap_stream_close(struct weigh_heap_stream *stream);

/* Notes what is wrong with the entry just read; only the first note counts. */
void weigh_heap_stream_damaged(struct weigh_heap_stream *stream, const char *format, ...)
	__attribute__((format(printf, 2, 3), cold));

/* Whether anything is wrong so far. */
static inline bool weigh_heap_stream_failed(const struct weigh_heap_stream *stream)
{
	return stream->broken || stream->error;
}

/* The next varint near the end of the window. */
uint64_t weigh_heap_stream_next_slow(struct weigh_heap_stream *stream);

static inline uint64_t weigh_heap_stream_next(struct weigh_heap_stream *stream)
{
	const uint8_t *at = stream->at;
	if (__builtin_expect(stream->end - at < WEIGH_HEAP_VARINT_MAX, 0))
		return weigh_heap_stream_next_slow(stream);
	uint64_t value = *at++;
	if (__builtin_expect(value >= 0x80, 0)) {
		value &= 0x7f;
		for (unsigned shift = 7;; shift += 7) {
			uint64_t byte = *at++;
			value |= (byte & 0x7f) << shift;
			if (byte < 0x80)
				break;
			if (shift == 63) {
				stream->broken = true;
				break;
			}
		}
	}
	stream->at = at;
	return value;
}

/* One below `limit`, as a number of `what` ("shape"); 0, with a note, when it is not. */
static inline uint32_t weigh_heap_stream_index(struct weigh_heap_stream *stream, uint64_t limit,
					       const char *what)
{
	uint64_t value = weigh_heap_stream_next(stream);
	if (__builtin_expect(value < limit, 1))
		return (uint32_t)value;
	weigh_heap_stream_damaged(stream, "%s %llu of %llu", what, (unsigned long long)value,
				  (unsigned long long)limit);
	return 0;
}

/* Bytes as they are; false when there are not so many. */
bool weigh_heap_stream_bytes(struct weigh_heap_stream *stream, void *to, uint64_t count);

#endif
