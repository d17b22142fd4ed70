/*
 * A tree of frames as text: weigh_tree_print() of report/tree.h.
 *
 * Frames that lead one way only form a chain, which is one line. Lines are
 * chosen by bytes; since a chain never has more bytes than the one above it,
 * the largest always hang together.
 *
 * One thread; allocates with malloc. Depth is bounded by the capture alone, so
 * nothing here recurses.
 */
#include "report/tree.h"

#include <stdlib.h>
#include <string.h>

enum {
	LEVELS_SHOWN = 24, /* deeper ones are drawn at this indent */
	CHAIN_SHOWN = 4,   /* frames of a longer chain are left out in its middle */
	NUMBERS = 21,      /* columns before the branches */
	SPREAD = 8,        /* columns more with a spread */
};

static const double LEAST_SHARE = 0.001; /* of the whole; less is not worth a line */

struct printer {
	const struct weigh_tree *tree;
	const struct weigh_report *report;
	FILE *out;
	bool estimated;  /* numbers have a spread */
	uint8_t *chosen; /* by node: the first frame of a chain that is printed */
};

/* The last frame of the chain that starts at `head`. */
static uint32_t chain_end(const struct weigh_tree *tree, uint32_t head)
{
	const struct weigh_tree_node *nodes = tree->nodes;

	while (nodes[head].first_child && !nodes[nodes[head].first_child].next && !(nodes[head].own > 0))
		head = nodes[head].first_child;
	return head;
}

static int compare_heads(const void *left, const void *right, void *context)
{
	const struct weigh_tree_node *nodes = context;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	double x = nodes[a].tally.bytes, y = nodes[b].tally.bytes;

	/* Of equals the caller, which has the smaller index, goes first. */
	return x != y ? (x < y) - (x > y) : (a > b) - (a < b);
}

/* One chain alone that leads nowhere further takes no more room than saying so. */
static void choose_single(struct printer *p, uint32_t parent)
{
	const struct weigh_tree_node *nodes = p->tree->nodes;
	uint32_t hidden = 0, count = 0;

	for (uint32_t c = nodes[parent].first_child; c; c = nodes[c].next) {
		if (p->chosen[c])
			continue;
		hidden = c;
		count++;
	}
	if (count == 1 && !nodes[chain_end(p->tree, hidden)].first_child)
		p->chosen[hidden] = 1;
}

static struct weigh_error *choose(struct printer *p, uint32_t limit)
{
	const struct weigh_tree *tree = p->tree;
	uint32_t *heads = malloc(((size_t)tree->count + 1) * sizeof(*heads)), count = 0;
	double least = tree->nodes[0].tally.bytes * LEAST_SHARE;

	p->chosen = calloc((size_t)tree->count + 1, 1);
	if (!heads || !p->chosen) {
		free(heads);
		return weigh_error_create_memory();
	}
	/* Every chain hangs from the end of another, or from the root. */
	heads[count++] = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t child = tree->nodes[i ? chain_end(tree, heads[i]) : 0].first_child;
		for (; child; child = tree->nodes[child].next)
			heads[count++] = child;
	}
	qsort_r(heads + 1, count - 1, sizeof(*heads), compare_heads, tree->nodes);
	for (uint32_t i = 1; i < count && (!limit || i <= limit); i++)
		p->chosen[heads[i]] = !limit || i == 1 || tree->nodes[heads[i]].tally.bytes >= least;
	for (uint32_t i = 0; i < count && limit; i++) {
		if (!i || p->chosen[heads[i]])
			choose_single(p, i ? chain_end(tree, heads[i]) : 0);
	}
	free(heads);
	return NULL;
}

static bool is_estimated(const struct weigh_tree *tree, const struct weigh_style *style)
{
	char text[WEIGH_NUMBER];

	for (uint32_t i = 0; i < tree->count; i++) {
		if (*weigh_spread_text(style, weigh_estimate_bytes(&tree->nodes[i].tally, &tree->chance),
				       text))
			return true;
	}
	return false;
}

static void print_numbers(const struct printer *p, const struct weigh_tally *tally)
{
	const struct weigh_style *style = &p->report->style;
	double sum = p->tree->nodes[0].tally.bytes;
	char text[WEIGH_NUMBER];

	weigh_style_ink(style, p->out, WEIGH_INK_BOLD);
	fprintf(p->out, "%10s ", weigh_bytes_text(tally->bytes, text));
	weigh_style_ink(style, p->out, WEIGH_INK_PLAIN);
	if (p->estimated) {
		weigh_spread_text(style, weigh_estimate_bytes(tally, &p->tree->chance), text);
		fprintf(p->out, "%*s%s ", SPREAD - 1 - weigh_text_width(text), "", text);
	}
	fprintf(p->out, "%8s  ", weigh_share_text(sum > 0 ? tally->bytes / sum : 0, text));
}

/* Where a chain hangs: its own chain's first frame's caller's chain, and so on. */
struct level {
	uint32_t head;
	bool last; /* no line follows under the same caller */
};

static int print_branches(const struct printer *p, const struct level *levels, uint32_t depth)
{
	const struct weigh_style *style = &p->report->style;
	uint32_t first = depth > LEVELS_SHOWN ? depth - LEVELS_SHOWN : 1;

	weigh_style_ink(style, p->out, WEIGH_INK_DIM);
	for (uint32_t i = first; i < depth; i++)
		fputs(levels[i].last ? "  " : weigh_style_pick(style, "│ ", "| "), p->out);
	if (depth)
		fputs(levels[depth].last ? weigh_style_pick(style, "└ ", "`-")
					 : weigh_style_pick(style, "├ ", "|-"),
		      p->out);
	weigh_style_ink(style, p->out, WEIGH_INK_PLAIN);
	return depth ? 2 * (int)(depth - first + 1) : 0;
}

static bool append(char **text, const char *more)
{
	char *longer;
	int made = asprintf(&longer, "%s%s", *text ? *text : "", more);

	free(*text);
	*text = made < 0 ? NULL : longer;
	return made >= 0;
}

static bool append_place(const struct printer *p, char **text, const struct weigh_place *place)
{
	char *one;
	int made;

	if (place->file && place->line)
		made = asprintf(&one, "%s:%u %s", weigh_source_short_path(p->report->sources, place->file),
				place->line, place->function);
	else
		made = asprintf(&one, "%s", place->function);
	if (made < 0)
		return false;
	bool good = append(text, one);
	free(one);
	return good;
}

/* "a.py:3 main > b.py:7 load > ... 5 frames ... > c.py:9 read"; NULL without memory. */
static char *chain_text(const struct printer *p, uint32_t head)
{
	const struct weigh_tree_node *nodes = p->tree->nodes;
	const char *arrow = weigh_style_pick(&p->report->style, " › ", " > ");
	uint32_t end = chain_end(p->tree, head), length = 1;
	char *text = NULL, middle[64];
	bool good = true;

	for (uint32_t i = head; i != end; i = nodes[i].first_child)
		length++;
	uint32_t at = head;
	for (uint32_t i = 0; i < length && good; i++, at = nodes[at].first_child) {
		bool hidden =
			length > CHAIN_SHOWN + 1 && i >= CHAIN_SHOWN / 2 && i < length - CHAIN_SHOWN / 2;
		if (hidden && i > CHAIN_SHOWN / 2)
			continue;
		if (i)
			good = append(&text, arrow);
		snprintf(middle, sizeof(middle), "(%u frames)", length - CHAIN_SHOWN);
		if (good)
			good = hidden ? append(&text, middle) : append_place(p, &text, &nodes[at].place);
	}
	if (good)
		return text;
	free(text);
	return NULL;
}

static void print_chain(const struct printer *p, const struct level *levels, uint32_t depth)
{
	int width = p->report->style.width;
	char *text = chain_text(p, levels[depth].head);

	print_numbers(p, &p->tree->nodes[levels[depth].head].tally);
	int used = NUMBERS + (p->estimated ? SPREAD : 0) + print_branches(p, levels, depth);
	int left = width ? (width - used > 16 ? width - used : 16) : 0;
	weigh_text_print_end(&p->report->style, p->out, text ? text : "", left);
	fputc('\n', p->out);
	free(text);
}

/* The chains under `parent` that were not chosen, in one line. */
static void print_smaller(const struct printer *p, uint32_t parent, struct level *levels, uint32_t depth)
{
	const struct weigh_tree_node *nodes = p->tree->nodes;
	struct weigh_tally sum = {0};
	char count[WEIGH_NUMBER];
	uint32_t hidden = 0;

	for (uint32_t c = nodes[parent].first_child; c; c = nodes[c].next) {
		if (p->chosen[c])
			continue;
		weigh_tally_add(&sum, &nodes[c].tally);
		hidden++;
	}
	if (!hidden)
		return;
	levels[depth] = (struct level){.last = true};
	print_numbers(p, &sum);
	print_branches(p, levels, depth);
	fprintf(p->out, "(%s smaller)\n", weigh_count_text(hidden, count));
}

static uint32_t next_chosen(const struct printer *p, uint32_t node)
{
	while (node && !p->chosen[node])
		node = p->tree->nodes[node].next;
	return node;
}

static bool is_last(const struct printer *p, uint32_t head)
{
	return !p->tree->nodes[head].next;
}

static void print_levels(const struct printer *p, struct level *levels)
{
	const struct weigh_tree_node *nodes = p->tree->nodes;
	uint32_t depth = 0, node = next_chosen(p, nodes[0].first_child);

	levels[0] = (struct level){.head = node, .last = true};
	while (levels[depth].head) {
		print_chain(p, levels, depth);
		uint32_t end = chain_end(p->tree, levels[depth].head);
		uint32_t child = next_chosen(p, nodes[end].first_child);
		if (child) {
			depth++;
			levels[depth] = (struct level){.head = child, .last = is_last(p, child)};
			continue;
		}
		if (nodes[end].first_child)
			print_smaller(p, end, levels, depth + 1);
		/* On to the next chain here, or above. */
		for (;;) {
			uint32_t head = levels[depth].head;
			uint32_t next = next_chosen(p, nodes[head].next);
			levels[depth] = (struct level){.head = next, .last = next && is_last(p, next)};
			if (next)
				break;
			print_smaller(p, nodes[head].parent, levels, depth);
			if (!depth)
				return;
			depth--;
		}
	}
}

struct weigh_error *weigh_tree_print(const struct weigh_tree *tree, const struct weigh_report *report,
				     uint32_t limit, FILE *out)
{
	struct printer p = {
		.tree = tree, .report = report, .out = out, .estimated = is_estimated(tree, &report->style)};
	struct level *levels = malloc(((size_t)tree->count + 2) * sizeof(*levels));
	struct weigh_error *error = choose(&p, limit);

	if (!error && !levels)
		error = weigh_error_create_memory();
	if (!error) {
		weigh_style_ink(&report->style, out, WEIGH_INK_DIM);
		fprintf(out, "%10s %s%8s  WHERE, callers first\n", "BYTES", p.estimated ? "   95 % " : "",
			"SHARE");
		weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
		print_levels(&p, levels);
	}
	free(levels);
	free(p.chosen);
	return error;
}
