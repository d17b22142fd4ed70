/*
 * What a flow graph needs to know of instructions: where each leads, and how
 * many units of cache follow it. From 3.12.
 */
#ifndef WEIGH_CPYTHON_LINES_OPCODES_H
#define WEIGH_CPYTHON_LINES_OPCODES_H

#include <stdbool.h>
#include <stdint.h>

enum weigh_opcode_kind {
	WEIGH_OPCODE_PLAIN = 0,
	WEIGH_OPCODE_EXTENDED,  /* adds to the argument of the next */
	WEIGH_OPCODE_NO_START,  /* plain, and no line starts there */
	WEIGH_OPCODE_RESUME,    /* where a function starts or goes on */
	WEIGH_OPCODE_JUMP,      /* forward */
	WEIGH_OPCODE_BACK,      /* back */
	WEIGH_OPCODE_BRANCH,    /* forward, or on */
	WEIGH_OPCODE_RETURN,
	WEIGH_OPCODE_YIELD,
	WEIGH_OPCODE_RAISE,     /* never on */
	WEIGH_OPCODE_MAY_RAISE, /* on, or passes on an exception without telling */
};

enum weigh_opcode_kind weigh_opcode_kind(uint8_t opcode);

/* Its argument is a distance. */
static inline bool weigh_opcode_jumps(enum weigh_opcode_kind kind)
{
	return kind == WEIGH_OPCODE_JUMP || kind == WEIGH_OPCODE_BACK || kind == WEIGH_OPCODE_BRANCH;
}

uint32_t weigh_opcode_caches(uint8_t opcode);

/* One that compilers make; not what the interpreter puts in its place. */
bool weigh_opcode_is_known(uint8_t opcode);

/* It puts more on the stack than was there, whatever comes of it; only those where that is certain. */
bool weigh_opcode_pushes(uint8_t opcode);

/* A StopIteration there is told of as raised, and ends there. */
bool weigh_opcode_catches(uint8_t opcode);

/* It does nothing and goes on. */
bool weigh_opcode_is_nothing(uint8_t opcode);

#endif
