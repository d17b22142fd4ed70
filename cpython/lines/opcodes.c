/*
 * Instructions of each version: see opcodes.h. Constant data only.
 */
#include <Python.h>

#if PY_VERSION_HEX >= 0x030c0000

#include "cpython/lines/opcodes.h"

#define NEED_OPCODE_METADATA
#define NEED_OPCODE_TABLES
#define Py_BUILD_CORE 1
#include <opcode.h>
#if PY_VERSION_HEX >= 0x030d0000
#include "internal/pycore_opcode_metadata.h"
#else
#include "internal/pycore_opcode.h"
#endif

enum weigh_opcode_kind weigh_opcode_kind(uint8_t opcode)
{
	switch (opcode) {
	case EXTENDED_ARG:
		return WEIGH_OPCODE_EXTENDED;
	case RESUME:
		return WEIGH_OPCODE_RESUME;
	case END_FOR:
	case END_SEND:
		return WEIGH_OPCODE_NO_START;
	case JUMP_FORWARD:
		return WEIGH_OPCODE_JUMP;
	case JUMP_BACKWARD:
	case JUMP_BACKWARD_NO_INTERRUPT:
		return WEIGH_OPCODE_BACK;
	case POP_JUMP_IF_FALSE:
	case POP_JUMP_IF_TRUE:
	case POP_JUMP_IF_NONE:
	case POP_JUMP_IF_NOT_NONE:
	case FOR_ITER:
	case SEND:
		return WEIGH_OPCODE_BRANCH;
	case RETURN_VALUE:
#ifdef RETURN_CONST
	case RETURN_CONST:
#endif
		return WEIGH_OPCODE_RETURN;
	case YIELD_VALUE:
		return WEIGH_OPCODE_YIELD;
	case RAISE_VARARGS:
	case RERAISE:
		return WEIGH_OPCODE_RAISE;
	case CLEANUP_THROW:
	case END_ASYNC_FOR:
		return WEIGH_OPCODE_MAY_RAISE;
	default:
		return WEIGH_OPCODE_PLAIN;
	}
}

uint32_t weigh_opcode_caches(uint8_t opcode)
{
	return _PyOpcode_Caches[opcode];
}

bool weigh_opcode_is_known(uint8_t opcode)
{
	return opcode != CACHE && opcode < MIN_INSTRUMENTED_OPCODE && _PyOpcode_Deopt[opcode] == opcode;
}

bool weigh_opcode_pushes(uint8_t opcode)
{
	switch (opcode) {
	case LOAD_CONST:
	case LOAD_FAST:
	case LOAD_FAST_CHECK:
	case LOAD_FAST_AND_CLEAR:
#ifdef LOAD_FAST_LOAD_FAST
	case LOAD_FAST_LOAD_FAST:
#endif
#ifdef LOAD_FAST_BORROW
	case LOAD_FAST_BORROW:
	case LOAD_FAST_BORROW_LOAD_FAST_BORROW:
	case LOAD_SMALL_INT:
#endif
	case LOAD_GLOBAL:
	case LOAD_NAME:
	case LOAD_DEREF:
	case LOAD_BUILD_CLASS:
	case PUSH_NULL:
	case FOR_ITER:
		return true;
	default:
		return false;
	}
}

bool weigh_opcode_catches(uint8_t opcode)
{
	return opcode == FOR_ITER || opcode == SEND;
}

bool weigh_opcode_is_nothing(uint8_t opcode)
{
	return opcode == NOP;
}

#endif
