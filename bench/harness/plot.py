"""Plots as SVG, written as text: dots on a logarithmic axis."""

from math import log
from xml.sax.saxutils import escape

ROW = 22
LEFT = 230
WIDTH = 640
TOP = 46
# Told apart by people who do not see all colours, on white and on dark grey.
COLOURS = ("#d55e00", "#e69f00", "#0072b2", "#56b4e9", "#5e7d8c", "#009e73", "#cc79a7", "#8c6bb1", "#b3a06a", "#999999")


def dots(title, unit, names, rows, ticks):
    """`rows` is [(label, {name: value})]; `ticks` are the values marked on the axis."""
    low, high = log(ticks[0]), log(ticks[-1])

    def x(value):
        part = (log(min(max(value, ticks[0]), ticks[-1])) - low) / (high - low)
        return LEFT + WIDTH * part

    height = TOP + ROW * len(rows) + 40 + 20 * ((len(names) + 3) // 4)
    foot = TOP + ROW * len(rows)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 30} {height}" '
        'font-family="sans-serif" font-size="12" role="img">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="18" font-size="14" fill="#222222">{escape(title)}</text>',
    ]
    for tick in ticks:
        out.append(f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{TOP - 8}" y2="{foot}" stroke="#dddddd"/>')
        out.append(f'<text x="{x(tick):.1f}" y="{TOP - 12}" text-anchor="middle" fill="#555555">{tick:g}{unit}</text>')
    for number, (label, values) in enumerate(rows):
        y = TOP + ROW * number + ROW / 2
        out.append(f'<text x="{LEFT - 12}" y="{y + 4:.1f}" text-anchor="end" fill="#222222">{escape(label)}</text>')
        # The first names are drawn last, on top.
        for place, name in reversed(list(enumerate(names))):
            if values.get(name) is not None:
                colour = COLOURS[place % len(COLOURS)]
                size = 5.5 if place < 2 else 4
                out.append(f'<circle cx="{x(values[name]):.1f}" cy="{y:.1f}" r="{size}" fill="{colour}"/>')
    for place, name in enumerate(names):
        column, line = place % 4, place // 4
        at_x, at_y = 30 + column * 215, foot + 28 + line * 20
        out.append(f'<circle cx="{at_x}" cy="{at_y - 4}" r="5" fill="{COLOURS[place % len(COLOURS)]}"/>')
        out.append(f'<text x="{at_x + 10}" y="{at_y}" fill="#222222">{escape(name)}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"
