/*
 * Summing stacks. Inside events, on the thread whose stack it is; touches
 * nothing but its frames and its own memory.
 */
#include "cpython/walk.h"

#include "base/hash.h"

#define weigh_likely(x) __builtin_expect(!!(x), 1)
#define weigh_unlikely(x) __builtin_expect(!!(x), 0)

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

static const struct _stack_chunk *top_chunk(PyThreadState *state)
{
	return state->datastack_chunk;
}

static const struct _stack_chunk *chunk_below(const struct _stack_chunk *chunk)
{
	return chunk->previous;
}

static bool inside(const struct _stack_chunk *chunk, const weigh_python_frame *frame)
{
	return (uintptr_t)frame - (uintptr_t)chunk < chunk->size;
}

static bool on_frame_stack(const weigh_python_frame *frame)
{
	return frame->owner == FRAME_OWNED_BY_THREAD;
}

#else

/* No chunks whose end could be noticed: every walk checks the whole run. */
struct _stack_chunk;

static const struct _stack_chunk *top_chunk(PyThreadState *state)
{
	(void)state;
	return NULL;
}

static const struct _stack_chunk *chunk_below(const struct _stack_chunk *chunk)
{
	(void)chunk;
	return NULL;
}

static bool inside(const struct _stack_chunk *chunk, const weigh_python_frame *frame)
{
	(void)chunk;
	(void)frame;
	return false;
}

static bool on_frame_stack(const weigh_python_frame *frame)
{
	(void)frame;
	return false;
}

#endif

/* Of a frame known to be in the chain: whether it and its link are as they were. */
static inline bool stands(const struct weigh_walk_frame *known)
{
	return weigh_frame_word(known->frame) == known->word &&
	       weigh_frame_previous(known->frame) == known[-1].frame;
}

static inline bool four_stand(const struct weigh_walk_frame *known)
{
	return stands(known) && stands(known - 1) && stands(known - 2) && stands(known - 3);
}

/*
 * Brings the run up to date as far as frame `last`, which is in the chain and
 * in the run. Where the chain goes another way the run is cut off, and false
 * returned. Of the frame below the floor the word alone is compared: it waits
 * in a call, and so do those below. Past so many frames nothing is looked at.
 */
static bool settle(struct weigh_walk *walk, uint32_t last, uint32_t floor, uint32_t frames)
{
	bool all = frames > last - floor;
	struct weigh_walk_frame *const lowest = &walk->run[all ? floor : last + 1 - frames];
	struct weigh_walk_frame *const end = &walk->run[last];
	struct weigh_walk_frame *changed = end + 1;
	struct weigh_walk_frame *known = end;
	weigh_python_frame *frame = end->frame;
	/* That has mostly gone on since; without it the others can be looked at four by four. */
	if (weigh_frame_word(frame) != end->word) {
		end->word = weigh_frame_word(frame);
		changed = end;
	}
	while (known - lowest >= 3 && four_stand(known))
		known -= 4;
	for (frame = known->frame; known >= lowest; known--) {
		weigh_python_frame *outer = known[-1].frame;
		uintptr_t word = weigh_frame_word(frame);
		if (weigh_unlikely(word != known->word)) {
			known->word = word;
			changed = known;
		}
		if (weigh_unlikely(weigh_frame_previous(frame) != outer)) {
			walk->length = (uint32_t)(known - walk->run);
			return false;
		}
		frame = outer;
	}
	if (all && frame && weigh_frame_word(frame) != lowest[-1].word) {
		walk->length = 0;
		return false;
	}
	for (; changed <= end; changed++)
		changed->sum = weigh_hash_step(changed[-1].sum, changed->word);
	return true;
}

/* Puts the frames met on the way at the end of the run. There is room for them. */
static uint64_t append(struct weigh_walk *walk, uint32_t length, uint32_t count)
{
	uint64_t sum = walk->run[length - 1].sum;
	while (count-- > 0) {
		const struct weigh_walk_met *met = &walk->met[count];
		sum = weigh_hash_step(sum, met->word);
		walk->run[length++] = (struct weigh_walk_frame){met->frame, met->word, sum};
	}
	walk->length = length;
	return sum;
}

static void meet(struct weigh_walk *walk, uint32_t *count, weigh_python_frame *frame)
{
	walk->met[(*count)++] = (struct weigh_walk_met){frame, weigh_frame_word(frame)};
}

/* Starts a run with the frames of the top chunk. What lies below is summed once, for as long as the chunk stands. */
static uint64_t start_run(struct weigh_walk *walk, const struct _stack_chunk *chunk, weigh_python_frame *top)
{
	weigh_python_frame *frame = top;
	uint32_t count = 0;
	walk->length = 0;
	walk->segments = 0;
	for (; frame; frame = weigh_frame_previous(frame)) {
		if (chunk && !inside(chunk, frame) && on_frame_stack(frame))
			break;
		if (count == WEIGH_WALK_RUN - 1)
			return weigh_walk_plain(walk, top);
		meet(walk, &count, frame);
	}
	walk->segments = 1;
	walk->segment[0] = (struct weigh_walk_segment){.chunk = chunk, .floor = 1};
	walk->run[0] = (struct weigh_walk_frame){
		.frame = frame,
		.word = frame ? weigh_frame_word(frame) : 0,
		.sum = frame ? weigh_walk_plain(walk, frame) : 0,
	};
	return append(walk, 1, count);
}

/*
 * Shortens `length` to the place of a frame in the run, if it is there. On the
 * frame stack addresses rise inwards; others are sought near the end alone.
 */
static bool recall(const struct weigh_walk *walk, const struct _stack_chunk *here, weigh_python_frame *frame,
		   uint32_t *length)
{
	enum { NEAR = 8 };
	if (!here) {
		for (uint32_t i = 1; i <= NEAR && i < *length; i++) {
			if (walk->run[*length - i].frame == frame) {
				*length -= i - 1;
				return true;
			}
		}
		return false;
	}
	for (; *length > 1; --*length) {
		weigh_python_frame *known = walk->run[*length - 1].frame;
		if (known == frame)
			return true;
		if (inside(here, known) && known < frame)
			return false;
	}
	return false;
}

/* Forgets the segments inwards of this chunk's; false when it has none. */
static bool find_segment(struct weigh_walk *walk, const struct _stack_chunk *chunk)
{
	for (uint32_t i = walk->segments; i > 0; i--) {
		if (walk->segment[i - 1].chunk == chunk) {
			walk->segments = i;
			return true;
		}
	}
	return false;
}

struct reached {
	uint32_t length; /* of the run, as far as the frame that was reached */
	uint32_t count; /* frames met */
	uint32_t fresh; /* the part of them that belongs to the top chunk */
};

/*
 * Walks from the top to the first frame of the run; false when it meets none.
 * `below` is the last segment's chunk when the top one has no segment yet.
 */
static bool reach(struct weigh_walk *walk, const struct _stack_chunk *chunk, const struct _stack_chunk *below,
		  weigh_python_frame *frame, struct reached *reached)
{
	const struct _stack_chunk *searched = chunk;
	*reached = (struct reached){.length = walk->length};
	for (; frame; frame = weigh_frame_previous(frame)) {
		bool here = searched && inside(searched, frame);
		if (!here && searched && on_frame_stack(frame)) {
			if (searched == below || !below || !inside(below, frame))
				return false;
			searched = below;
			here = true;
		}
		if (recall(walk, here ? searched : NULL, frame, &reached->length))
			return true;
		if (reached->length + reached->count >= WEIGH_WALK_RUN)
			return false;
		meet(walk, &reached->count, frame);
		if (searched == chunk)
			reached->fresh = reached->count;
	}
	return false;
}

/*
 * The sum by what is remembered; false when the run serves no more: it is then
 * shorter than it was.
 */
static bool extend(struct weigh_walk *walk, const struct _stack_chunk *chunk, weigh_python_frame *top,
		   uint32_t frames, uint64_t *sum)
{
	struct reached reached;
	bool known = find_segment(walk, chunk);
	const struct _stack_chunk *below = known || !chunk ? NULL : chunk_below(chunk);
	const struct weigh_walk_segment *segment = &walk->segment[walk->segments - 1];
	bool next = below && segment->chunk == below && walk->segments < WEIGH_WALK_SEGMENTS;
	if (!(known || next) || !reach(walk, chunk, below, top, &reached) ||
	    reached.length <= segment->floor) {
		walk->length = 0;
		return false;
	}
	if (!settle(walk, reached.length - 1, segment->floor, frames))
		return false;
	if (!known)
		walk->segment[walk->segments++] = (struct weigh_walk_segment){
			.chunk = chunk,
			.floor = reached.length + reached.count - reached.fresh,
		};
	*sum = append(walk, reached.length, reached.count);
	return true;
}

static uint64_t look_anew(struct weigh_walk *walk, PyThreadState *state, uint32_t frames)
{
	enum { TRIES = 4 };
	const struct _stack_chunk *chunk = top_chunk(state);
	weigh_python_frame *top = weigh_frame_top(state);
	uint32_t last = walk->length - 1;
	if (walk->length > 1 && walk->run[last].frame == top) {
		const struct weigh_walk_segment *segment = &walk->segment[walk->segments - 1];
		if (segment->chunk == chunk && last >= segment->floor &&
		    settle(walk, last, segment->floor, frames))
			return walk->run[last].sum;
	}
	for (int try = 0; try < TRIES && walk->length > 1; try++) {
		uint64_t sum;
		if (extend(walk, chunk, top, frames, &sum))
			return sum;
	}
	return start_run(walk, chunk, top);
}

/* What weigh_walk_hash does when something other than the word of the top frame has changed. */
static __attribute__((noinline)) uint64_t hash_anew(struct weigh_walk *walk, PyThreadState *state,
						    uint32_t frames)
{
	uint64_t sum = look_anew(walk, state, frames);
	uint32_t last = walk->length - 1;
	walk->latest = (struct weigh_walk_latest){0};
	if (walk->length <= 1)
		return sum;
	const struct weigh_walk_segment *segment = &walk->segment[walk->segments - 1];
	if (last < segment->floor || (WEIGH_DEPTH_IS_EXACT && !segment->chunk))
		return sum;
	bool all = frames > last - segment->floor;
	walk->latest.last = &walk->run[last];
	walk->latest.lowest = &walk->run[all ? segment->floor : last + 1 - frames];
	walk->latest.below = all && walk->latest.lowest[-1].frame;
	walk->latest.chunk = segment->chunk;
	walk->latest.depth = weigh_state_depth(state);
	return sum;
}

/* Whether the frame outside this one is a known one, word and all; if so, goes on to it. */
static inline bool meets(weigh_python_frame **frame, const struct weigh_walk_frame *known)
{
	weigh_python_frame *outer = known->frame;
	if (weigh_frame_previous(*frame) != outer)
		return false;
	*frame = outer;
	return weigh_frame_word(outer) == known->word;
}

/*
 * The same by word alone, where there should be a frame outside this one. It is
 * looked for all the same: a greenlet counts its depth from where it was begun,
 * and has another's chunk when that has ended. A remembered frame that is no
 * longer where it was is found out when it is met, as in settle.
 */
static inline bool follows(weigh_python_frame **frame, const struct weigh_walk_frame *known)
{
	if (!WEIGH_DEPTH_IS_EXACT)
		return meets(frame, known);
	*frame = weigh_frame_previous(*frame);
	return *frame && weigh_frame_word(*frame) == known->word;
}

/*
 * Whether all frames but the last are as they were, at calls as deep as then.
 * Four or six instructions a frame. Each four frames the loads begin anew at a
 * place that is known: in chains of eight they were seen to wait for one another.
 */
static inline bool others_stand(const struct weigh_walk_latest *latest)
{
	const struct weigh_walk_frame *known = latest->last;
	const struct weigh_walk_frame *const lowest = latest->lowest;
	weigh_python_frame *frame = known->frame;
	for (known--; known >= lowest + 3; known -= 4)
		if (!meets(&frame, known) || !follows(&frame, known - 1) || !follows(&frame, known - 2) ||
		    !follows(&frame, known - 3))
			return false;
	for (; known >= lowest; known--)
		if (!meets(&frame, known))
			return false;
	return weigh_frame_previous(frame) == known->frame &&
	       (!latest->below || weigh_frame_word(known->frame) == known->word);
}

uint64_t weigh_walk_hash(struct weigh_walk *walk, PyThreadState *state, uint32_t frames)
{
	struct weigh_walk_frame *last = walk->latest.last;
	weigh_python_frame *top = weigh_frame_top(state);
	if (weigh_likely(last && last->frame == top && walk->latest.chunk == top_chunk(state)) &&
	    weigh_likely(!WEIGH_DEPTH_IS_EXACT || walk->latest.depth == weigh_state_depth(state)) &&
	    weigh_likely(others_stand(&walk->latest))) {
		uintptr_t word = weigh_frame_word(top);
		if (word != last->word) {
			last->word = word;
			last->sum = weigh_hash_step(last[-1].sum, word);
		}
		return last->sum;
	}
	return hash_anew(walk, state, frames);
}

void weigh_walk_forget(struct weigh_walk *walk, const void *chunk)
{
	walk->latest.last = NULL;
	for (uint32_t i = 0; i < walk->segments; i++)
		if (walk->segment[i].chunk == chunk)
			walk->segments = i;
	if (!walk->segments)
		walk->length = 0;
}
