/*
 * The stage: see stage.h. Test threads; allocates with malloc.
 */
#include "stage.h"

#include "base/hash.h"
#include "recorder/native.h"
#include "recorder/recorder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	POOL_BYTES = 16384,
	POOL_FIRST = 48,
	POOL_CLASS = 36,
	SMALL_CLASSES = STAGE_SMALL_MAX / 16,
};

struct weigh_header *stage_capture;
static uint64_t capture_bytes;

/* As large as a code object is at least, and aligned as every block is. */
static struct code {
	char file[64];
	char function[64];
	uint32_t first_line;
} __attribute__((aligned(64))) codes[STAGE_CODES];

static __thread struct weigh_frame stack[WEIGH_STACK_DEPTH];
static __thread uint32_t stack_depth;

static uint64_t walk_hash(void *memory, bool gil, uint64_t seed)
{
	uint64_t sum = 0;
	(void)memory;
	(void)gil;
	for (uint32_t i = 0; i < stack_depth; i++)
		sum = weigh_hash_step(sum, (uintptr_t)stack[i].code ^ (uint64_t)(uint32_t)stack[i].instruction
									      << 40);
	return weigh_hash_step(sum, seed);
}

static uint32_t walk_list(bool gil, struct weigh_frame *frames, uint32_t capacity)
{
	uint32_t count = stack_depth < capacity ? stack_depth : capacity;
	(void)gil;
	memcpy(frames, stack, count * sizeof(*frames));
	return count;
}

static bool describe(const void *address, struct weigh_code_text *text)
{
	const struct code *code = address;
	*text = (struct weigh_code_text){
		.file = code->file,
		.file_bytes = strlen(code->file),
		.function = code->function,
		.function_bytes = strlen(code->function),
		.lines = "\x80\x01",
		.lines_bytes = 2,
		.first_line = code->first_line,
	};
	return true;
}

static const struct weigh_walker walker = {.hash = walk_hash, .list = walk_list, .describe = describe};

static void name_codes(void)
{
	for (unsigned i = 0; i < STAGE_CODES; i++) {
		char function[32];
		snprintf(function, sizeof(function), "function_%u", i);
		stage_code_set(i, "stage.py", function, i + 1);
	}
}

struct weigh_error *stage_try_begin(bool exact, uint64_t file_size)
{
	static const char command[] = "stage.py";
	int fd = memfd_create("capture", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)file_size), 0);
	capture_bytes = file_size;
	stage_capture = mmap(NULL, file_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(stage_capture != MAP_FAILED);
	name_codes();
	stack_depth = 0;
	struct weigh_recording recording = {
		.fd = fd,
		.exact = exact,
		.python = 0x030b07f0,
		.command = command,
		.command_bytes = sizeof(command),
		.walker = &walker,
	};
	weigh_native_learn();
	struct weigh_error *error = weigh_recorder_start(&recording);
	close(fd);
	return error;
}

void stage_begin(bool exact)
{
	struct weigh_error *error = stage_try_begin(exact, WEIGH_FILE_SIZE_SAMPLED);
	if (error)
		fail_msg("%s", error->message);
}

void stage_stop(void)
{
	weigh_recorder_stop();
}

void stage_end(void)
{
	stage_stop();
	munmap(stage_capture, capture_bytes);
	stage_capture = NULL;
}

int stage_set_up_exact(void **state)
{
	(void)state;
	stage_begin(true);
	return 0;
}

int stage_tear_down(void **state)
{
	(void)state;
	stage_end();
	return 0;
}

const void *stage_code(unsigned number)
{
	assert_true(number < STAGE_CODES);
	return &codes[number];
}

void stage_code_set(unsigned number, const char *file, const char *function, uint32_t first_line)
{
	struct code *code = &codes[number];
	snprintf(code->file, sizeof(code->file), "%s", file);
	snprintf(code->function, sizeof(code->function), "%s", function);
	code->first_line = first_line;
}

void stage_stack_list(int32_t instruction, unsigned depth, const unsigned *numbers)
{
	assert_true(depth <= WEIGH_STACK_DEPTH);
	stack_depth = depth;
	for (unsigned i = 0; i < depth; i++)
		stack[depth - 1 - i] = (struct weigh_frame){stage_code(numbers[i]), instruction};
}

void stage_stack(int32_t instruction, unsigned depth, ...)
{
	unsigned numbers[16];
	va_list arguments;
	assert_true(depth <= 16);
	va_start(arguments, depth);
	for (unsigned i = 0; i < depth; i++)
		numbers[i] = va_arg(arguments, unsigned);
	va_end(arguments);
	stage_stack_list(instruction, depth, numbers);
}

void *stage_malloc(size_t bytes, enum weigh_domain domain)
{
	struct weigh_thread *thread = weigh_event_enter();
	void *block = malloc(bytes);
	assert_non_null(block);
	if (thread) {
		weigh_event_native(thread, block, bytes, domain);
		weigh_event_leave(thread);
	}
	return block;
}

void *stage_realloc(void *block, size_t bytes, enum weigh_domain domain, bool fails)
{
	struct weigh_thread *thread = weigh_event_enter();
	struct weigh_taken taken;
	assert_non_null(thread);
	weigh_event_remove((uintptr_t)block, bytes ? WEIGH_REMOVE_REALLOC : WEIGH_REMOVE_FREE, &taken);
	void *moved = fails ? NULL : realloc(block, bytes);
	if (moved)
		weigh_event_native(thread, moved, bytes, domain);
	else if (bytes)
		weigh_event_put_back(&taken);
	weigh_event_leave(thread);
	return moved;
}

/* As the hook of libc's free does it, which makes no record of a thread that only frees. */
static void end_by_chunk(void *block)
{
	struct weigh_thread *thread = weigh_self ? weigh_event_enter() : NULL;
	if (!thread) {
		weigh_event_end((uintptr_t)block);
		return;
	}
	if (!weigh_native_gone(thread, (uintptr_t)block))
		weigh_native_end(thread, (uintptr_t)block);
	weigh_event_leave(thread);
}

/* Some go the one way that the hooks have, some the other. */
void stage_free(void *block)
{
	if (weigh_native_chunks && (uintptr_t)block & 16)
		end_by_chunk(block);
	else
		weigh_event_free(block);
	free(block);
}

static char *pools;
static unsigned pools_used;
static void *free_blocks[SMALL_CLASSES];
static pthread_mutex_t pools_lock = PTHREAD_MUTEX_INITIALIZER;

/* Cuts a new pool of a class into its list of free blocks, lowest address first. */
static void make_pool(unsigned class)
{
	if (!pools) {
		pools = aligned_alloc(POOL_BYTES, (size_t)STAGE_POOLS * POOL_BYTES);
		assert_non_null(pools);
	}
	assert_true(pools_used < STAGE_POOLS);
	char *pool = pools + (size_t)pools_used++ * POOL_BYTES;
	size_t bytes = (class + 1) * 16;
	uint32_t written = class;
	memcpy(pool + POOL_CLASS, &written, sizeof(written));
	for (size_t count = (POOL_BYTES - POOL_FIRST) / bytes; count-- > 0;) {
		void **block = (void **)(pool + POOL_FIRST + count * bytes);
		*block = free_blocks[class];
		free_blocks[class] = block;
	}
}

static void *take_small(size_t bytes)
{
	unsigned class = (unsigned)(bytes - 1) / 16;
	assert_true(bytes > 0 && bytes <= STAGE_SMALL_MAX);
	pthread_mutex_lock(&pools_lock);
	if (!free_blocks[class])
		make_pool(class);
	void **block = free_blocks[class];
	free_blocks[class] = *block;
	pthread_mutex_unlock(&pools_lock);
	return block;
}

static void give_small(void *block)
{
	uint32_t class;
	memcpy(&class, (char *)((uintptr_t)block & ~(uintptr_t)(POOL_BYTES - 1)) + POOL_CLASS, sizeof(class));
	pthread_mutex_lock(&pools_lock);
	*(void **)block = free_blocks[class];
	free_blocks[class] = block;
	pthread_mutex_unlock(&pools_lock);
}

void *stage_small(size_t bytes, enum weigh_domain domain)
{
	struct weigh_thread *thread = weigh_event_enter();
	void *block = take_small(bytes);
	if (thread) {
		weigh_event_small(thread, block, bytes, weigh_pool_footprint((uintptr_t)block), domain);
		weigh_event_leave(thread);
	}
	return block;
}

void stage_small_free(void *block)
{
	weigh_event_free(block);
	give_small(block);
}

uint64_t stage_footprint(const void *block)
{
	return malloc_usable_size((void *)(uintptr_t)block) + 8;
}

void *stage_entries(enum weigh_section_id id)
{
	return (char *)stage_capture + stage_capture->sections[id].offset;
}

uint32_t stage_used(enum weigh_section_id id)
{
	return stage_capture->sections[id].used;
}

static bool is_code(uint32_t node, unsigned number)
{
	const struct weigh_node *nodes = stage_entries(WEIGH_SECTION_NODES);
	const struct weigh_code *kept = stage_entries(WEIGH_SECTION_CODES);
	const char *strings = stage_entries(WEIGH_SECTION_STRINGS);
	const struct weigh_text *function = &kept[nodes[node].code].function;
	const struct code *code = stage_code(number);
	return node && function->length == strlen(code->function) &&
	       memcmp(strings + function->offset, code->function, function->length) == 0;
}

const struct weigh_site *stage_site(unsigned code, enum weigh_domain domain)
{
	const struct weigh_site *sites = stage_entries(WEIGH_SECTION_SITES);
	const struct weigh_site *found = NULL;
	for (uint32_t i = 0; i < stage_used(WEIGH_SECTION_SITES); i++) {
		if (!(sites[i].flags & WEIGH_SITE_USED) || sites[i].domain != domain ||
		    !is_code(sites[i].node, code))
			continue;
		if (found)
			fail_msg("function_%u has several sites in domain %d", code, (int)domain);
		found = &sites[i];
	}
	return found;
}

const struct weigh_tally *stage_at_peak(const struct weigh_site *site)
{
	bool now = weigh_counters_live(&stage_capture->counters) > stage_capture->peak.footprint;
	return now || site->peak_epoch != stage_capture->peak.epoch ? &site->live : &site->at_peak;
}

uint64_t stage_lost_blocks(void)
{
	uint64_t lost = 0;
	for (int why = 0; why < WEIGH_LOSS_COUNT; why++)
		lost += stage_capture->lost[why].blocks;
	return lost;
}
