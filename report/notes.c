/*
 * What a reader must know to judge the numbers of a capture: how the program
 * ended, what was lost, what was full. Declared in report/report.h.
 *
 * One thread; allocates nothing.
 */
#include "capture/parts.h"
#include "report/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static void __attribute__((format(printf, 2, 3))) add_note(struct weigh_notes *notes, const char *format, ...)
{
	va_list arguments;

	if (notes->count == WEIGH_NOTES)
		return;
	va_start(arguments, format);
	vsnprintf(notes->lines[notes->count++], WEIGH_NOTE, format, arguments);
	va_end(arguments);
}

char *weigh_exit_text(const struct weigh_header *header, char text[static WEIGH_NOTE])
{
	const char *name = sigabbrev_np(header->exit_value);

	text[0] = '\0';
	if (header->exit == WEIGH_EXIT_STATUS)
		snprintf(text, WEIGH_NOTE, "exit status %" PRId32, header->exit_value);
	else if (header->exit == WEIGH_EXIT_SIGNAL && name)
		snprintf(text, WEIGH_NOTE, "killed by signal %" PRId32 " (SIG%s)", header->exit_value, name);
	else if (header->exit == WEIGH_EXIT_SIGNAL)
		snprintf(text, WEIGH_NOTE, "killed by signal %" PRId32, header->exit_value);
	return text;
}

static void note_ending(struct weigh_notes *notes, const struct weigh_header *header)
{
	char ending[WEIGH_NOTE];

	if (header->state == WEIGH_STATE_ENDED)
		return;
	weigh_exit_text(header, ending);
	if (header->exit == WEIGH_EXIT_SIGNAL)
		add_note(notes, "the program did not finish: %s; the numbers are those of its last event",
			 ending);
	else if (header->exit == WEIGH_EXIT_STATUS)
		add_note(notes, "the program did not finish: it left without its exit handlers, %s", ending);
	else
		add_note(
			notes,
			"the program did not finish, or is still running; the numbers are those of the last event");
}

void weigh_notes_losses(struct weigh_notes *notes, const struct weigh_capture *capture)
{
	static const char *const why[WEIGH_LOSS_COUNT] = {
		[WEIGH_LOSS_BUSY] = "the table of blocks was busy",
		[WEIGH_LOSS_MEMORY] = "no memory for the record",
		[WEIGH_LOSS_REENTRY] = "an event inside an event",
		[WEIGH_LOSS_ADDRESS] = "an address outside the known range",
	};

	for (int i = 0; i < WEIGH_LOSS_COUNT; i++) {
		const struct weigh_lost *lost = &capture->header->lost[i];
		char blocks[WEIGH_NUMBER], bytes[WEIGH_NUMBER];

		if (lost->blocks)
			add_note(notes, "%s (%s): %s", weigh_blocks_text((double)lost->blocks, blocks),
				 weigh_bytes_text((double)lost->bytes, bytes), why[i]);
	}
}

/* Tables whose entries name what was recorded; the others thin out by design. */
static void note_refused(struct weigh_notes *notes, const struct weigh_header *header)
{
	static const struct {
		enum weigh_section_id id;
		const char *what;
	} tables[] = {
		{WEIGH_SECTION_STRINGS, "names"},   {WEIGH_SECTION_CODES, "code objects"},
		{WEIGH_SECTION_NODES, "frames"},    {WEIGH_SECTION_SITES, "sites"},
		{WEIGH_SECTION_THREADS, "threads"},
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		char count[WEIGH_NUMBER];
		uint32_t refused = header->sections[tables[i].id].refused;

		if (refused)
			add_note(notes,
				 "no room for %s %s: their blocks are counted, but stand under fewer names",
				 weigh_count_text(refused, count), tables[i].what);
	}
}

/* Snapshots that were asked for and are not here. */
static void note_parts(struct weigh_notes *notes, const struct weigh_header *header)
{
	static const char *const when[WEIGH_PART_COUNT] = {
		[WEIGH_PART_PEAK] = "peak",
		[WEIGH_PART_END] = "end",
	};

	for (int id = 0; id < WEIGH_PART_COUNT; id++) {
		const struct weigh_part *part = &header->parts[id];
		if (part->state == WEIGH_PART_WANTED && part->error)
			add_note(notes, "no snapshot of the objects at the %s: %s", when[id],
				 weigh_part_trouble(part));
		else if (part->state == WEIGH_PART_WANTED && header->exit != WEIGH_EXIT_UNKNOWN)
			add_note(notes,
				 "no snapshot of the objects at the %s: the program did not come to %s",
				 when[id], id == WEIGH_PART_PEAK ? "one" : "it");
	}
}

void weigh_notes_collect(struct weigh_notes *notes, const struct weigh_capture *capture)
{
	const struct weigh_header *header = capture->header;
	struct weigh_notes losses = {0};

	note_ending(notes, header);
	if (header->mode_forced)
		add_note(notes, "exact, because the program's allocator does not tell the size of a block");
	weigh_notes_losses(&losses, capture);
	for (int i = 0; i < losses.count; i++)
		add_note(notes, "not recorded: %.*s", WEIGH_NOTE - 20, losses.lines[i]);
	if (header->pruned_sites) {
		char count[WEIGH_NUMBER];

		add_note(notes, "%s sites stand without their callers: the capture was full",
			 weigh_count_text((double)header->pruned_sites, count));
	}
	note_refused(notes, header);
	note_parts(notes, header);
}
