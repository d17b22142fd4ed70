"""Markdown text, tables and the numbers in them."""

import textwrap


def text(words):
    """A paragraph, in lines of the width that the pages of this project have."""
    return textwrap.fill(" ".join(words.split()), 120, break_long_words=False, break_on_hyphens=False) + "\n"


def table(head, rows):
    """A table whose first column is text and whose others are numbers."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def ratio(value):
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def spread(found):
    """The median, with the smallest and the largest where there are several rounds."""
    if found is None:
        return "-"
    if found.rounds == 1:
        return ratio(found.median)
    return f"{ratio(found.median)} ({ratio(found.low)}-{ratio(found.high)})"


def mebibytes(value):
    if value is None:
        return "-"
    value /= 1 << 20
    return f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"


def seconds(value):
    if value is None:
        return "-"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def percent(value, digits=1):
    return "-" if value is None else f"{100 * value:.{digits}f} %"
