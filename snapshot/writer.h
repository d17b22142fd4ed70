/*
 * Writes a snapshot: streams that are compressed as they grow, texts and
 * values that are each stored once, and at the end one file.
 *
 * Runs in a forked child of the program, or inside the program with everything
 * standing still: one thread, all memory from the kernel, never malloc, which
 * another thread may have held at the fork. What finds no room is dropped and
 * counted; the snapshot stays whole.
 */
#ifndef WEIGH_SNAPSHOT_WRITER_H
#define WEIGH_SNAPSHOT_WRITER_H

#include "base/error.h"
#include "weigh/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WEIGH_STREAM_BUFFER = 1 << 16,
	WEIGH_VARINT_MAX = 10,
	WEIGH_SAMPLE_BYTES = 256, /* of what a value looks like */
};

/* A section as it grows. */
struct weigh_stream {
	uint8_t *buffer; /* WEIGH_STREAM_BUFFER */
	size_t used;
	uint64_t bytes;   /* before those in the buffer */
	uint64_t entries; /* counted by whoever writes them */
	struct weigh_stream_rest *rest; /* private: compressed chunks */
};

/* Compresses what the buffer holds. Out of line; never fails to leave room (what has no memory is dropped). */
void weigh_stream_spill(struct weigh_stream *stream);

static inline void weigh_stream_put(struct weigh_stream *stream, uint64_t value)
{
	if (__builtin_expect(stream->used + WEIGH_VARINT_MAX > WEIGH_STREAM_BUFFER, 0))
		weigh_stream_spill(stream);
	uint8_t *at = stream->buffer + stream->used;
	while (value >= 0x80) {
		*at++ = (uint8_t)value | 0x80;
		value >>= 7;
	}
	*at++ = (uint8_t)value;
	stream->used = (size_t)(at - stream->buffer);
}

static inline void weigh_stream_put_signed(struct weigh_stream *stream, int64_t value)
{
	weigh_stream_put(stream, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

/* Bytes as they are. */
void weigh_stream_write(struct weigh_stream *stream, const void *bytes, size_t count);

struct weigh_writer {
	struct weigh_stream streams[WEIGH_SNAPSHOT_SECTIONS];
	struct weigh_snapshot_header header; /* the caller fills in what it knows before finish */
	bool failed; /* a stream lost bytes: the snapshot cannot be finished */
	struct weigh_writer_texts *texts; /* private */
	struct weigh_writer_values *values; /* private */
};

/* NULL without memory. */
struct weigh_writer *weigh_writer_create(void);

/* Takes NULL. */
void weigh_writer_destroy(struct weigh_writer *writer);

/* The number of a text, stored once; 0, the empty text, without memory. */
uint32_t weigh_writer_text(struct weigh_writer *writer, const char *bytes, size_t count);

/*
 * The number of a value: equal when `kind` (a number below 16 that the caller
 * chooses) and bytes are. The bytes are not copied: they must stay as they are
 * until the writer is destroyed. `*fresh` tells a first occurrence; the caller
 * then adds an entry to VALUES. UINT32_MAX without memory, or past 2^32 - 2
 * values. `hash` is that of weigh_writer_value_hash(); with many values it
 * pays to call weigh_writer_value_fetch() some look-ups ahead.
 */
uint64_t weigh_writer_value_hash(unsigned kind, const void *bytes, size_t count);
void weigh_writer_value_fetch(const struct weigh_writer *writer, uint64_t hash);
uint32_t weigh_writer_value(struct weigh_writer *writer, uint64_t hash, unsigned kind, const void *bytes,
			    size_t count, bool *fresh);

/*
 * The values that cost most by being there again, `limit` at the most, in
 * ascending order, to each of which the caller says what it looks like.
 */
typedef size_t weigh_value_show(unsigned kind, const void *bytes, size_t count, char *text, size_t room,
				void *arg);
void weigh_writer_samples(struct weigh_writer *writer, uint32_t limit, weigh_value_show *show, void *arg);

/*
 * Ends all streams, writes the file through `fd` from its current beginning,
 * and seals it. A file that was begun with weigh_writer_begin is turned from
 * WRITING to COMPLETE last. 0, or an errno.
 */
int weigh_writer_finish(struct weigh_writer *writer, int fd);

/* Writes a header that says WRITING, and later how far it has got, for whoever waits for the file. */
void weigh_writer_begin(struct weigh_writer *writer, int fd);
void weigh_writer_tell(struct weigh_writer *writer, int fd, uint64_t done);

#endif
