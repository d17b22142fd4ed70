/*
 * The example capture: a program that reads routes into dicts, parses in a
 * worker thread, keeps an index, and leaks a little. See fake_capture.h.
 */
#include "fake_capture.h"

#include "weigh/format_math.h"

#include <stdio.h>
#include <string.h>

static const uint64_t MS = 1000000;
static const uint64_t MIB = 1 << 20;

struct example {
	struct fake_capture *fake;
	const char *folder;
	double p; /* of small blocks; 1 in exact mode */
	uint32_t module_line, load_line, append_line, parse_line, decode_line, index_line, table_line;
	uint16_t main, worker;
};

static struct weigh_tally tally(const struct example *e, uint64_t blocks, uint64_t size)
{
	if (e->p >= 1 || size >= 1 << 16)
		return fake_exact(blocks, size);
	return fake_sampled((uint64_t)((double)blocks * e->p + 0.5), size, e->p);
}

static uint32_t code_in(struct example *e, const char *name, const char *function, uint32_t first_line,
			uint32_t lines)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", e->folder, name);
	return fake_code(e->fake, path, function, first_line, lines);
}

static void add_frames(struct example *e)
{
	struct fake_capture *fake = e->fake;
	uint32_t module = code_in(e, "routes.py", "<module>", 1, 60);
	uint32_t load = code_in(e, "routes.py", "load", 12, 20);
	uint32_t parse = code_in(e, "parse.py", "Parser.feed", 40, 30);
	uint32_t decode =
		fake_code(fake, "/opt/python/lib/python3.13/json/decoder.py", "JSONDecoder.decode", 340, 20);
	uint32_t index = code_in(e, "index.py", "build.<locals>.<lambda>", 7, 1);
	uint32_t frozen = fake_code(fake, "<frozen importlib._bootstrap>", "_load_unlocked", 911, 40);
	uint32_t top = fake_node(fake, 0, module, 50), in_load, in_parse;

	e->module_line = top;
	in_load = fake_node(fake, top, load, 20);
	e->load_line = in_load;
	e->append_line = fake_node(fake, top, load, 24);
	in_parse = fake_node(fake, in_load, parse, 55);
	e->parse_line = in_parse;
	e->decode_line = fake_node(fake, in_parse, decode, 345);
	e->index_line = fake_node(fake, fake_node(fake, top, load, 26), index, 7);
	e->table_line = fake_node(fake, fake_node(fake, 0, module, 3), frozen, 935);
}

static struct weigh_site *add_site(struct example *e, uint32_t node, uint16_t thread, uint8_t domain,
				   uint64_t blocks, uint64_t size)
{
	struct weigh_site *site = fake_site(e->fake, node, thread, domain);

	site->peak_epoch = e->fake->header.peak.epoch;
	site->at_peak = site->total = tally(e, blocks, size);
	return site;
}

static void add_sites(struct example *e)
{
	struct weigh_site *site = add_site(e, e->append_line, e->main, WEIGH_DOMAIN_OBJECT, 676476, 184);

	site = add_site(e, e->load_line, e->main, WEIGH_DOMAIN_MALLOC, 1, 6 * MIB);
	site->live = site->at_peak;
	site = add_site(e, e->parse_line, e->worker, WEIGH_DOMAIN_OBJECT, 1352952, 33);
	site->live = tally(e, 3000, 33);
	site->temporary = tally(e, 900000, 33);
	site = add_site(e, e->decode_line, e->worker, WEIGH_DOMAIN_MEM, 2000, 512);
	site->temporary = tally(e, 2000, 512);
	site = add_site(e, e->index_line, e->main, WEIGH_DOMAIN_ARRAY, 3, 8 * MIB);
	site = add_site(e, e->table_line, e->main, WEIGH_DOMAIN_MMAP, 1, MIB);
	/* Unchanged since before the peak: what is live was live then. */
	site->peak_epoch = 1;
	site->live = site->at_peak;
	site->at_peak = fake_exact(7, 7);
	site = add_site(e, 0, e->main, WEIGH_DOMAIN_RAW, 40, 1000);
	site->live = site->at_peak;
	/* An entry that is not in use is not looked at. */
	site = fake_site(e->fake, 999999, 77, 99);
	site->flags = 0;
}

static void add_moments(struct example *e)
{
	struct weigh_site *sites = (struct weigh_site *)e->fake->sections[WEIGH_SECTION_SITES].bytes;

	for (uint64_t i = 0; i < 2; i++) {
		struct weigh_moment moment = {
			.time_ns = (i + 1) * 1000 * MS,
			.live = (i + 1) * 60 * MIB,
			.shares = 3,
			.sites = 5,
			.rest = fake_exact(10, 100),
		};
		fake_entry(e->fake, WEIGH_SECTION_MOMENTS, &moment);
		for (uint32_t s = 0; s < WEIGH_MOMENT_SHARES; s++) {
			struct weigh_share share = {.key = sites[s % 3].key, .site = s % 3};
			share.live =
				s < 3 ? tally(e, (i + 1) * 1000, 100 * (s + 1)) : (struct weigh_tally){0};
			/* One site has gone, and another has its entry. */
			share.key += i == 1 && s == 2;
			fake_entry(e->fake, WEIGH_SECTION_SHARES, &share);
		}
	}
}

static void add_timeline(struct fake_capture *fake)
{
	for (uint64_t i = 0; i < 350; i++) {
		uint64_t live = i < 290 ? i * 720 * 1024 : (350 - i) * 3 * MIB;
		struct weigh_tick tick = {i * 10 * MS, 12 * MIB + live + (i > 100 ? 4 * MIB : 0), live, 0};
		if (i > 60 && i < 90)
			tick.rss -= 16 * MIB;
		if (i > 305) {
			tick.reusable = 45 * MIB;
			tick.rss += tick.reusable;
		}
		fake_entry(fake, WEIGH_SECTION_TIMELINE, &tick);
	}
}

static void add_sizes(struct fake_capture *fake)
{
	struct weigh_size_bucket buckets[WEIGH_SIZE_BUCKETS] = {0};
	static const struct {
		uint64_t size, blocks;
	} sizes[] = {{0, 12}, {24, 40000}, {33, 1352952}, {184, 676476}, {512, 2000}, {8 << 20, 3}};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct weigh_size_bucket *bucket = &buckets[weigh_size_bucket_index(sizes[i].size)];
		bucket->blocks += (double)sizes[i].blocks;
		bucket->bytes += (double)(sizes[i].blocks * sizes[i].size);
	}
	/* Two histograms, each with half of the blocks. */
	for (int i = 0; i < 2 * WEIGH_SIZE_BUCKETS; i++) {
		struct weigh_size_bucket half = buckets[i % WEIGH_SIZE_BUCKETS];
		half.blocks /= 2;
		half.bytes /= 2;
		fake_entry(fake, WEIGH_SECTION_SIZES, &half);
	}
}

static void set_header(struct fake_capture *fake, const char *folder)
{
	static const char command[] = "routes.py\0--city\0Chicago";
	struct weigh_header *header = &fake->header;

	header->command = fake_text(fake, command, sizeof(command));
	header->folder = fake_text(fake, folder, strlen(folder));
	header->peak = (struct weigh_peak){
		.footprint = 216 * MIB, .blocks = 2031473, .epoch = 17, .time_ns = 2910 * MS};
	header->counters = (struct weigh_counters){
		.small_allocated = 310 * MIB,
		.small_freed = 309 * MIB,
		.small_blocks_allocated = 2900000,
		.small_blocks_freed = 2896960,
		.other_live = (int64_t)(7 * MIB),
		.other_allocated = 40 * MIB,
		.other_blocks_live = 42,
		.other_blocks_allocated = 400,
	};
	header->at_start = (struct weigh_resident){.anonymous = 5 * MIB, .file = 7 * MIB};
	header->at_peak = (struct weigh_resident){
		.time_ns = 2910 * MS,
		.anonymous = 228 * MIB,
		.file = 9 * MIB,
		.shared = MIB,
		.live = 216 * MIB,
		.small_live = 180 * MIB,
		.arenas = 182 * MIB,
		.mapped_live = MIB,
		.malloc_free = MIB / 2,
		.untouched = 2 * MIB,
		.recorder = 6 * MIB,
	};
	header->at_end = (struct weigh_resident){.time_ns = 3500 * MS,
						 .anonymous = 30 * MIB,
						 .file = 9 * MIB,
						 .live = 8 * MIB,
						 .small_live = 6 * MIB,
						 .arenas = 17 * MIB,
						 .malloc_free = 3 * MIB};
	header->rss_peak = 240 * MIB;
	header->sampling_period = header->mode == WEIGH_MODE_SAMPLED ? 16384 : 0;
	header->sampling_period_max = header->sampling_period;
}

void fake_example(struct fake_capture *fake, enum weigh_mode mode, const char *folder)
{
	struct example example = {
		.fake = fake, .folder = folder, .p = mode == WEIGH_MODE_SAMPLED ? 1.0 / 128 : 1};

	fake_init(fake, mode);
	set_header(fake, folder);
	example.main = fake_thread(fake, "MainThread");
	example.worker = fake_thread(fake, "");
	add_frames(&example);
	add_sites(&example);
	add_moments(&example);
	add_timeline(fake);
	add_sizes(fake);
}
