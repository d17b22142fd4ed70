/*
 * What the recorder asks of an interpreter: the frames of the calling thread.
 * All functions are called inside an event, on the thread whose frames are
 * meant, with `gil` true when that thread is known to hold the GIL. They must
 * not allocate, lock or run Python code.
 */
#ifndef WEIGH_RECORDER_WALKER_H
#define WEIGH_RECORDER_WALKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weigh_frame {
	const void *code;    /* address of the code object, alive while the frame is */
	int32_t instruction; /* byte offset into its bytecode; -1: before the first */
};

/* The text of a code object; pointers live as long as it, or until the scratch is used again. */
struct weigh_code_text {
	const char *file;
	const char *function;
	const char *lines;
	size_t file_bytes;
	size_t function_bytes;
	size_t lines_bytes;
	uint32_t first_line;
	uint32_t flags;
};

struct weigh_walker {
	/* Bytes that hash wants to keep for each thread, at first zero. */
	size_t memory_bytes;

	/* A hash of the stack, also of one without frames, and of the seed: of as much as weigh_recorder.frames says. */
	uint64_t (*hash)(void *memory, bool gil, uint64_t seed);

	/* The frames, innermost first; their number, at most `capacity`. */
	uint32_t (*list)(bool gil, struct weigh_frame *frames, uint32_t capacity);

	/* The text of a code object; false when it cannot be read. */
	bool (*describe)(const void *code, struct weigh_code_text *text);

	/* The thread's name, if it has one yet; called with the GIL only. May be NULL. */
	bool (*name)(char *name, size_t capacity);
};

#endif
