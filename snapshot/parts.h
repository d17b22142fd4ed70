/*
 * What the files of this folder know of each other; see writer.h.
 */
#ifndef WEIGH_SNAPSHOT_PARTS_H
#define WEIGH_SNAPSHOT_PARTS_H

#include "snapshot/writer.h"

/* A piece of a compressed stream. */
struct weigh_stream_chunk {
	struct weigh_stream_chunk *next;
	size_t used;
	uint8_t bytes[];
};

enum {
	WEIGH_STREAM_CHUNK = 1 << 18,
	WEIGH_STREAM_CHUNK_ROOM = WEIGH_STREAM_CHUNK - (int)sizeof(struct weigh_stream_chunk),
};

struct weigh_stream_rest {
	void *compressor; /* made by the first spill, given back by the end */
	struct weigh_stream_chunk *first;
	struct weigh_stream_chunk *last;
	uint64_t stored; /* bytes in the chunks */
	bool failed;     /* bytes were dropped */
};

/* False without memory. Deinit is due in any case. */
bool weigh_stream_init(struct weigh_stream *stream);

/* Also right on a stream of zeros. */
void weigh_stream_deinit(struct weigh_stream *stream);

/* Ends the frame; an empty stream has none. False when anything was lost. */
bool weigh_stream_end(struct weigh_stream *stream);

/* NULL without memory. */
struct weigh_writer_texts *weigh_writer_texts_create(void);
void weigh_writer_texts_destroy(struct weigh_writer_texts *texts);

/* NULL without memory. */
struct weigh_writer_values *weigh_writer_values_create(void);
void weigh_writer_values_destroy(struct weigh_writer_values *values);

#endif
