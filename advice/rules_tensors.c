/*
 * Results of torch that are kept with the graph behind them (39): a loss that
 * is put into a list, or added up, while what every layer made on the way to it
 * stays for a backward() that never comes.
 *
 * The graph lies in C++, where no snapshot sees it. What is seen: a loop of the
 * program whose lines made tensors that are all alive at the peak, pass after
 * pass; a line in it that keeps a result; and whether operations were recorded,
 * by the small blocks beside each tensor.
 *
 * One thread; allocates through the collector.
 */
#include "advice/stack_rules.h"
#include "advice/tell.h"
#include "advice/words.h"

#include <math.h>
#include <string.h>

static const char tensors_rule[] = "retained-graph";

enum {
	PASSES_LEAST = 8, /* alive together */
	LINES_MOST = 200, /* of a function, before the line that keeps */
	FRAMES_MOST = 4096,
	SIZE_LEAST = 8 << 10, /* of a tensor's data that counts */
	SMALL_LEAST = 16, /* of the blocks beside it, as an average */
	SMALL_MOST = 512,
};

/*
 * Native blocks of one tensor, its data among them. Counted with torch 2.15, of
 * 16 operations: 4 to 7 when nothing was recorded; then 7 for a sum or product,
 * 8 for relu, tanh and softmax, 11 for a product of matrices, 16 for a norm.
 */
enum { TENSOR_LEAST = 4, RECORDED_LEAST = 8 };

static const double least_share = 0.01; /* of the peak */

/* A line that keeps a result, and the loop it is in. */
struct keep {
	const struct weigh_stack_line *file; /* any line of its file */
	uint32_t line, first; /* first: of the loop */
	const char *text;
	struct weigh_words kept, holder; /* what is kept, and where: "loss", "losses" */
	uint32_t backward; /* a line of the file that calls it; 0: none does */
	bool local;        /* it is in the same function */
};

/* What the lines of the loop made, at the peak. */
struct made {
	uint64_t passes; /* at most; 0: no operation was seen to be recorded */
	uint64_t blocks; /* of each pass, at a stack where they were recorded */
	double bytes;    /* what of it goes is between those told and all */
	double told;     /* at stacks of which it is known how many tensors they hold */
	uint32_t most_line;
	double most;
};

struct seeker {
	const struct weigh_stack_case *look;
	uint32_t file_id, last; /* where the loop that was spoken of last ends */
	uint32_t asked; /* the file of which `torch` says whether it is about torch at all */
	bool torch;
};

static bool is_bare(struct weigh_words text)
{
	static const char *const calls[] = {".item(", ".detach(", ".numpy(", ".tolist(", ".data",
					    "float(", "int(",     "len(",    "str(",     NULL};

	for (int i = 0; calls[i]; i++) {
		if (weigh_words_hold(text, calls[i]))
			return false;
	}
	return true;
}

static struct weigh_words part(const char *start, const char *end)
{
	while (start < end && *start == ' ')
		start++;
	while (end > start && end[-1] == ' ')
		end--;
	return (struct weigh_words){start, (size_t)(end - start)};
}

static bool is_name(struct weigh_words word)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	return word.length && (*word.start < '0' || *word.start > '9') &&
	       strspn(word.start, letters) >= word.length;
}

/* "losses.append(loss)", "total += loss", "total = total + loss". */
static bool read_keep(const char *text, struct keep *keep)
{
	static const char append[] = ".append(";
	struct weigh_words all = weigh_words_all(text), value = weigh_words_value(text);
	const char *end = all.start + all.length, *at = strstr(text, append);

	if (at && at < end && end[-1] == ')') {
		keep->holder = part(text, at);
		keep->kept = part(at + strlen(append), end - 1);
	} else if ((at = strstr(text, " += ")) && at < end) {
		keep->holder = part(text, at);
		keep->kept = part(at + 4, end);
	} else if (weigh_words_target(text, &keep->holder) && (at = strstr(value.start, " + ")) && at < end) {
		struct weigh_words left = part(value.start, at), right = part(at + 3, end);
		bool first = weigh_words_same(left, keep->holder);
		keep->kept = first ? right : left;
		if (!first && !weigh_words_same(right, keep->holder))
			return false;
	} else {
		return false;
	}
	return is_name(keep->holder) && keep->kept.length && is_bare(keep->kept);
}

/*
 * Looks upwards for the loop, and for what binds the name that is kept. False
 * when there is no loop, or the name stands for something else than a result.
 */
static bool find_loop(const struct weigh_stacks *stacks, struct keep *keep)
{
	bool bound = !is_name(keep->kept);

	for (uint32_t up = 1; up < keep->line && up < LINES_MOST; up++) {
		const char *text = weigh_stacks_text(stacks, keep->file, keep->line - up);
		struct weigh_words name;
		if (!text || weigh_words_start_function(text))
			return false;
		if (weigh_words_is_loop(text)) {
			keep->first = keep->line - up;
			return bound;
		}
		if (bound || !weigh_words_target(text, &name) || !weigh_words_same(name, keep->kept))
			continue;
		if (!is_bare(weigh_words_value(text)))
			return false;
		bound = true;
	}
	return false;
}

static bool uses_torch(const struct weigh_stacks *stacks, const struct weigh_stack_line *file)
{
	const char *text;

	for (uint32_t n = 1; (text = weigh_stacks_text(stacks, file, n)); n++) {
		if (!strncmp(text, "import torch", 12) || !strncmp(text, "from torch", 10))
			return true;
	}
	return false;
}

/* A line of the file that calls backward(), one of the same function first. */
static void find_backward(const struct weigh_stacks *stacks, struct keep *keep)
{
	bool ended = false;
	const char *text;

	for (uint32_t n = 1; (text = weigh_stacks_text(stacks, keep->file, n)); n++) {
		if (weigh_words_start_function(text)) {
			ended |= n > keep->line;
			keep->local &= ended;
		}
		struct weigh_words words = weigh_words_all(text);
		if (keep->local ||
		    !(weigh_words_hold(words, "backward(") || weigh_words_hold(words, "autograd.grad(")))
			continue;
		keep->backward = n;
		keep->local = !ended;
	}
}

static bool passes_loop(const struct weigh_stacks *stacks, const struct keep *keep, uint32_t node,
			uint32_t *line)
{
	for (uint32_t frames = 0; node && frames < FRAMES_MOST; frames++) {
		struct weigh_place place = weigh_names_place(stacks->names, node);
		if (place.file_id == keep->file->file_id && place.line > keep->first &&
		    place.line <= keep->line) {
			*line = place.line;
			return true;
		}
		node = stacks->capture->nodes[node].parent;
	}
	return false;
}

/*
 * How many tensors blocks are when all are of one size and each has as many
 * blocks beside it; with several answers the most. 0: none, or blocks were left
 * out by sampling.
 */
static uint64_t count_tensors(const struct weigh_capture *capture, const struct weigh_tally *tally)
{
	uint64_t blocks = (uint64_t)llround(tally->blocks), most = 0;

	for (uint32_t i = 0; i < WEIGH_SIZE_BUCKETS && tally->blocks_variance == 0; i++) {
		struct weigh_size_bucket bucket = weigh_stacks_sizes(capture, i);
		double size = bucket.blocks > 0 ? bucket.bytes / bucket.blocks : 0;
		uint64_t count = size >= SIZE_LEAST ? (uint64_t)(tally->bytes / size) : 0;
		if (count < PASSES_LEAST || count <= most || (double)count > bucket.blocks + 0.5)
			continue;
		/* One pass may be on its way, and the first makes more than the others. */
		if (blocks / count < TENSOR_LEAST || blocks % count > 1 + count / 8)
			continue;
		double rest = (tally->bytes - (double)count * size) / (double)(blocks - count);
		if (rest >= SMALL_LEAST && rest <= SMALL_MOST)
			most = count;
	}
	return most;
}

static void add_site(const struct weigh_stacks *stacks, const struct weigh_tally *peak, uint32_t line,
		     struct made *made)
{
	uint64_t tensors = count_tensors(stacks->capture, peak);
	uint64_t blocks = tensors ? (uint64_t)llround(peak->blocks) / tensors : 0;

	/* Tensors that were made without a record are what the program keeps on purpose. */
	if (tensors && blocks < RECORDED_LEAST)
		return;
	if (tensors && (!made->passes || tensors < made->passes)) {
		made->passes = tensors;
		made->blocks = blocks;
	}
	if (peak->blocks < PASSES_LEAST)
		return;
	made->bytes += peak->footprint;
	made->told += tensors ? peak->footprint : 0;
	if (peak->footprint > made->most) {
		made->most = peak->footprint;
		made->most_line = line;
	}
}

static struct made add_up(const struct weigh_stacks *stacks, const struct keep *keep)
{
	const struct weigh_capture *capture = stacks->capture;
	struct made made = {.bytes = 0};
	uint32_t line;

	for (uint32_t i = 0; i < weigh_capture_count(capture, WEIGH_SECTION_SITES); i++) {
		const struct weigh_site *site = &capture->sites[i];
		if (site->flags & WEIGH_SITE_USED && passes_loop(stacks, keep, site->node, &line))
			add_site(stacks, weigh_capture_at_peak(capture, site), line, &made);
	}
	return made;
}

static void say_change(struct weigh_collector *collector, struct weigh_finding *finding,
		       const struct keep *keep)
{
	const char *kept = keep->kept.start, *behind = kept + keep->kept.length;
	bool name = is_name(keep->kept);

	finding->change_before = weigh_collect_text(collector, "%s", keep->text);
	finding->change_after =
		weigh_collect_text(collector, "%.*s%s%.*s%s.detach()%s  # .item() where it is one number",
				   (int)(kept - keep->text), keep->text, name ? "" : "(",
				   (int)keep->kept.length, kept, name ? "" : ")", behind);
}

static void report(const struct weigh_stack_case *look, const struct keep *keep, const struct made *made)
{
	const struct weigh_stacks *stacks = look->stacks;
	struct weigh_collector *collector = look->collector;
	struct weigh_finding *finding = weigh_collect_finding(collector, 39, tensors_rule);
	int length = (int)keep->holder.length;
	const char *holder = keep->holder.start;
	/* The name keeps the pass before while the next one is made. */
	double passes = (double)made->passes, stay = is_name(keep->kept) ? 2 : 1, part = 1 - stay / passes;
	uint32_t most = weigh_stacks_find(stacks, keep->file->file_id, made->most_line);
	char bytes[WEIGH_TELL_COUNT];

	if (!finding)
		return;
	weigh_collect_place(collector, finding, keep->file->file, keep->line, NULL);
	finding->title = weigh_collect_text(
		collector, "%.*s keeps all that the layers made on the way to each result", length, holder);
	double saving = part * (made->bytes + made->told) / 2;
	if (most != WEIGH_NO_LINE)
		saving = weigh_stacks_capped(stacks, &stacks->lines[most], saving);
	weigh_collect_bytes(finding, WEIGH_QUANTITY_PEAK, made->bytes, saving,
			    keep->backward ? WEIGH_GRADE_HYPOTHESIS : WEIGH_GRADE_LIKELY);
	finding->saving_low = fmin(saving, part * made->told);
	finding->saving_high = fmax(saving, part * made->bytes);
	finding->evidence = weigh_collect_text(
		collector, "of %llu passes %s are alive at the peak, most of it from line %u",
		(unsigned long long)made->passes, weigh_tell_bytes(made->bytes, bytes), made->most_line);
	say_change(collector, finding, keep);
	weigh_collect_check(collector, finding, WEIGH_CHECK_HOLDS,
			    "operations were recorded: %llu blocks for a tensor, of data alone it has 4 to 7",
			    (unsigned long long)made->blocks);
	if (keep->backward)
		weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN,
				    "backward() in line %u is not called on what %.*s leads to",
				    keep->backward, length, holder);
	else
		weigh_collect_check(collector, finding, WEIGH_CHECK_HOLDS,
				    "no line of the file calls backward()");
	finding->cost = weigh_collect_text(
		collector, "no gradient through what is kept; where none is wanted at all, torch.no_grad() "
			   "around the loop saves the recording too");
}

/* Of a function one line is told of: what the loop made is there once. */
static bool look_at(const struct weigh_stack_line *of_file, uint32_t line, const char *text, void *arg)
{
	struct seeker *s = arg;
	const struct weigh_stacks *stacks = s->look->stacks;
	struct keep keep = {.file = of_file, .line = line, .text = text};

	if (of_file->file_id != s->asked) {
		s->asked = of_file->file_id;
		s->torch = uses_torch(stacks, of_file);
	}
	if (!s->torch || !read_keep(text, &keep) || !find_loop(stacks, &keep))
		return false;
	if (s->file_id == of_file->file_id && keep.first <= s->last)
		return false;
	find_backward(stacks, &keep);
	struct made made = add_up(stacks, &keep);
	double least = least_share * stacks->peak;
	if (made.bytes < least || !made.passes)
		return false;
	s->file_id = of_file->file_id;
	s->last = line;
	if (keep.local) {
		weigh_collect_rejected(s->look->collector, tensors_rule, of_file->file, line, 0,
				       "line %u calls backward(), which needs or frees what %.*s keeps",
				       keep.backward, (int)keep.holder.length, keep.holder.start);
		return false;
	}
	report(s->look, &keep, &made);
	return false;
}

struct weigh_error *weigh_rules_tensors(const struct weigh_stack_case *look)
{
	struct seeker seeker = {.look = look, .file_id = WEIGH_NO_LINE, .asked = WEIGH_NO_LINE};

	weigh_stacks_search(look->stacks, look_at, &seeker);
	return NULL;
}
