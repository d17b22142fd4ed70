/*
 * The checks that stand between a file and the readers: see capture/check.h.
 * Whatever the bytes are, what comes out is an error that names the byte, or a
 * capture whose references all hold.
 *
 * One thread per capture; allocates with malloc.
 */
#include "capture/check.h"

#include "capture/parts.h"
#include "weigh/format_math.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger than any memory or any sum of it; a number above is damage. */
static const double absurd_sum = 0x1p62;
static const double absurd_variance = 0x1p126;
static const uint64_t absurd_bytes = 1ull << 60;

/* A capture is megabytes; what claims more is not worth the memory to look. */
static const uint64_t absurd_file = 1ull << 32;

static const struct {
	const char *name;
	uint32_t entry_size;
} sections[WEIGH_SECTION_COUNT] = {
	[WEIGH_SECTION_STRINGS] = {"strings", 1},
	[WEIGH_SECTION_CODES] = {"codes", sizeof(struct weigh_code)},
	[WEIGH_SECTION_NODES] = {"nodes", sizeof(struct weigh_node)},
	[WEIGH_SECTION_SITES] = {"sites", sizeof(struct weigh_site)},
	[WEIGH_SECTION_THREADS] = {"threads", sizeof(struct weigh_thread_entry)},
	[WEIGH_SECTION_TIMELINE] = {"timeline", sizeof(struct weigh_tick)},
	[WEIGH_SECTION_SIZES] = {"sizes", sizeof(struct weigh_size_bucket)},
	[WEIGH_SECTION_MOMENTS] = {"moments", sizeof(struct weigh_moment)},
	[WEIGH_SECTION_SHARES] = {"shares", sizeof(struct weigh_share)},
	[WEIGH_SECTION_LARGE] = {"large", sizeof(struct weigh_large)},
};

static struct weigh_error *damaged(const char *path, uint64_t offset, const char *what)
{
	return weigh_error_create(WEIGH_ERROR_FORMAT,
				  "%s: byte %" PRIu64
				  ": damaged: %s: copy it again from where it came, or record it again",
				  path, offset, what);
}

/* The same for an address inside the capture. */
static struct weigh_error *damaged_at(const struct weigh_capture *capture, const void *at, const char *what)
{
	return damaged(capture->path, (uint64_t)((const uint8_t *)at - capture->bytes), what);
}

static struct weigh_error *cut_short(const char *path, uint64_t is, uint64_t should)
{
	return weigh_error_create(WEIGH_ERROR_FORMAT,
				  "%s: cut short: it has %" PRIu64 " of %" PRIu64
				  " bytes: copy it again from where it came, or record it again",
				  path, is, should);
}

/* Why a file whose first bytes are not the magic is no capture. */
static struct weigh_error *not_a_capture(const char *path, const struct weigh_header *header, size_t length)
{
	if (length == 0)
		return weigh_error_create(WEIGH_ERROR_FORMAT, "%s: empty: record again with 'weigh run'",
					  path);
	for (size_t i = 0; i < length; i++) {
		if (((const uint8_t *)header)[i])
			return weigh_error_create(
				WEIGH_ERROR_FORMAT,
				"%s: not a capture of weigh: give a file that 'weigh run' wrote", path);
	}
	return weigh_error_create(
		WEIGH_ERROR_FORMAT,
		"%s: holds no recording: the program ended before weigh could start: record again with 'weigh run'",
		path);
}

static struct weigh_error *check_file_size(const char *path, const struct weigh_header *header,
					   uint64_t file_size)
{
	const struct weigh_part *wrong;
	if (file_size < header->file_size)
		return cut_short(path, file_size, header->file_size);
	if (header->file_size > absurd_file)
		return damaged(path, offsetof(struct weigh_header, file_size), "an impossible size");
	if (!weigh_parts_sane(header, &wrong))
		return damaged(path, (uint64_t)((const char *)wrong - (const char *)header),
			       "a part that is not where it should be");
	if (file_size < weigh_parts_end(header))
		return cut_short(path, file_size, weigh_parts_end(header));
	if (file_size != weigh_parts_end(header))
		return damaged(path, offsetof(struct weigh_header, file_size),
			       "a size that is not the file's");
	return NULL;
}

struct weigh_error *weigh_check_header(const char *path, const struct weigh_header *header, size_t length,
				       uint64_t file_size)
{
	size_t magic = length < sizeof(header->magic) ? length : sizeof(header->magic);

	if (!length || memcmp(header->magic, WEIGH_MAGIC, magic))
		return not_a_capture(path, header, length);
	if (length < offsetof(struct weigh_header, state))
		return cut_short(path, length, sizeof(*header));
	if (header->byte_order != WEIGH_BYTE_ORDER)
		return damaged(path, offsetof(struct weigh_header, byte_order), "not little endian");
	if (header->version > WEIGH_FORMAT_VERSION)
		return weigh_error_create(WEIGH_ERROR_FORMAT,
					  "%s: written by a newer weigh (format %" PRIu32
					  ", this one reads %d): upgrade weigh",
					  path, header->version, WEIGH_FORMAT_VERSION);
	if (header->version < 1)
		return damaged(path, offsetof(struct weigh_header, version), "no format version");
	if (header->version < WEIGH_FORMAT_VERSION)
		return weigh_error_create(WEIGH_ERROR_FORMAT,
					  "%s: written by an older weigh (format %" PRIu32
					  ", this one reads %d): record the program again",
					  path, header->version, WEIGH_FORMAT_VERSION);
	if (header->header_size != sizeof(*header))
		return damaged(path, offsetof(struct weigh_header, header_size), "a header of another size");
	if (length < sizeof(*header))
		return cut_short(path, length, sizeof(*header));
	return check_file_size(path, header, file_size);
}

static struct weigh_error *check_section(const struct weigh_capture *capture, int id)
{
	const struct weigh_section *section = &capture->header->sections[id];
	uint64_t bytes = (uint64_t)section->capacity * sections[id].entry_size;
	const char *what = NULL;

	if (section->entry_size != sections[id].entry_size)
		what = "entries of another size";
	else if (section->used > section->capacity)
		what = "more entries than there is room for";
	else if (section->offset % 64)
		what = "a section that is not aligned";
	else if (section->capacity &&
		 (section->offset < sizeof(struct weigh_header) || section->offset > capture->size ||
		  bytes > capture->size - section->offset))
		what = "a section outside the file";
	for (int other = 0; !what && other < id; other++) {
		const struct weigh_section *o = &capture->header->sections[other];
		uint64_t other_bytes = (uint64_t)o->capacity * sections[other].entry_size;

		if (bytes && other_bytes && o->offset < section->offset + bytes &&
		    section->offset < o->offset + other_bytes)
			what = "sections that overlap";
	}
	if (!what)
		return NULL;

	char where[64];
	snprintf(where, sizeof(where), "section %s: %s", sections[id].name, what);
	return damaged_at(capture, section, where);
}

static struct weigh_error *check_sections(struct weigh_capture *capture)
{
	const void *first[WEIGH_SECTION_COUNT];

	for (int id = 0; id < WEIGH_SECTION_COUNT; id++) {
		struct weigh_error *error = check_section(capture, id);
		if (error)
			return error;
		const struct weigh_section *section = &capture->header->sections[id];
		first[id] = capture->bytes + (section->capacity ? section->offset : 0);
	}
	capture->strings = first[WEIGH_SECTION_STRINGS];
	capture->codes = first[WEIGH_SECTION_CODES];
	capture->nodes = first[WEIGH_SECTION_NODES];
	capture->sites = first[WEIGH_SECTION_SITES];
	capture->threads = first[WEIGH_SECTION_THREADS];
	capture->ticks = first[WEIGH_SECTION_TIMELINE];
	capture->sizes = first[WEIGH_SECTION_SIZES];
	capture->moments = first[WEIGH_SECTION_MOMENTS];
	capture->shares = first[WEIGH_SECTION_SHARES];
	return NULL;
}

static bool text_inside(const struct weigh_capture *capture, struct weigh_text text)
{
	uint32_t used = weigh_capture_count(capture, WEIGH_SECTION_STRINGS);

	return text.offset <= used && text.length <= used - text.offset;
}

static bool resident_sane(const struct weigh_resident *r)
{
	const uint64_t bytes[] = {r->anonymous,  r->file,     r->shared,      r->live,
				  r->small_live, r->arenas,   r->mapped_live, r->malloc_free,
				  r->untouched,  r->reserved, r->recorder};

	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		if (bytes[i] > absurd_bytes)
			return false;
	}
	return true;
}

static struct weigh_error *check_header_numbers(const struct weigh_capture *capture)
{
	const struct weigh_header *header = capture->header;

	if (header->mode != WEIGH_MODE_SAMPLED && header->mode != WEIGH_MODE_EXACT)
		return damaged_at(capture, &header->mode, "no known mode");
	if (header->state != WEIGH_STATE_RECORDING && header->state != WEIGH_STATE_ENDED)
		return damaged_at(capture, &header->state, "no known state");
	if (!text_inside(capture, header->command))
		return damaged_at(capture, &header->command, "a command outside the strings");
	if (!text_inside(capture, header->folder))
		return damaged_at(capture, &header->folder, "a folder outside the strings");
	if (header->peak.footprint > absurd_bytes)
		return damaged_at(capture, &header->peak, "an impossible peak");
	if (weigh_counters_live(&header->counters) > absurd_bytes)
		return damaged_at(capture, &header->counters, "impossible counters");
	const struct weigh_resident *resident[] = {&header->at_start, &header->at_peak, &header->at_end};
	for (int i = 0; i < 3; i++) {
		if (!resident_sane(resident[i]))
			return damaged_at(capture, resident[i], "impossible resident memory");
	}
	if (header->rss_peak > absurd_bytes)
		return damaged_at(capture, &header->rss_peak, "impossible resident memory");
	return NULL;
}

static struct weigh_error *check_codes(const struct weigh_capture *capture)
{
	uint32_t count = weigh_capture_count(capture, WEIGH_SECTION_CODES);

	for (uint32_t i = 0; i < count; i++) {
		const struct weigh_code *code = &capture->codes[i];
		if (!text_inside(capture, code->file) || !text_inside(capture, code->function) ||
		    !text_inside(capture, code->lines))
			return damaged_at(capture, code, "a code object with a text outside the strings");
	}
	return NULL;
}

/* Whether an index names an entry; entry 0 of codes, nodes and threads always does. */
static bool inside(uint32_t index, uint32_t count)
{
	return index == 0 || index < count;
}

/* Every walk from a node to its parent must end at node 0. */
static struct weigh_error *check_nodes(const struct weigh_capture *capture)
{
	enum { UNSEEN, ON_THIS_WALK, GOOD };
	uint32_t count = weigh_capture_count(capture, WEIGH_SECTION_NODES);
	uint32_t codes = weigh_capture_count(capture, WEIGH_SECTION_CODES);
	struct weigh_error *error = NULL;

	for (uint32_t i = 0; i < count; i++) {
		if (!inside(capture->nodes[i].parent, count))
			return damaged_at(capture, &capture->nodes[i], "a frame without its caller");
		if (!inside(capture->nodes[i].code, codes))
			return damaged_at(capture, &capture->nodes[i], "a frame without its code");
	}

	uint8_t *seen = calloc((size_t)count + 1, 1);
	if (!seen)
		return weigh_error_create_memory();
	seen[0] = GOOD;
	for (uint32_t i = 0; i < count && !error; i++) {
		uint32_t n = i;
		for (; seen[n] == UNSEEN; n = capture->nodes[n].parent)
			seen[n] = ON_THIS_WALK;
		if (seen[n] == ON_THIS_WALK)
			error = damaged_at(capture, &capture->nodes[n], "a frame that is its own caller");
		for (n = i; seen[n] == ON_THIS_WALK && !error; n = capture->nodes[n].parent)
			seen[n] = GOOD;
	}
	free(seen);
	return error;
}

/* Sums are finite; below zero by no more than rounding makes of `scale`. */
static bool mend_sum(double *sum, double scale, double limit)
{
	if (!isfinite(*sum) || *sum > limit || *sum < -1 - 1e-6 * scale)
		return false;
	if (*sum < 0)
		*sum = 0;
	return true;
}

/*
 * A block's variance may be many orders above the sums; what remains of it
 * after the block is gone is judged by the largest it can have been.
 */
static bool mend_variance(double *variance, double limit)
{
	if (!isfinite(*variance) || fabs(*variance) > limit)
		return false;
	if (*variance < 0)
		*variance = 0;
	return true;
}

static bool mend_tally(struct weigh_tally *tally, const struct weigh_tally *total)
{
	bool sane = mend_sum(&tally->bytes, total->bytes, absurd_sum) &&
		    mend_sum(&tally->footprint, total->footprint, absurd_sum) &&
		    mend_sum(&tally->blocks, total->blocks, absurd_sum) &&
		    mend_sum(&tally->unseen, total->bytes, absurd_sum) &&
		    mend_variance(&tally->bytes_variance, absurd_variance) &&
		    mend_variance(&tally->footprint_variance, absurd_variance) &&
		    mend_variance(&tally->blocks_variance, absurd_variance);

	if (sane && tally->samples <= 0)
		*tally = (struct weigh_tally){0};
	return sane;
}

static struct weigh_error *check_sites(const struct weigh_capture *capture)
{
	uint32_t count = weigh_capture_count(capture, WEIGH_SECTION_SITES);

	for (uint32_t i = 0; i < count; i++) {
		struct weigh_site *site = (struct weigh_site *)&capture->sites[i];
		if (!(site->flags & WEIGH_SITE_USED))
			continue;
		if (!inside(site->node, weigh_capture_count(capture, WEIGH_SECTION_NODES)))
			return damaged_at(capture, site, "a site without its stack");
		if (!inside(site->thread, weigh_capture_count(capture, WEIGH_SECTION_THREADS)))
			return damaged_at(capture, site, "a site without its thread");
		if (site->domain >= WEIGH_DOMAIN_COUNT)
			return damaged_at(capture, site, "a site of no known domain");

		const struct weigh_tally total = site->total;
		if (!mend_tally(&site->total, &total) || !mend_tally(&site->live, &total) ||
		    !mend_tally(&site->at_peak, &total) || !mend_tally(&site->temporary, &total))
			return damaged_at(capture, site, "a site with impossible sums");
	}
	return NULL;
}

static struct weigh_error *check_timeline(const struct weigh_capture *capture)
{
	uint32_t count = weigh_capture_count(capture, WEIGH_SECTION_TIMELINE);

	for (uint32_t i = 0; i < count; i++) {
		const struct weigh_tick *tick = &capture->ticks[i];
		if (tick->rss > absurd_bytes || tick->live > absurd_bytes || tick->reusable > absurd_bytes)
			return damaged_at(capture, tick, "an impossible point of the timeline");
	}
	return NULL;
}

static struct weigh_error *check_sizes(const struct weigh_capture *capture)
{
	uint32_t count = weigh_capture_count(capture, WEIGH_SECTION_SIZES);

	for (uint32_t i = 0; i < count; i++) {
		struct weigh_size_bucket *bucket = (struct weigh_size_bucket *)&capture->sizes[i];
		if (!mend_sum(&bucket->blocks, 0, absurd_sum) || !mend_sum(&bucket->bytes, 0, absurd_sum))
			return damaged_at(capture, bucket, "an impossible count of sizes");
	}
	return NULL;
}

static struct weigh_error *check_moments(const struct weigh_capture *capture)
{
	uint32_t count = weigh_capture_count(capture, WEIGH_SECTION_MOMENTS);
	uint32_t shares = weigh_capture_count(capture, WEIGH_SECTION_SHARES);
	uint32_t sites = weigh_capture_count(capture, WEIGH_SECTION_SITES);

	for (uint32_t i = 0; i < count; i++) {
		struct weigh_moment *moment = (struct weigh_moment *)&capture->moments[i];
		uint64_t first = (uint64_t)i * WEIGH_MOMENT_SHARES;

		if (moment->shares > WEIGH_MOMENT_SHARES || first + moment->shares > shares)
			return damaged_at(capture, moment, "a moment with shares outside their section");
		if (moment->live > absurd_bytes || !mend_tally(&moment->rest, &moment->rest))
			return damaged_at(capture, moment, "a moment with impossible sums");
		for (uint64_t s = first; s < first + moment->shares; s++) {
			struct weigh_share *share = (struct weigh_share *)&capture->shares[s];
			if (share->site >= sites)
				return damaged_at(capture, share, "a share without its site");
			if (!mend_tally(&share->live, &share->live))
				return damaged_at(capture, share, "a share with impossible sums");
		}
	}
	return NULL;
}

struct weigh_error *weigh_check_capture(struct weigh_capture *capture)
{
	struct weigh_error *error;

	capture->header = (const struct weigh_header *)capture->bytes;
	if ((error = weigh_check_header(capture->path, capture->header, sizeof(*capture->header),
					capture->file_size)) ||
	    (error = check_sections(capture)) || (error = check_header_numbers(capture)) ||
	    (error = check_codes(capture)) || (error = check_nodes(capture)) ||
	    (error = check_sites(capture)) || (error = check_timeline(capture)) ||
	    (error = check_sizes(capture)))
		return error;
	return check_moments(capture);
}
