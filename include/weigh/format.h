/*
 * The layout of a capture file (.weigh): the one thing that the recorder
 * inside a program and the readers outside it share.
 *
 * A capture is created at its full size, mapped shared into the program and
 * updated in place, so it is a complete capture at every moment. It is a
 * header followed by sections, each an array of fixed-size entries; the header
 * says where each section lies, how many entries are in use and how many there
 * is room for. When a recording ends the file may be rewritten with capacity
 * equal to use and sealed with a hash; readers need not care which they hold.
 * Snapshots of the objects (weigh/snapshot.h) may follow it as parts.
 *
 * All integers are little endian. Bytes are bytes, times are nanoseconds.
 * docs/format.md describes the same in prose. Any change here that an older
 * reader would misread raises WEIGH_FORMAT_VERSION.
 */
#ifndef WEIGH_FORMAT_H
#define WEIGH_FORMAT_H

#include <stdint.h>

#define WEIGH_MAGIC "WEIGHCAP"

enum {
	WEIGH_FORMAT_VERSION = 4,
	WEIGH_BYTE_ORDER = 0x01020304,
};

/* Bytes to allocate for a new capture before it is mapped. */
enum {
	WEIGH_FILE_SIZE_SAMPLED = 8 << 20,
	WEIGH_FILE_SIZE_EXACT = 64 << 20,
};

enum weigh_mode {
	WEIGH_MODE_SAMPLED = 1,
	WEIGH_MODE_EXACT = 2,
};

enum weigh_state {
	WEIGH_STATE_RECORDING = 1, /* in progress, or cut off */
	WEIGH_STATE_ENDED = 2,     /* the recorder came to its end */
};

/* How the process ended, written by whoever waited for it. */
enum weigh_exit {
	WEIGH_EXIT_UNKNOWN = 0,
	WEIGH_EXIT_STATUS = 1, /* exit_value is the exit status */
	WEIGH_EXIT_SIGNAL = 2, /* exit_value is the signal */
};

/* Where a block came from. */
enum weigh_domain {
	WEIGH_DOMAIN_RAW = 0,    /* PyMem_Raw* */
	WEIGH_DOMAIN_MEM = 1,    /* PyMem_* */
	WEIGH_DOMAIN_OBJECT = 2, /* PyObject_* */
	WEIGH_DOMAIN_MALLOC = 3, /* malloc family, operator new */
	WEIGH_DOMAIN_MMAP = 4,   /* anonymous mappings */
	WEIGH_DOMAIN_ARRAY = 5,  /* reported by an extension: PyTraceMalloc_Track */
	WEIGH_DOMAIN_COUNT = 6,
};

enum weigh_section_id {
	WEIGH_SECTION_STRINGS = 0,  /* bytes */
	WEIGH_SECTION_CODES = 1,    /* struct weigh_code */
	WEIGH_SECTION_NODES = 2,    /* struct weigh_node */
	WEIGH_SECTION_SITES = 3,    /* struct weigh_site */
	WEIGH_SECTION_THREADS = 4,  /* struct weigh_thread_entry */
	WEIGH_SECTION_TIMELINE = 5, /* struct weigh_tick */
	WEIGH_SECTION_SIZES = 6,    /* struct weigh_size_bucket */
	WEIGH_SECTION_MOMENTS = 7,  /* struct weigh_moment */
	WEIGH_SECTION_SHARES = 8,   /* struct weigh_share */
	WEIGH_SECTION_LARGE = 9,    /* struct weigh_large */
	WEIGH_SECTION_COUNT = 10,
};

struct weigh_section {
	uint64_t offset;     /* from the start of the file, multiple of 64 */
	uint32_t entry_size; /* bytes of one entry */
	uint32_t capacity;   /* entries there is room for */
	uint32_t used;       /* entries in use, <= capacity */
	uint32_t refused;    /* entries that found no room */
};

/* A run of bytes in the strings section; UTF-8 unless said otherwise. */
struct weigh_text {
	uint32_t offset;
	uint32_t length;
};

/*
 * A code object. Entry 0 is a placeholder: "code not kept".
 * The line table is the interpreter's own (co_linetable), in the form of the
 * Python version in the header.
 */
struct weigh_code {
	struct weigh_text file;
	struct weigh_text function; /* qualified name; plain name on 3.10 */
	struct weigh_text lines;    /* co_linetable, raw bytes */
	uint32_t first_line;
	uint32_t flags; /* co_flags */
};

/*
 * A frame in the tree of stacks: the path from a node to the root is a stack,
 * innermost frame first. Node 0 is the root and stands for "no Python frame".
 * A node's parent has a smaller index unless pruning reused it; readers must
 * bound their walk by the number of nodes.
 */
struct weigh_node {
	uint32_t parent;
	uint32_t code;        /* index into codes */
	int32_t instruction;  /* byte offset into the bytecode; -1: before the first */
};

/*
 * What a set of blocks adds up to. In exact mode plain sums; in sampled mode
 * each sampled block x with probability p counts x/p, and the variances are
 * the unbiased estimates sum((1-p)/p^2 * x^2), x = 1 for blocks. The sampled
 * blocks themselves, which are certain, are bytes - unseen and samples.
 */
struct weigh_tally {
	double bytes;     /* requested */
	double footprint; /* what the blocks occupy */
	double blocks;
	double bytes_variance;
	double footprint_variance;
	double blocks_variance;
	double unseen;   /* of the bytes, those of blocks not sampled: sum((1-p)/p * x) */
	int64_t samples; /* blocks behind these sums; 0 means all sums are 0 */
};

enum weigh_site_flags {
	WEIGH_SITE_USED = 1,
	WEIGH_SITE_PINNED = 2, /* a moment refers to it: never pruned */
};

/*
 * A site: blocks of one domain allocated by one thread under one stack.
 * `at_peak` is valid when peak_epoch equals the header's; when it is older
 * nothing changed here since before the peak, and `live` is the composition at
 * the peak. (When live bytes are above peak.footprint, now is the peak and
 * `live` of every site is its composition.)
 */
struct weigh_site {
	uint64_t key; /* hash of (stack, domain, thread) */
	uint32_t node;
	uint16_t thread; /* index into threads */
	uint8_t domain;
	uint8_t flags;
	uint64_t peak_epoch;
	struct weigh_tally live;
	struct weigh_tally at_peak;
	struct weigh_tally total;     /* everything ever allocated here */
	struct weigh_tally temporary; /* freed within WEIGH_TEMPORARY allocations */
};

/* A block is temporary when freed before this many further allocations on its thread. */
enum { WEIGH_TEMPORARY = 32 };

enum { WEIGH_THREAD_NAME = 48 };

/* Thread 0 collects what came after the table was full. */
struct weigh_thread_entry {
	uint64_t system_id;           /* gettid() */
	char name[WEIGH_THREAD_NAME]; /* UTF-8, NUL-terminated; empty: unknown */
	uint64_t started_ns;          /* since the start of the recording */
};

/*
 * One point of the timeline. The interval between points is
 * header.timeline_step_ns; it doubles, and neighbours merge into the one with
 * the larger rss, whenever the section is full.
 */
struct weigh_tick {
	uint64_t time_ns; /* since the start of the recording */
	uint64_t rss;     /* bytes; 0: not read */
	uint64_t live;    /* footprint of all live recorded blocks */
	uint64_t reusable; /* of rss, in no live block: freed and kept by allocators; at least */
};

/*
 * Histogram of requested sizes over all allocations. Bucket 0 holds size 0;
 * then four buckets to each doubling: weigh_size_bucket_index() in
 * weigh/format_math.h is the rule. The section holds up to WEIGH_SIZE_STRIPES
 * histograms one after the other, so that threads need not share one; their
 * sum is meant.
 */
struct weigh_size_bucket {
	double blocks;
	double bytes;
};
enum {
	WEIGH_SIZE_BUCKETS = 192,
	WEIGH_SIZE_STRIPES = 8,
};

/*
 * A moment: the largest sites at one time, for `--at TIME`. Moment i owns
 * shares [i * WEIGH_MOMENT_SHARES, + shares).
 */
enum { WEIGH_MOMENT_SHARES = 128 };
struct weigh_moment {
	uint64_t time_ns;
	uint64_t live;         /* footprint of all live blocks then */
	uint32_t shares;       /* <= WEIGH_MOMENT_SHARES */
	uint32_t sites;        /* sites with live blocks then */
	struct weigh_tally rest; /* live at the sites that have no share */
};
struct weigh_share {
	uint64_t key;  /* of the site, to notice that the entry was reused */
	uint32_t site; /* index into sites */
	uint32_t reserved;
	struct weigh_tally live;
};

enum weigh_large_kind {
	WEIGH_LARGE_BLOCK = 0,       /* a recorded block */
	WEIGH_LARGE_RESERVATION = 1, /* address space without memory behind it yet: no block */
};

/* A large block or reservation that is live; a hash table by address. */
struct weigh_large {
	uint64_t address; /* 0: no entry */
	uint64_t bytes;
	uint32_t kind; /* enum weigh_large_kind */
	uint32_t unused;
};

/*
 * Counters of all recorded blocks, exact in both modes, in footprint bytes.
 * live = small_allocated - small_freed + other_live.
 * The small_* are blocks of the interpreter's own small-object allocator,
 * written only by the thread that holds the GIL; the other_* are all others.
 */
struct weigh_counters {
	uint64_t small_allocated;
	uint64_t small_freed;
	uint64_t small_blocks_allocated;
	uint64_t small_blocks_freed;
	int64_t other_live;
	uint64_t other_allocated;
	int64_t other_blocks_live;
	uint64_t other_blocks_allocated;
	int64_t mapped_live;   /* the part of other_live that mappings hold */
	uint64_t arenas;       /* bytes of small-object arenas taken since the start */
	int64_t live_samples;  /* live blocks that are sampled; sampled mode only */
	uint64_t sampled_blocks; /* samples ever taken; sampled mode only */
	uint64_t recorder;       /* the recorder's own private memory, now and then brought up to date */
};

struct weigh_peak {
	uint64_t footprint;
	uint64_t blocks;
	uint64_t epoch;   /* number of peaks so far */
	uint64_t time_ns; /* since the start of the recording */
};

/* Why a record was dropped. */
enum weigh_loss {
	WEIGH_LOSS_BUSY = 0,    /* another thread held the table too long */
	WEIGH_LOSS_MEMORY = 1,  /* the recorder could get no memory */
	WEIGH_LOSS_REENTRY = 2, /* an event inside an event */
	WEIGH_LOSS_ADDRESS = 3, /* an address outside the known range */
	WEIGH_LOSS_COUNT = 4,
};

struct weigh_lost {
	uint64_t blocks;
	uint64_t bytes; /* requested */
};

/* Where resident memory was, read outside the recording path; bytes. */
struct weigh_resident {
	uint64_t time_ns;
	uint64_t anonymous;       /* RssAnon */
	uint64_t file;            /* RssFile */
	uint64_t shared;          /* RssShmem */
	uint64_t live;            /* footprint of recorded live blocks then */
	uint64_t small_live;      /* the part in the small-object allocator */
	uint64_t arenas;          /* of the small-object allocator, taken since the start */
	uint64_t mapped_live;     /* the part in mappings */
	uint64_t malloc_free;     /* free bytes inside malloc's heaps; 0: unknown */
	uint64_t untouched;       /* recorded bytes never touched; 0: unknown */
	uint64_t reserved;        /* resident pages of reservations, which are no blocks */
	uint64_t recorder;        /* the recorder's own private memory */
};

/* Snapshots of the objects that follow the capture in its file. */
enum weigh_part_id {
	WEIGH_PART_PEAK = 0,
	WEIGH_PART_END = 1,
	WEIGH_PART_COUNT = 2,
};

/* What is added to the capture's name for the file that a snapshot has before it is a part. */
#define WEIGH_PART_ENDINGS {".heap-peak", ".heap-end"}

/* What is added to that while it is written: a new peak begins before the one before it is given up. */
#define WEIGH_PART_UNFINISHED {".tmp", ".tmp2"}

enum weigh_part_state {
	WEIGH_PART_NONE = 0,   /* not asked for */
	WEIGH_PART_WANTED = 1, /* asked for; when the recording is over: its time never came, or `error` */
	WEIGH_PART_TAKEN = 2, /* in a file of its own, or on the way there */
	WEIGH_PART_HERE = 3, /* in this file, at `offset` */
};

enum { WEIGH_PART_DIED = -1 }; /* the process that wrote it did */

struct weigh_part {
	uint32_t state; /* enum weigh_part_state */
	uint32_t taken; /* how often it was, each time instead of the one before */
	uint32_t writer; /* the process that writes it, or wrote it last; 0: the program itself */
	int32_t error; /* errno of what went wrong last, or WEIGH_PART_DIED; 0: nothing */
	uint64_t offset; /* from the start of the file, multiple of 64; only when HERE */
	uint64_t size;
	uint64_t live; /* footprint of all live recorded blocks then */
	uint64_t pause_ns; /* how long the program stood still for it */
	uint64_t fork_ns; /* of that, in the fork */
};

struct weigh_header {
	char magic[8];
	uint32_t version;
	uint32_t byte_order;
	uint32_t header_size; /* sizeof(struct weigh_header) */
	uint32_t state;       /* enum weigh_state */
	uint64_t file_size; /* without the parts */
	uint64_t seal; /* XXH3 64 of file_size bytes with this field 0; 0: not sealed */

	uint32_t mode; /* enum weigh_mode */
	uint32_t mode_forced; /* 1: exact because the allocator is not pymalloc over malloc */
	uint32_t python; /* PY_VERSION_HEX */
	uint32_t pid;
	uint32_t page_size;
	uint32_t exit; /* enum weigh_exit */
	int32_t exit_value;
	uint32_t exit_reserved;
	uint64_t started_unix_ns; /* wall clock at the start */
	uint64_t started_ns;      /* CLOCK_MONOTONIC at the start */
	uint64_t ended_ns;        /* CLOCK_MONOTONIC; 0: not ended */
	uint64_t seen_ns;         /* CLOCK_MONOTONIC when last seen alive by a watcher */
	struct weigh_text command; /* arguments, each ended by NUL */
	struct weigh_text folder;  /* working directory at the start */

	struct weigh_section sections[WEIGH_SECTION_COUNT];

	struct weigh_counters counters __attribute__((aligned(64)));
	struct weigh_peak peak __attribute__((aligned(64)));
	uint64_t sampling_period; /* bytes between samples now; 0: everything */
	uint64_t sampling_period_max;
	uint64_t pruned_sites; /* sites whose callers were dropped for want of room */
	uint64_t timeline_step_ns;
	uint64_t moment_step_ns;
	struct weigh_lost lost[WEIGH_LOSS_COUNT];

	struct weigh_resident at_start; /* before the first record */
	struct weigh_resident at_peak;  /* when a watcher saw live bytes highest */
	struct weigh_resident at_end;   /* just before the recorder ended */
	uint64_t rss_peak;              /* highest rss seen, or VmHWM when better */

	struct weigh_part parts[WEIGH_PART_COUNT]; /* snapshots; each has a seal of its own */
};

#endif
