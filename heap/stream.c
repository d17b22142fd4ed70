/*
 * Reads one section of a snapshot: see heap/stream.h.
 *
 * One thread; opening allocates with malloc, reading does not.
 */
#include "heap/stream.h"

#include "vendor/zstd/zstd.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *weigh_heap_section_name(enum weigh_snapshot_section_id id)
{
	static const char *const names[WEIGH_SNAPSHOT_SECTIONS] = {
		"TEXTS",  "TYPES", "SHAPES", "CODES",   "NODES",   "SITES",   "ADDRESSES",
		"SHAPED", "GROSS", "NET",    "COUNTED", "LENGTHS", "ROOMS",   "VALUED",
		"SITED",  "EDGES", "ROOTS",  "LABELS",  "VALUES",  "SAMPLES", "FACTS",
	};
	return names[id];
}

void weigh_heap_stream_open(struct weigh_heap_stream *stream, const uint8_t *bytes,
			    const struct weigh_snapshot_section *section, enum weigh_snapshot_section_id id,
			    const char *path)
{
	*stream = (struct weigh_heap_stream){
		.section = section,
		.path = path,
		.id = id,
		.stored = bytes + section->offset,
		.window = malloc(WEIGH_HEAP_WINDOW),
		.zstd = ZSTD_createDCtx(),
	};
	if (!stream->window || !stream->zstd)
		stream->error = weigh_error_create_memory();
	stream->at = stream->end = stream->window;
}

static uint64_t position(const struct weigh_heap_stream *stream)
{
	return stream->passed + (uint64_t)(stream->at - stream->window);
}

/* Where the entry that was read last begins: all bytes but its last have the highest bit set. */
static uint64_t entry_position(const struct weigh_heap_stream *stream)
{
	const uint8_t *at = stream->at;

	if (at > stream->window)
		at--;
	while (at > stream->window && at[-1] >= 0x80)
		at--;
	return stream->passed + (uint64_t)(at - stream->window);
}

static struct weigh_error *damage(const struct weigh_heap_stream *stream, uint64_t where, const char *what)
{
	return weigh_error_create(WEIGH_ERROR_FORMAT,
				  "%s: section %s, byte %" PRIu64
				  ": %s: the snapshot is damaged: take it again",
				  stream->path, weigh_heap_section_name(stream->id), where, what);
}

void weigh_heap_stream_damaged(struct weigh_heap_stream *stream, const char *format, ...)
{
	char what[160];
	va_list arguments;

	if (weigh_heap_stream_failed(stream))
		return;
	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	stream->error = damage(stream, entry_position(stream), what);
}

/* Decompresses until the window is full or the frame at its end; what was not read moves to the front. */
static void refill(struct weigh_heap_stream *stream)
{
	size_t rest = (size_t)(stream->end - stream->at);
	uint64_t produced = stream->passed + (uint64_t)(stream->end - stream->window);
	if (stream->broken || !stream->zstd || !stream->window)
		return;
	stream->passed = produced - rest;
	memmove(stream->window, stream->at, rest);
	ZSTD_outBuffer out = {stream->window, WEIGH_HEAP_WINDOW, rest};
	ZSTD_inBuffer in = {stream->stored, stream->section->stored, stream->taken};
	while (out.pos < out.size && produced < stream->section->bytes) {
		size_t before_out = out.pos, before_in = in.pos;
		size_t left = ZSTD_decompressStream(stream->zstd, &out, &in);
		produced += out.pos - before_out;
		if (ZSTD_isError(left) || produced > stream->section->bytes ||
		    (out.pos == before_out && in.pos == before_in)) {
			stream->broken = true;
			break;
		}
	}
	stream->taken = in.pos;
	stream->at = stream->window;
	stream->end = stream->window + out.pos;
}

uint64_t weigh_heap_stream_next_slow(struct weigh_heap_stream *stream)
{
	uint64_t value = 0;

	if (weigh_heap_stream_failed(stream))
		return 0;
	refill(stream);
	for (unsigned shift = 0; shift < 64 && stream->at < stream->end; shift += 7) {
		uint64_t byte = *stream->at++;
		value |= (byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	stream->broken = true;
	return 0;
}

bool weigh_heap_stream_bytes(struct weigh_heap_stream *stream, void *to, uint64_t count)
{
	uint8_t *out = to;

	while (count && !weigh_heap_stream_failed(stream)) {
		if (stream->at == stream->end)
			refill(stream);
		size_t here = (size_t)(stream->end - stream->at);
		if (!here) {
			stream->broken = true;
			break;
		}
		if (here > count)
			here = count;
		memcpy(out, stream->at, here);
		out += here;
		stream->at += here;
		count -= here;
	}
	return !count;
}

/* What follows the last entry: nothing, in the stream and in its frame. */
static void check_end(struct weigh_heap_stream *stream)
{
	if (weigh_heap_stream_failed(stream))
		return;
	if (position(stream) != stream->section->bytes) {
		weigh_heap_stream_damaged(stream, "more bytes than its entries have");
		return;
	}
	uint8_t beyond;
	ZSTD_outBuffer out = {&beyond, 1, 0};
	ZSTD_inBuffer in = {stream->stored, stream->section->stored, stream->taken};
	size_t left = in.size ? ZSTD_decompressStream(stream->zstd, &out, &in) : 0;
	/* A frame that had ended already is begun anew by the call: then nothing was taken. */
	bool ended = in.pos == in.size && (left == 0 || in.pos == stream->taken);
	if (!ended || out.pos)
		weigh_heap_stream_damaged(stream, "more bytes than the header says");
}

struct weigh_error *weigh_heap_stream_close(struct weigh_heap_stream *stream)
{
	check_end(stream);
	if (stream->broken && !stream->error)
		stream->error = damage(stream, position(stream), "it breaks off");
	ZSTD_freeDCtx(stream->zstd);
	free(stream->window);
	stream->zstd = NULL;
	stream->window = NULL;
	return stream->error;
}
