/*
 * Streams that are compressed as they grow. One thread; memory from the kernel,
 * the compressor's too: about 0.6 MiB for each stream that has spilled, and
 * what it has been compressed to.
 */
#include "snapshot/parts.h"

#include "base/pages.h"

#define ZSTD_STATIC_LINKING_ONLY
#include "vendor/zstd/zstd.h"

#include <string.h>

enum {
	LEVEL = 1,
	WINDOW_LOG = 17, /* neighbours are alike: a wider window finds little more */
	ALLOCATION_HEAD = 64, /* the bytes of an allocation stand before it */
};

static void *take(void *unused, size_t bytes)
{
	(void)unused;
	size_t *pages = weigh_pages_take(bytes + ALLOCATION_HEAD);
	if (!pages)
		return NULL;
	*pages = bytes + ALLOCATION_HEAD;
	return (char *)pages + ALLOCATION_HEAD;
}

static void give(void *unused, void *block)
{
	(void)unused;
	if (!block)
		return;
	size_t *pages = (size_t *)((char *)block - ALLOCATION_HEAD);
	weigh_pages_give(pages, *pages);
}

bool weigh_stream_init(struct weigh_stream *stream)
{
	stream->buffer = weigh_pages_take(WEIGH_STREAM_BUFFER);
	stream->rest = weigh_pages_take(sizeof(*stream->rest));
	return stream->buffer && stream->rest;
}

void weigh_stream_deinit(struct weigh_stream *stream)
{
	weigh_pages_give(stream->buffer, WEIGH_STREAM_BUFFER);
	if (stream->rest) {
		struct weigh_stream_chunk *next;
		for (struct weigh_stream_chunk *chunk = stream->rest->first; chunk; chunk = next) {
			next = chunk->next;
			weigh_pages_give(chunk, WEIGH_STREAM_CHUNK);
		}
		ZSTD_freeCCtx(stream->rest->compressor);
		weigh_pages_give(stream->rest, sizeof(*stream->rest));
	}
	*stream = (struct weigh_stream){0};
}

static bool make_compressor(struct weigh_stream_rest *rest)
{
	ZSTD_customMem memory = {take, give, NULL};
	ZSTD_CCtx *compressor = ZSTD_createCCtx_advanced(memory);
	if (!compressor)
		return false;
	rest->compressor = compressor;
	return !ZSTD_isError(ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, LEVEL)) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(compressor, ZSTD_c_windowLog, WINDOW_LOG));
}

/* The last chunk when it has room, else a new one; NULL without memory. */
static struct weigh_stream_chunk *chunk_with_room(struct weigh_stream_rest *rest)
{
	if (rest->last && rest->last->used < WEIGH_STREAM_CHUNK_ROOM)
		return rest->last;
	struct weigh_stream_chunk *chunk = weigh_pages_take(WEIGH_STREAM_CHUNK);
	if (!chunk)
		return NULL;
	if (rest->last)
		rest->last->next = chunk;
	else
		rest->first = chunk;
	rest->last = chunk;
	return chunk;
}

static bool compress(struct weigh_stream_rest *rest, const void *bytes, size_t count, ZSTD_EndDirective end)
{
	ZSTD_inBuffer in = {bytes, count, 0};
	if (rest->failed || (!rest->compressor && !make_compressor(rest)))
		return false;
	for (;;) {
		struct weigh_stream_chunk *chunk = chunk_with_room(rest);
		if (!chunk)
			return false;
		ZSTD_outBuffer out = {chunk->bytes, WEIGH_STREAM_CHUNK_ROOM, chunk->used};
		size_t left = ZSTD_compressStream2(rest->compressor, &out, &in, end);
		rest->stored += out.pos - chunk->used;
		chunk->used = out.pos;
		if (ZSTD_isError(left))
			return false;
		if (in.pos == in.size && (end == ZSTD_e_continue || !left))
			return true;
	}
}

void weigh_stream_spill(struct weigh_stream *stream)
{
	if (!compress(stream->rest, stream->buffer, stream->used, ZSTD_e_continue))
		stream->rest->failed = true;
	stream->bytes += stream->used;
	stream->used = 0;
}

void weigh_stream_write(struct weigh_stream *stream, const void *bytes, size_t count)
{
	while (count) {
		size_t room = WEIGH_STREAM_BUFFER - stream->used;
		size_t part = count < room ? count : room;
		memcpy(stream->buffer + stream->used, bytes, part);
		stream->used += part;
		bytes = (const char *)bytes + part;
		count -= part;
		if (count)
			weigh_stream_spill(stream);
	}
}

bool weigh_stream_end(struct weigh_stream *stream)
{
	struct weigh_stream_rest *rest = stream->rest;
	if (!stream->bytes && !stream->used)
		return true;
	if (!compress(rest, stream->buffer, stream->used, ZSTD_e_end))
		rest->failed = true;
	stream->bytes += stream->used;
	stream->used = 0;
	ZSTD_freeCCtx(rest->compressor);
	rest->compressor = NULL;
	return !rest->failed;
}
