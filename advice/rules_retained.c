/*
 * Memory that is free for the program at its end, and yet not given back to
 * the machine: arenas of small objects that a few of them hold (40), free
 * parts of malloc's heaps (41).
 *
 * One thread; allocates through the collector.
 */
#include "advice/stack_rules.h"
#include "advice/tell.h"

static const char arenas_rule[] = "pinned-arenas";
static const char malloc_rule[] = "free-in-malloc";

enum { RETAINED_LEAST = 16 << 20 };
static const double retained_share = 0.25; /* of the peak */

static bool is_much(const struct weigh_stacks *stacks, double bytes)
{
	return bytes >= RETAINED_LEAST && bytes >= retained_share * stacks->peak;
}

static void look_at_arenas(const struct weigh_stack_case *look)
{
	const struct weigh_resident *end = &look->stacks->capture->header->at_end;
	struct weigh_collector *collector = look->collector;
	double free_bytes = (double)end->arenas - (double)end->small_live;
	char held[WEIGH_TELL_COUNT], live[WEIGH_TELL_COUNT];

	if (!is_much(look->stacks, free_bytes))
		return;
	struct weigh_finding *finding = weigh_collect_finding(collector, 40, arenas_rule);
	if (!finding)
		return;
	finding->title = weigh_collect_text(collector, "few small objects hold many arenas at the end");
	finding->quantity = WEIGH_QUANTITY_REUSABLE;
	finding->before = (double)end->arenas;
	finding->after = (double)end->small_live;
	finding->saving = free_bytes;
	finding->saving_low = 0;
	finding->saving_high = free_bytes;
	finding->grade = WEIGH_GRADE_HYPOTHESIS;
	finding->evidence = weigh_collect_text(collector, "%s of arenas, %s of objects in them",
					       weigh_tell_bytes((double)end->arenas, held),
					       weigh_tell_bytes((double)end->small_live, live));
	finding->change_after = weigh_collect_text(
		collector, "do the step that needs much in a process of its own, and return its result");
	weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN,
			    "the program goes on and does not need it again");
	finding->cost = weigh_collect_text(collector, "a process, and the result copied between the two");
}

static void look_at_malloc(const struct weigh_stack_case *look)
{
	const struct weigh_header *header = look->stacks->capture->header;
	struct weigh_collector *collector = look->collector;
	double free_bytes = (double)header->at_end.malloc_free - (double)header->at_start.malloc_free;
	char amount[WEIGH_TELL_COUNT];

	if (!is_much(look->stacks, free_bytes))
		return;
	struct weigh_finding *finding = weigh_collect_finding(collector, 41, malloc_rule);
	if (!finding)
		return;
	finding->title = weigh_collect_text(collector, "malloc keeps what was freed");
	finding->quantity = WEIGH_QUANTITY_REUSABLE;
	finding->before = finding->saving = free_bytes;
	finding->saving_low = 0;
	finding->saving_high = free_bytes;
	finding->grade = WEIGH_GRADE_HYPOTHESIS;
	finding->evidence = weigh_collect_text(collector, "%s free in its heaps at the end",
					       weigh_tell_bytes(free_bytes, amount));
	finding->change_after = weigh_collect_text(
		collector, "ctypes.CDLL(None).malloc_trim(0)  # after the step that needed much");
	weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN,
			    "the program goes on and does not need it again");
	finding->cost =
		weigh_collect_text(collector, "the kernel clears the pages when they are needed again");
}

struct weigh_error *weigh_rules_retained(const struct weigh_stack_case *look)
{
	look_at_arenas(look);
	look_at_malloc(look);
	return NULL;
}
