/*
 * Captures made by hand, for tests of what reads them.
 *
 * Everything is the test's own memory; a failed allocation ends the test.
 */
#ifndef WEIGH_TESTS_FAKE_CAPTURE_H
#define WEIGH_TESTS_FAKE_CAPTURE_H

#include "weigh/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_section {
	char *bytes;
	uint32_t entry_size, used, room;
};

struct fake_capture {
	struct weigh_header header; /* all but sizes and sections counts as given */
	struct fake_section sections[WEIGH_SECTION_COUNT];
};

/* An empty capture of a Python 3.13 program that ended well. */
void fake_init(struct fake_capture *fake, enum weigh_mode mode);
void fake_deinit(struct fake_capture *fake);

/* Append bytes, or a whole entry; the entry may move when the next is added. */
struct weigh_text fake_text(struct fake_capture *fake, const void *bytes, size_t length);
void *fake_entry(struct fake_capture *fake, enum weigh_section_id id, const void *entry);

/* A code object with a line table for `lines` lines, one instruction each. Returns its index. */
uint32_t fake_code(struct fake_capture *fake, const char *file, const char *function, uint32_t first_line,
		   uint32_t lines);

/* A frame in such a code object, at the given line. Returns its index. */
uint32_t fake_node(struct fake_capture *fake, uint32_t parent, uint32_t code, uint32_t line);

/* A site without blocks. */
struct weigh_site *fake_site(struct fake_capture *fake, uint32_t node, uint16_t thread, uint8_t domain);

uint16_t fake_thread(struct fake_capture *fake, const char *name);

/* Tallies: of blocks all seen, and of blocks seen with probability `p` each. */
struct weigh_tally fake_exact(uint64_t blocks, uint64_t size);
struct weigh_tally fake_sampled(uint64_t seen, uint64_t size, double p);

/*
 * The file that these make, with room for `spare` more entries in each
 * section; sealed when asked. The caller frees it.
 */
uint8_t *fake_layout(const struct fake_capture *fake, uint32_t spare, bool sealed, size_t *size);

/* Hash a laid-out file anew after it was changed. */
void fake_seal(uint8_t *bytes, size_t size);

void fake_write(const char *path, const uint8_t *bytes, size_t size);

/* A folder of its own for a test, in the build folder or TMPDIR; the test frees the path. */
char *fake_folder(void);
void fake_remove(char *folder);

/*
 * A small program with everything a capture can hold: threads, domains,
 * moments, a timeline. Its own files lie in `folder`.
 */
void fake_example(struct fake_capture *fake, enum weigh_mode mode, const char *folder);

#endif
