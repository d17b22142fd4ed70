"""The table of lines as text."""

import sys

from weigh._sizetable import amount

COLUMNS = ("Line #", "Mem usage", "Increment", "Occurrences", "Allocated", "Freed", "Peak")
WIDTHS = (6, 12, 12, 12, 12, 12, 12)
UNITS = {"B": 0, "KiB": 10, "MiB": 20, "GiB": 30}


def _format_of(unit, precision):
    """How bytes are written: in one unit, or each in the one that fits."""
    if unit is None and precision is None:
        return amount
    shift = UNITS[unit or "MiB"]
    digits = 0 if shift == 0 else 1 if precision is None else precision

    def write(count):
        return f"{count / (1 << shift):.{digits}f} {unit or 'MiB'}"

    return write


def _cells(line, write):
    if line.mem_usage is None:
        return [str(line.lineno), *[""] * 6]
    return [
        str(line.lineno),
        write(line.mem_usage),
        write(line.increment),
        "" if line.occurrences is None else f"{line.occurrences:,}",
        *(write(count) if count else "" for count in (line.allocated, line.freed, line.peak)),
    ]


def table_text(table, *, unit=None, precision=None):
    """One function's lines, a heading above them."""
    write = _format_of(unit, precision)
    heading = " ".join(title.rjust(width) for title, width in zip(COLUMNS, WIDTHS)) + "   Line Contents"
    lines = [f"Filename: {table.file}", "", heading, "=" * len(heading)]
    for line, source in zip(table.lines, table.source):
        cells = _cells(line, write)
        row = " ".join(cell.rjust(width) for cell, width in zip(cells, WIDTHS))
        lines.append(f"{row}   {source}".rstrip())
    lines += [f"weigh: {note}" for note in table.notes]
    return "\n".join(lines) + "\n"


def print_tables(tables, stream=None, *, unit=None, precision=None):
    """Print tables to a stream, standard output by default: bytes in `unit` (B, KiB, MiB, GiB) or in what fits."""
    stream = sys.stdout if stream is None else stream
    for table in tables:
        stream.write(table_text(table, unit=unit, precision=precision) + "\n\n")
