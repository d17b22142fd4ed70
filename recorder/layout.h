/*
 * Lays a new capture out: where its sections lie and how much each can hold.
 */
#ifndef WEIGH_RECORDER_LAYOUT_H
#define WEIGH_RECORDER_LAYOUT_H

#include "weigh/format.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Fills in the section table of a zeroed header, with the larger plan when the
 * file has WEIGH_FILE_SIZE_EXACT bytes, with the largest when it has
 * WEIGH_LAYOUT_FILELESS, with the smallest when it has those of
 * weigh_layout_counting_size; false when it is too small.
 */
bool weigh_layout_make(struct weigh_header *header, uint64_t file_size);

/* The bytes for an exact recording that has no file. */
enum { WEIGH_LAYOUT_FILELESS = 2 * WEIGH_FILE_SIZE_EXACT };

/* The bytes of a file for a recording that only counts, which has the smallest plan. */
uint64_t weigh_layout_counting_size(void);

/* The entries of a section. */
static inline void *weigh_layout_entries(struct weigh_header *header, enum weigh_section_id id)
{
	return (char *)header + header->sections[id].offset;
}

#endif
