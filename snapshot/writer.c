/*
 * A snapshot's file: header, sections, seal. One thread; memory from the
 * kernel.
 */
#include "snapshot/parts.h"

#include "base/pages.h"

#define XXH_STATIC_LINKING_ONLY
#include "vendor/xxhash/xxhash.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct weigh_writer *weigh_writer_create(void)
{
	struct weigh_writer *writer = weigh_pages_take(sizeof(*writer));
	if (!writer)
		return NULL;
	bool made = true;
	for (int i = 0; i < WEIGH_SNAPSHOT_SECTIONS; i++)
		made = weigh_stream_init(&writer->streams[i]) && made;
	writer->texts = weigh_writer_texts_create();
	writer->values = weigh_writer_values_create();
	if (made && writer->texts && writer->values)
		return writer;
	weigh_writer_destroy(writer);
	return NULL;
}

void weigh_writer_destroy(struct weigh_writer *writer)
{
	if (!writer)
		return;
	for (int i = 0; i < WEIGH_SNAPSHOT_SECTIONS; i++)
		weigh_stream_deinit(&writer->streams[i]);
	weigh_writer_texts_destroy(writer->texts);
	weigh_writer_values_destroy(writer->values);
	weigh_pages_give(writer, sizeof(*writer));
}

static int write_all(int fd, const void *bytes, size_t count, uint64_t offset)
{
	while (count) {
		ssize_t written = pwrite(fd, bytes, count, (off_t)offset);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? errno : ENOSPC;
		bytes = (const char *)bytes + written;
		count -= (size_t)written;
		offset += (uint64_t)written;
	}
	return 0;
}

static void label(struct weigh_snapshot_header *header, enum weigh_snapshot_state state)
{
	memcpy(header->magic, WEIGH_SNAPSHOT_MAGIC, sizeof(header->magic));
	header->version = WEIGH_SNAPSHOT_VERSION;
	header->byte_order = 0x01020304;
	header->header_size = sizeof(*header);
	header->state = state;
}

void weigh_writer_begin(struct weigh_writer *writer, int fd)
{
	label(&writer->header, WEIGH_SNAPSHOT_WRITING);
	write_all(fd, &writer->header, sizeof(writer->header), 0);
}

void weigh_writer_tell(struct weigh_writer *writer, int fd, uint64_t done)
{
	_Static_assert(offsetof(struct weigh_snapshot_header, expected) ==
			       offsetof(struct weigh_snapshot_header, progress) + 8,
		       "both are written together");
	writer->header.progress = done;
	write_all(fd, &writer->header.progress, 16, offsetof(struct weigh_snapshot_header, progress));
}

/* Writes one section at *offset, and moves that behind it. */
static int write_section(struct weigh_stream *stream, int fd, uint64_t *offset,
			 struct weigh_snapshot_section *section, uint64_t *hash)
{
	XXH3_state_t state;
	XXH3_INITSTATE(&state);
	XXH3_64bits_reset(&state);
	*hash = 0;
	*section = (struct weigh_snapshot_section){.offset = *offset,
						   .stored = stream->rest->stored,
						   .bytes = stream->bytes,
						   .entries = stream->entries};
	for (struct weigh_stream_chunk *chunk = stream->rest->first; chunk; chunk = chunk->next) {
		int error = write_all(fd, chunk->bytes, chunk->used, *offset);
		if (error)
			return error;
		XXH3_64bits_update(&state, chunk->bytes, chunk->used);
		*offset += chunk->used;
	}
	if (section->stored)
		*hash = XXH3_64bits_digest(&state);
	return 0;
}

int weigh_writer_finish(struct weigh_writer *writer, int fd)
{
	struct weigh_snapshot_header *header = &writer->header;
	uint64_t words[1 + WEIGH_SNAPSHOT_SECTIONS];
	uint64_t offset = sizeof(*header);
	weigh_writer_text(writer, "", 0); /* text 0 is there in any case */
	for (int i = 0; i < WEIGH_SNAPSHOT_SECTIONS; i++) {
		if (!weigh_stream_end(&writer->streams[i]))
			writer->failed = true;
		if (writer->failed)
			return ENOMEM;
		int error =
			write_section(&writer->streams[i], fd, &offset, &header->sections[i], &words[1 + i]);
		if (error)
			return error;
	}
	label(header, WEIGH_SNAPSHOT_COMPLETE);
	header->size = offset;
	header->seal = 0;
	words[0] = XXH3_64bits(header, sizeof(*header));
	header->seal = XXH3_64bits(words, sizeof(words));
	return write_all(fd, header, sizeof(*header), 0);
}
