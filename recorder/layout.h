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
 * file has WEIGH_FILE_SIZE_EXACT bytes; false when it is too small for either.
 */
bool weigh_layout_make(struct weigh_header *header, uint64_t file_size);

/* The entries of a section. */
static inline void *weigh_layout_entries(struct weigh_header *header, enum weigh_section_id id)
{
	return (char *)header + header->sections[id].offset;
}

#endif
