/*
 * Summing stacks. Inside events, on the thread whose stack it is; touches
 * nothing but its frames and its own memory.
 */
#include "cpython/walk.h"

#include "base/hash.h"

/* Past WEIGH_WALK_WORDS frames the rest is folded inwards-out: still a function of the whole stack. */
uint64_t weigh_walk_plain(struct weigh_walk *walk, weigh_python_frame *frame)
{
	uint64_t sum = 0;
	uint32_t count = 0;
	for (; frame && count < WEIGH_WALK_WORDS; frame = weigh_frame_previous(frame))
		walk->words[count++] = weigh_frame_word(frame);
	for (; frame; frame = weigh_frame_previous(frame))
		sum = weigh_hash_step(sum, weigh_frame_word(frame));
	while (count > 0)
		sum = weigh_hash_step(sum, walk->words[--count]);
	return sum;
}

#if PY_VERSION_HEX >= 0x030b0000 && PY_VERSION_HEX < 0x030e0000

#if PY_VERSION_HEX < 0x030c0000
enum { ON_C_STACK = -1 };
#else
enum { ON_C_STACK = FRAME_OWNED_BY_CSTACK };
#endif

static bool inside(const _PyStackChunk *chunk, const weigh_python_frame *frame)
{
	return (uintptr_t)frame - (uintptr_t)chunk < chunk->size;
}

/* The sum of all frames from the boundary outwards, kept for the chunk above it. */
static uint64_t below_chunk(struct weigh_walk *walk, const void *chunk, weigh_python_frame *boundary)
{
	uintptr_t word = boundary ? weigh_frame_word(boundary) : 0;
	struct weigh_walk_chunk *known = NULL;
	for (uint32_t i = walk->chunk_count; i-- > 0 && !known;)
		if (walk->chunks[i].chunk == chunk)
			known = &walk->chunks[i];
	if (known && known->boundary == boundary && known->word == word)
		return known->below;
	if (!known) {
		if (walk->chunk_count == WEIGH_WALK_CHUNKS)
			walk->chunk_count--;
		known = &walk->chunks[walk->chunk_count++];
	}
	*known = (struct weigh_walk_chunk){
		.chunk = chunk,
		.boundary = boundary,
		.word = word,
		.below = weigh_walk_plain(walk, boundary),
	};
	return known->below;
}

/* Whether the remembered frames below number `count` are as they were. */
static bool unchanged(const struct weigh_walk *walk, uint32_t count)
{
	uintptr_t difference = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct weigh_walk_frame *known = &walk->run[i];
		difference |= (uintptr_t)weigh_frame_previous(known->frame) ^ (uintptr_t)known->link;
		difference |= weigh_frame_word(known->frame) ^ known->word;
	}
	return difference == 0;
}

/* How many remembered frames lie outwards of this one, if it is remembered and they still stand; else 0. */
static uint32_t remembered(struct weigh_walk *walk, const _PyStackChunk *chunk, weigh_python_frame *frame,
			   uint32_t *length)
{
	while (*length > 0) {
		weigh_python_frame *known = walk->run[*length - 1].frame;
		if (inside(chunk, known) && known <= frame)
			break;
		--*length;
	}
	if (*length < 2 || walk->run[*length - 1].frame != frame)
		return 0;
	uint32_t outwards = *length - 1;
	if (walk->run[outwards].link == weigh_frame_previous(frame) && unchanged(walk, outwards))
		return outwards;
	*length = 0;
	return 0;
}

/* Adds the frames met on the way to the sum, outermost first, and remembers what may be. */
static uint64_t fold(struct weigh_walk *walk, uint64_t sum, uint32_t length, uint32_t count)
{
	bool contiguous = true;
	while (count-- > 0) {
		const struct weigh_walk_pending *met = &walk->pending[count];
		contiguous = contiguous && met->stays && length < WEIGH_WALK_RUN;
		if (contiguous)
			walk->run[length++] = (struct weigh_walk_frame){
				.frame = met->frame,
				.link = weigh_frame_previous(met->frame),
				.word = met->word,
				.before = sum,
			};
		sum = weigh_hash_step(sum, met->word);
	}
	walk->run_length = length;
	return sum;
}

uint64_t weigh_walk_hash(struct weigh_walk *walk, PyThreadState *state)
{
	const _PyStackChunk *chunk = state->datastack_chunk;
	weigh_python_frame *top = weigh_frame_top(state);
	weigh_python_frame *frame = top;
	uint32_t length = chunk == walk->run_chunk ? walk->run_length : 0;
	uint32_t outwards = 0;
	uint32_t count = 0;
	if (!chunk)
		return weigh_walk_plain(walk, top);
	for (; frame && !outwards; frame = weigh_frame_previous(frame)) {
		bool here = inside(chunk, frame);
		if (!here && frame->owner == FRAME_OWNED_BY_THREAD)
			break;
		if (count == WEIGH_WALK_PENDING) {
			walk->run_length = 0;
			return weigh_walk_plain(walk, top);
		}
		walk->pending[count++] = (struct weigh_walk_pending){
			.frame = frame,
			.word = weigh_frame_word(frame),
			.stays = here || frame->owner == ON_C_STACK,
		};
		if (here)
			outwards = remembered(walk, chunk, frame, &length);
	}
	walk->run_chunk = chunk;
	uint64_t sum = outwards ? walk->run[outwards].before : below_chunk(walk, chunk, frame);
	return fold(walk, sum, outwards, count);
}

void weigh_walk_forget(struct weigh_walk *walk, const void *chunk)
{
	for (uint32_t i = 0; i < walk->chunk_count; i++)
		if (walk->chunks[i].chunk == chunk)
			walk->chunks[i] = walk->chunks[--walk->chunk_count];
	if (walk->run_chunk == chunk)
		walk->run_chunk = NULL;
}

#else

uint64_t weigh_walk_hash(struct weigh_walk *walk, PyThreadState *state)
{
	return weigh_walk_plain(walk, weigh_frame_top(state));
}

void weigh_walk_forget(struct weigh_walk *walk, const void *chunk)
{
	(void)walk;
	(void)chunk;
}

#endif
