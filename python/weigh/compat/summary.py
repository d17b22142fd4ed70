"""The place of pympler's summary: objects counted by type.

A summary is a list of rows [type, number of objects, bytes of them]. It holds
text and numbers only, so that it keeps no object alive. Sizes are an object's
own blocks as it asked for them, what lies in front of it included.

How the objects of a type are called stands in `representations`: for a type a
list of functions, each more verbose than the one before; other types are called
by their name.
"""

import re
import types

from weigh import _weigh
from weigh.compat._text import pp

_HEAD = ("types", "# objects", "total size")
_SORTS = ("type", "#", "size")
_ORDERS = ("ascending", "descending")

type_repr = re.compile(r"^<(?:type|class) '(\S+)'>$")
address = re.compile(r" at 0x[0-9a-f]+")


def _module_name(module):
    names = _weigh.attributes(module)
    names = names if isinstance(names, dict) else {}
    name = names.get("__name__", names.get("__file__"))
    return name if name is not None else f"nameless, id: {id(module):d}"


def _measured(kind):
    return [lambda obj: str(type(obj)), lambda obj: f"{kind.__name__}, len={kind.__len__(obj)}"]


representations = {
    types.FrameType: [
        lambda f: f"frame (codename: {f.f_code.co_name})",
        lambda f: f"frame (codename: {f.f_code.co_name}, codeline: {f.f_code.co_firstlineno})",
        lambda f: (
            f"frame (codename: {f.f_code.co_name}, filename: {f.f_code.co_filename}, "
            f"codeline: {f.f_code.co_firstlineno})"
        ),
    ],
    types.FunctionType: [
        lambda f: f"function ({f.__name__})",
        lambda f: f"function ({f.__module__}.{f.__name__})",
    ],
    types.ModuleType: [lambda m: f"module({_module_name(m)})"],
    dict: _measured(dict),
    list: _measured(list),
    set: _measured(set),
}


def sizes(objects):
    """The bytes of each object alone."""
    return _weigh.flats(objects if type(objects) is list else list(objects), 0)


def summarize(objects):
    """A summary of some objects, its rows in no order."""
    objects = objects if type(objects) is list else list(objects)
    names = {}
    rows = {}
    for obj, size in zip(objects, _weigh.flats(objects, 0)):
        kind = type(obj)
        name = names.get(kind)
        if name is None:
            name = _repr(obj)
            if kind not in representations:
                names[kind] = name
        row = rows.get(name)
        if row is None:
            rows[name] = [name, 1, size]
        else:
            row[1] += 1
            row[2] += size
    return list(rows.values())


def get_diff(left, right):
    """What `right` has more than `left`, a row for each type in either."""
    rows = {row[0]: [row[0], -row[1], -row[2]] for row in left}
    for name, number, size in right:
        before = rows.setdefault(name, [name, 0, 0])
        rows[name] = [name, before[1] + number, before[2] + size]
    return list(rows.values())


def format_(rows, limit=15, sort="size", order="descending"):
    """The lines of a table, the first `limit` rows by "size", "type" or "#", "ascending" or "descending".

    Raises ValueError for another `sort` or `order`.
    """
    if sort not in _SORTS:
        raise ValueError(f"invalid sort, should be one of{list(_SORTS)}")
    if order not in _ORDERS:
        raise ValueError(f"invalid order, should be one of{list(_ORDERS)}")
    column = _SORTS.index(sort)
    key = (lambda row: _repr(row[0])) if column == 0 else (lambda row: row[column])
    ordered = sorted(rows, key=key, reverse=order == "descending")[:limit]
    return _format_table([_HEAD, *([name, number, pp(size)] for name, number, size in ordered)])


def _format_table(rows, header=True):
    """Lines with columns aligned to the right; a rule under the first when it is the header."""
    texts = [[str(item) for item in row] for row in rows]
    widths = [max(map(len, column)) + 2 for column in zip(*texts)]
    for i, row in enumerate(texts):
        yield " | ".join(item.rjust(width) for item, width in zip(row, widths))
        if header and i == 0:
            yield " | ".join("=" * width for width in widths)


def print_(rows, limit=15, sort="size", order="descending"):
    """Print the lines of `format_`."""
    for line in format_(rows, limit=limit, sort=sort, order=order):
        print(line)


def _repr(o, verbosity=1):
    """What an object is called in a summary; a larger `verbosity` tells more."""
    kind = type(o)
    known = representations.get(kind)
    if verbosity == 0 or known is None:
        text = str(kind)
    else:
        text = known[min(verbosity, len(known)) - 1](o)
    return type_repr.sub(r"\1", address.sub("", text))


def _traverse(summary, function, *args):
    """Call a function with a summary, each of its rows and each item of those."""
    function(summary, *args)
    for row in summary:
        function(row, *args)
        for item in row:
            function(item, *args)


def _subtract(summary, o):
    """Take one object out of a summary, below zero when it was not in it."""
    name = _repr(o)
    (size,) = sizes([o])
    for row in summary:
        if row[0] == name:
            row[1] -= 1
            row[2] -= size
            return summary
    summary.append([name, -1, -size])
    return summary


def _sweep(summary):
    """The rows that are not all zero."""
    return [row for row in summary if row[1] or row[2]]
