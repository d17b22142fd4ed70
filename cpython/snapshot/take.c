/*
 * Taking a snapshot from beginning to end; see take.h. With the GIL, or in a
 * child where it is held for ever; memory from the kernel.
 */
#include "cpython/snapshot/take.h"

#include "cpython/snapshot/shapes.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool is_same_build(void)
{
	return strncmp(Py_GetVersion(), PY_VERSION " ", sizeof(PY_VERSION)) == 0;
}

/* Finding loaded files takes a lock that another thread could hold at a fork. */
bool weigh_take_prepare(struct weigh_take *take)
{
	struct weigh_scan *scan = weigh_pages_take(sizeof(*scan));
	if (!scan)
		return false;
	take->scan = scan;
	scan->take = take;
	scan->heap.pagemap = -1;
	scan->sink.heap = &scan->heap;
	scan->sink.quiet = !take->may_allocate;
	scan->interpreter = PyInterpreterState_Main();
	scan->modules = PyImport_GetModuleDict();
	scan->same_build = is_same_build();
	return weigh_heap_init(&scan->heap) && weigh_kinds_init(&scan->kinds, WEIGH_SCAN_FOLLOW) &&
	       weigh_marks_init(&scan->special_marks);
}

void weigh_take_release(struct weigh_take *take)
{
	struct weigh_scan *scan = take->scan;
	if (!scan)
		return;
	weigh_writer_destroy(scan->writer);
	weigh_memo_deinit(scan);
	weigh_room_deinit(&scan->room);
	weigh_pile_deinit(&scan->pile);
	weigh_pile_deinit(&scan->bare_types);
	weigh_marks_deinit(&scan->special_marks);
	weigh_kinds_deinit(&scan->kinds);
	weigh_heap_deinit(&scan->heap);
	weigh_pages_give(scan, sizeof(*scan));
	take->scan = NULL;
}

static void copy_known(struct weigh_snapshot_header *header, const struct weigh_snapshot_header *known)
{
	header->when = known->when;
	header->mode = known->mode;
	header->taken_unix_ns = known->taken_unix_ns;
	header->taken_ns = known->taken_ns;
	header->recording_ns = known->recording_ns;
	header->live = known->live;
	header->rss = known->rss;
	header->anonymous = known->anonymous;
	header->pause_ns = known->pause_ns;
	header->pid = known->pid ? known->pid : (uint32_t)getpid();
	header->python = PY_VERSION_HEX;
}

int weigh_take_write(struct weigh_take *take)
{
	struct weigh_scan *scan = take->scan;
	scan->writer = weigh_writer_create();
	if (!scan->writer || !weigh_memo_init(scan))
		return ENOMEM;
	copy_known(&scan->writer->header, &take->known);
	weigh_writer_begin(scan->writer, take->fd);
	if (!weigh_scan_reach(scan) || !weigh_marks_number(&scan->heap.seen))
		return ENOMEM;
	scan->writer->header.expected = scan->heap.seen.members;
	weigh_scan_write(scan);
	if (take->sites)
		take->sites->write(scan->writer, take->sites->arg);
	if (scan->failed)
		return ENOMEM;
	return weigh_writer_finish(scan->writer, take->fd);
}
