"""Tables of sizes: text that fits the terminal, and HTML for notebooks."""

import shutil
from html import escape

UNITS = ("KiB", "MiB", "GiB", "TiB")
NARROWEST = 40


def amount(count):
    """Bytes as people read them: 17 B, 3.5 KiB."""
    if abs(count) < 1024:
        return f"{count} B"
    value = float(count)
    for unit in UNITS:
        value /= 1024
        if abs(value) < 1023.95:
            break
    return f"{value:.1f} {unit}"


def _width(width):
    return max(NARROWEST, width or shutil.get_terminal_size().columns)


def _cut(text, width):
    return text if len(text) <= width else text[: max(1, width - 1)] + "…"


def _rows(measure, limit, depth=0):
    yield depth, measure
    shown = measure.children if limit is None else measure.children[:limit]
    for child in shown:
        yield from _rows(child, limit, depth + 1)
    if len(shown) < len(measure.children):
        yield depth + 1, len(measure.children) - len(shown)


# Heading, the figure, and which columns go first when there is no room.
MEASURE_COLUMNS = (
    ("GROSS", lambda row: amount(row.gross), 0),
    ("EXCLUSIVE", lambda row: amount(row.exclusive), 1),
    ("SHARED", lambda row: amount(row.shared), 4),
    ("NET", lambda row: amount(row.net), 3),
    ("TARE", lambda row: f"{row.tare / (row.gross or 1):.0%}", 5),
    ("OBJECTS", lambda row: f"{row.count:,}", 2),
)


def _label(depth, row):
    if isinstance(row, int):
        return "  " * depth + f"({row:,} more)", ""
    name = row.name or row.type
    if row.edges > 1:
        name += f" ×{row.edges:,}"
    return "  " * depth + name, row.type if row.name else ""


def measure_text(measure, width, limit):
    """The tree as a table."""
    width = _width(width)
    rows = list(_rows(measure, limit))
    labels = [_label(depth, row) for depth, row in rows]
    columns = [
        (head, ["" if isinstance(row, int) else cell(row) for _, row in rows], rank)
        for head, cell, rank in MEASURE_COLUMNS
    ]
    widths = {head: max(len(head), *map(len, cells)) for head, cells, _ in columns}
    while len(columns) > 1 and sum(widths[head] + 2 for head, _, _ in columns) + 34 > width:
        columns.remove(max(columns, key=lambda column: column[2]))
    room = width - sum(widths[head] + 2 for head, _, _ in columns)
    name_width = min(max(4, *(len(name) for name, _ in labels)), max(10, room * 3 // 5))
    type_width = max(4, room - name_width - 2)
    type_width = min(type_width, max(4, *(len(kind) for _, kind in labels)))
    head = "NAME".ljust(name_width) + "  " + "TYPE".ljust(type_width)
    lines = [head + "".join("  " + title.rjust(widths[title]) for title, _, _ in columns)]
    for i, (name, kind) in enumerate(labels):
        line = _cut(name, name_width).ljust(name_width) + "  " + _cut(kind, type_width).ljust(type_width)
        lines.append((line + "".join("  " + cells[i].rjust(widths[title]) for title, cells, _ in columns)).rstrip())
    lines += _notes(measure)
    return "\n".join(lines)


def _notes(measure):
    notes = []
    if measure.resident < measure.gross:
        notes.append(f"{amount(measure.gross - measure.resident)} of this nobody has touched: no memory backs it yet.")
    if measure.note:
        notes.append(f"A {measure.note}.")
    return notes


def census_text(census, width, limit):
    """The types as a table."""
    width = _width(width)
    rows = census.rows if limit is None else census.rows[:limit]
    cells = [
        (
            row.type,
            f"{row.count:,}",
            amount(row.gross),
            f"{row.share:.1%}",
            amount(row.net),
            f"{row.tare / (row.gross or 1):.0%}",
        )
        for row in rows
    ]
    rest = census.rows[len(rows) :]
    if rest:
        gross = sum(row.gross for row in rest)
        cells.append(
            (
                f"({len(rest):,} others)",
                f"{sum(row.count for row in rest):,}",
                amount(gross),
                f"{gross / (census.gross or 1):.1%}",
                amount(sum(row.net for row in rest)),
                "",
            )
        )
    total = f"{1 - census.net / (census.gross or 1):.0%}"
    cells.append(("all", f"{census.count:,}", amount(census.gross), "", amount(census.net), total))
    return "\n".join(_table(("TYPE", "OBJECTS", "GROSS", "SHARE", "NET", "TARE"), cells, width))


def _table(heads, rows, width):
    widths = [max(len(head), *(len(row[i]) for row in rows)) for i, head in enumerate(heads)]
    while len(heads) > 2 and sum(widths[1:]) + 2 * len(heads) + 12 > width:
        heads, rows, widths = heads[:-1], [row[:-1] for row in rows], widths[:-1]
    widths[0] = min(widths[0], max(12, width - sum(widths[1:]) - 2 * len(heads) + 2))
    for row in (heads, *rows):
        line = _cut(row[0], widths[0]).ljust(widths[0])
        yield (line + "".join("  " + cell.rjust(size) for cell, size in zip(row[1:], widths[1:]))).rstrip()


def comparison_text(comparison):
    """Two measures in two lines, and what they have in common."""
    rows = [
        (name, row.type, f"{row.count:,}", amount(row.gross), amount(row.net), amount(row.tare), amount(only))
        for name, row, only in (("a", comparison.a, comparison.only_a), ("b", comparison.b, comparison.only_b))
    ]
    lines = list(_table(("", "TYPE", "OBJECTS", "GROSS", "NET", "TARE", "ONLY HERE"), rows, _width(None)))
    change = comparison.difference
    sign = "more" if change >= 0 else "less"
    lines.append(f"b occupies {amount(abs(change))} {sign} than a (×{comparison.ratio:.2f}).")
    if comparison.common:
        lines.append(f"Both lead to the same {amount(comparison.common)}.")
    return "\n".join(lines)


def flat_text(flat):
    """The blocks, one a line."""
    if not flat.blocks:
        return f"0 B: {flat.note}"
    rows = [(block.what, str(block.requested), str(block.footprint), str(block.net)) for block in flat.blocks]
    rows.append(("all", str(flat.requested), str(flat.gross), str(flat.net)))
    return "\n".join(_table(("BLOCK", "REQUESTED", "OCCUPIED", "NET"), rows, _width(None)))


def _html(heads, rows):
    head = "".join(f"<th style='text-align:left'>{escape(text)}</th>" for text in heads)
    body = "".join(
        "<tr>" + "".join(f"<td style='text-align:left;white-space:pre'>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def measure_html(measure):
    rows = []
    for depth, row in _rows(measure, 50):
        cells = [""] * len(MEASURE_COLUMNS) if isinstance(row, int) else [cell(row) for _, cell, _ in MEASURE_COLUMNS]
        rows.append((*_label(depth, row), *cells))
    heads = ("name", "type", *(head.lower() for head, _, _ in MEASURE_COLUMNS))
    return _html(heads, rows) + "".join(f"<p>{escape(note)}</p>" for note in _notes(measure))


def census_html(census):
    heads = ("type", "objects", "gross", "share", "net", "tare")
    return _html(
        heads,
        [
            (row.type, f"{row.count:,}", amount(row.gross), f"{row.share:.1%}", amount(row.net), amount(row.tare))
            for row in census.rows[:50]
        ],
    )


def comparison_html(comparison):
    return f"<pre>{escape(comparison_text(comparison))}</pre>"
