/*
 * A snapshot with its streams as they are, not compressed and not sealed:
 * what tests and fuzzing change, to reach what lies behind zstd and the seal.
 *
 * A failed allocation ends the test.
 */
#ifndef WEIGH_TESTS_FAKE_PACKED_H
#define WEIGH_TESTS_FAKE_PACKED_H

#include "weigh/snapshot.h"

#include <stddef.h>
#include <stdint.h>

/* What a plain snapshot begins with; the streams follow in order. */
struct fake_plain {
	uint32_t objects, mode, python, reserved;
	struct {
		uint32_t bytes, entries;
	} sections[WEIGH_SNAPSHOT_SECTIONS];
};

/* The caller frees what these return. `bytes` of pack() may be anything at all. */
uint8_t *fake_plain_unpack(const uint8_t *snapshot, size_t *size);
uint8_t *fake_plain_pack(const uint8_t *bytes, size_t length, size_t *size);

#endif
