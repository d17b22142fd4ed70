/*
 * A snapshot with its streams as they are: see fake_packed.h.
 */
#include "fake_packed.h"

#include "fake_snapshot.h"
#include "vendor/zstd/zstd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check(void *memory)
{
	if (!memory) {
		perror("a plain snapshot");
		abort();
	}
	return memory;
}

uint8_t *fake_plain_unpack(const uint8_t *snapshot, size_t *size)
{
	struct weigh_snapshot_header header;
	struct fake_plain plain = {0};

	memcpy(&header, snapshot, sizeof(header));
	plain.objects = (uint32_t)header.objects;
	plain.mode = header.mode;
	plain.python = header.python;
	*size = sizeof(plain);
	for (int id = 0; id < WEIGH_SNAPSHOT_SECTIONS; id++)
		*size += header.sections[id].bytes;
	uint8_t *bytes = check(malloc(*size)), *at = bytes + sizeof(plain);
	for (int id = 0; id < WEIGH_SNAPSHOT_SECTIONS; id++) {
		const struct weigh_snapshot_section *section = &header.sections[id];
		plain.sections[id].bytes = (uint32_t)section->bytes;
		plain.sections[id].entries = (uint32_t)section->entries;
		if (section->stored && ZSTD_decompress(at, section->bytes, snapshot + section->offset,
						       section->stored) != section->bytes)
			check(NULL);
		at += section->bytes;
	}
	memcpy(bytes, &plain, sizeof(plain));
	return bytes;
}

uint8_t *fake_plain_pack(const uint8_t *bytes, size_t length, size_t *size)
{
	struct fake_plain plain = {0};
	struct weigh_snapshot_header header = {
		.version = WEIGH_SNAPSHOT_VERSION,
		.byte_order = 0x01020304,
		.header_size = sizeof(header),
		.state = WEIGH_SNAPSHOT_COMPLETE,
		.when = WEIGH_SNAPSHOT_END,
	};
	size_t at = sizeof(plain), room = sizeof(header);

	memcpy(header.magic, WEIGH_SNAPSHOT_MAGIC, sizeof(header.magic));
	memcpy(&plain, bytes, length < sizeof(plain) ? length : sizeof(plain));
	header.objects = plain.objects;
	header.mode = plain.mode;
	header.python = plain.python;
	room += ZSTD_compressBound(length) + WEIGH_SNAPSHOT_SECTIONS * ZSTD_compressBound(0);
	uint8_t *snapshot = check(malloc(room));
	*size = sizeof(header);
	for (int id = 0; id < WEIGH_SNAPSHOT_SECTIONS; id++) {
		size_t left = at < length ? length - at : 0, stored = 0;
		size_t count = plain.sections[id].bytes < left ? plain.sections[id].bytes : left;
		if (count)
			stored = ZSTD_compress(snapshot + *size, room - *size, bytes + at, count, 1);
		if (ZSTD_isError(stored))
			check(NULL);
		header.sections[id] =
			(struct weigh_snapshot_section){*size, stored, count, plain.sections[id].entries};
		*size += stored;
		at += count;
	}
	header.size = *size;
	memcpy(snapshot, &header, sizeof(header));
	fake_snapshot_seal(snapshot);
	return snapshot;
}
