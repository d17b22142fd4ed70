"""The table of lines as text."""

import os
import sys

from weigh._sizetable import amount

COLUMNS = ("Line #", "Mem usage", "Increment", "Occurrences", "Allocated", "Freed", "Peak")
WIDTHS = (6, 12, 12, 12, 12, 12, 12)
# As reports have them on a terminal.
BOLD, DIM, WARN, PLAIN = "\033[1m", "\033[2m", "\033[33m", "\033[0m"
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


def takes_color(stream):
    """Whether a stream is a terminal that is to be written to in colour."""
    try:
        terminal = stream.isatty()
    except (AttributeError, ValueError):
        return False
    return bool(terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb")


def _ink_of(line, most):
    """Bold for the line that allocated most, dim for one that never ran."""
    if line.mem_usage is None:
        return DIM
    return BOLD if most and line.allocated == most else ""


def table_text(table, *, unit=None, precision=None, color=False):
    """One function's lines, a heading above them; with `color` in that of a terminal."""

    def inked(ink, text):
        return f"{ink}{text}{PLAIN}" if color and ink and text else text

    write = _format_of(unit, precision)
    most = max((line.allocated or 0 for line in table.lines), default=0)
    heading = " ".join(title.rjust(width) for title, width in zip(COLUMNS, WIDTHS)) + "   Line Contents"
    lines = [f"Filename: {table.file}", "", inked(BOLD, heading), inked(DIM, "=" * len(heading))]
    for line, source in zip(table.lines, table.source):
        cells = _cells(line, write)
        row = " ".join(cell.rjust(width) for cell, width in zip(cells, WIDTHS))
        lines.append(inked(_ink_of(line, most), f"{row}   {source}".rstrip()))
    lines += [inked(WARN, f"weigh: {note}") for note in table.notes]
    return "\n".join(lines) + "\n"


def print_tables(tables, stream=None, *, unit=None, precision=None):
    """Print tables to a stream, standard output by default: bytes in `unit` (B, KiB, MiB, GiB) or in what fits.

    A terminal gets colours, unless NO_COLOR is set.
    """
    stream = sys.stdout if stream is None else stream
    color = takes_color(stream)
    for table in tables:
        stream.write(table_text(table, unit=unit, precision=precision, color=color) + "\n\n")
