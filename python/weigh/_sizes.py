"""Sizes of objects: what they occupy, each part once, nothing changed by the asking.

Two figures are told for everything. `requested` is what objects asked their
allocators for, as tracemalloc counts it. `gross` is what the allocators keep
for that: the small-object allocator rounds up to 16 bytes, malloc to chunks
with a header. `net` is the data itself, characters and digits and buffers, and
`tare` is the rest, all that holds the data together. All are bytes.

Not followed, and not counted: modules, types, the globals and the code of
functions, frames that run, and what is only weakly referred to; `follow` names
what shall be all the same: "modules", "types", "globals", "code", "frames",
"weakrefs". Objects that the interpreter keeps for everybody (None, small ints,
one-character strings, types of the library) cost nothing.
"""

import sys
from collections import namedtuple

import weigh
from weigh import _sizetable, _weigh

_FOLLOW = {
    "modules": _weigh.FOLLOW_MODULES,
    "types": _weigh.FOLLOW_TYPES,
    "globals": _weigh.FOLLOW_GLOBALS,
    "code": _weigh.FOLLOW_CODE,
    "frames": _weigh.FOLLOW_FRAMES,
    "weakrefs": _weigh.FOLLOW_WEAKREFS,
}


def _flags(follow):
    names = (follow,) if isinstance(follow, str) else tuple(follow)
    flags = 0
    for name in names:
        if name not in _FOLLOW:
            raise ValueError(f"follow: {name!r} is not one of {', '.join(_FOLLOW)}")
        flags |= _FOLLOW[name]
    return flags


def _progress():
    """Whether to show progress: on a terminal, unless `weigh.progress` is false."""
    try:
        return bool(weigh.progress) and sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False


def sizeof(*objs, follow=()):
    """Bytes that the objects and all they lead to occupy, each object counted once.

    This is memory: what the allocators keep for the blocks, so that about so
    much goes when the objects go, as far as nobody else holds parts of them
    (`measure` tells which). The objects themselves are followed whatever they
    are; beyond them `follow` says what is.

    Raises ValueError for a name in `follow` that is not known, MemoryError
    when the kernel gives no memory for the set of what was seen (a fiftieth
    of what is measured), KeyboardInterrupt when Ctrl-C is pressed.
    """
    return _weigh.size(objs, _flags(follow), False, _progress())[0]


def sizes(objs, *, follow=(), once=True):
    """The bytes of each of several objects.

    With `once` true each counts only what those before it have not counted, so
    that the sum is `sizeof(*objs)`; else each stands for itself.
    """
    objs = tuple(objs)
    if once:
        return [row[0] for row in _weigh.sizes(objs, _flags(follow), _progress())]
    return [sizeof(obj, follow=follow) for obj in objs]


def reachable(objs, *, follow=()):
    """A list of all objects that some objects lead to, each once, themselves included.

    Objects that the garbage collector does not track are in it as well.
    """
    return _weigh.reachable(tuple(objs), _flags(follow))


def references(obj, *, follow=()):
    """What one object refers to, as pairs of a name and an object.

    Names are `['key']`, `[3]`, `.attribute`, of frames and generators `local`,
    and `(field 2)` where nothing better is known. No attribute is read.
    """
    return _weigh.references(obj, _flags(follow))


_MODULE = type.__dict__["__module__"]
_QUALNAME = type.__dict__["__qualname__"]


def type_name(kind):
    """The name of a type with its module, without running code of its metaclass."""
    if kind is None:
        return "several"
    module = _MODULE.__get__(kind)
    name = _QUALNAME.__get__(kind)
    return name if module == "builtins" or not isinstance(module, str) else f"{module}.{name}"


class Measure:
    """What an object and all it leads to occupy, and what of it is its own.

    Bytes are:

    flat        of the object itself, with its tables and buffers
    gross       of the object and all it leads to, each part once
    net         of that the data: characters, digits, bytes of buffers
    tare        of that the rest: gross - net
    requested   what was asked of the allocators for it, as tracemalloc counts
    resident    of gross, without pages of large blocks that nobody has touched
    exclusive   what goes when this goes: of a child, when the reference to it
                is deleted; of the whole, when the last name for it is
    shared      what stays then, because it is held from elsewhere too

    `count` is the number of objects. A child stands for the references of one
    `name` to objects of one `type`; `edges` is how many these are. The gross of
    children may add up to more than that of the whole, because they share
    parts; their exclusive bytes never do.
    """

    __slots__ = (
        "name type note edges flat gross requested net count resident exclusive children".split()
    )

    def __init__(self, node):
        self.name, kind, self.note, self.edges, self.flat, figures, self.exclusive, children = node
        self.type = type_name(kind)
        self.gross, self.requested, self.net, self.count, untouched = figures
        self.resident = self.gross - untouched
        self.children = sorted(map(Measure, children), key=lambda child: -child.gross)

    @property
    def tare(self):
        return self.gross - self.net

    @property
    def shared(self):
        return self.gross - self.exclusive

    def __repr__(self):
        name = f" {self.name}" if self.name else ""
        return f"<weigh.Measure{name} {self.type}: gross {self.gross}, exclusive {self.exclusive}>"

    def __str__(self):
        return self.format()

    def format(self, *, width=None, limit=20):
        """A table of at most `width` columns (the terminal's), `limit` children each."""
        return _sizetable.measure_text(self, width, limit)

    def _repr_html_(self):
        return _sizetable.measure_html(self)

    def to_dict(self):
        """All figures by name, with `children` as a list of the same."""
        names = "name type note edges count flat gross net tare requested resident exclusive shared".split()
        return {
            **{name: getattr(self, name) for name in names},
            "children": [child.to_dict() for child in self.children],
        }


def measure(obj, depth=1, *, follow=(), limit=100):
    """What an object occupies, what of it nobody else holds, and where it goes.

    `depth` levels of references are told apart: 0 is the object alone, with
    what it leads to summed. Where an object has more than `limit` references
    with names of their own, they are grouped by type: a list of a million
    rows has one child `[*]`, and with depth 2 that has one for each field.
    """
    if depth < 0 or limit < 1:
        raise ValueError("measure: depth is at least 0 and limit at least 1")
    return Measure(_weigh.measure(obj, min(depth, 100), limit, _flags(follow), _progress()))


class Comparison:
    """Two measures side by side. `common` are the bytes that both lead to."""

    __slots__ = ("a", "b", "common")

    def __init__(self, a, b, common):
        self.a, self.b, self.common = a, b, common

    @property
    def only_a(self):
        return self.a.gross - self.common

    @property
    def only_b(self):
        return self.b.gross - self.common

    @property
    def difference(self):
        return self.b.gross - self.a.gross

    @property
    def ratio(self):
        """Gross of b for each byte of a."""
        return self.b.gross / self.a.gross if self.a.gross else float("inf") if self.b.gross else 1.0

    def __repr__(self):
        return f"<weigh.Comparison: {self.a.gross} and {self.b.gross}, common {self.common}>"

    def __str__(self):
        return _sizetable.comparison_text(self)

    def _repr_html_(self):
        return _sizetable.comparison_html(self)

    def to_dict(self):
        names = "common only_a only_b difference ratio".split()
        return {
            "a": self.a.to_dict(),
            "b": self.b.to_dict(),
            **{name: getattr(self, name) for name in names},
        }


def compare(a, b, *, follow=()):
    """Two objects side by side, and how much of each the other leads to as well."""
    first = measure(a, 0, follow=follow)
    second = measure(b, 0, follow=follow)
    return Comparison(first, second, max(0, first.gross + second.gross - sizeof(a, b, follow=follow)))


class TypeRow(namedtuple("TypeRow", "type count gross net tare requested share")):
    """The objects of one type: their number, their bytes without what they lead to, their share of all."""

    __slots__ = ()


class Census:
    """What some objects lead to, by type, the largest first."""

    __slots__ = ("rows", "count", "gross", "net", "tare", "requested")

    def __init__(self, rows):
        self.gross = sum(gross for _, _, gross, _, _ in rows)
        self.count = sum(count for _, count, _, _, _ in rows)
        self.requested = sum(requested for _, _, _, requested, _ in rows)
        self.net = sum(net for _, _, _, _, net in rows)
        self.tare = self.gross - self.net
        self.rows = sorted(
            (
                TypeRow(type_name(kind), count, gross, net, gross - net, requested, gross / (self.gross or 1))
                for kind, count, gross, requested, net in rows
            ),
            key=lambda row: (-row.gross, row.type),
        )

    def __len__(self):
        return len(self.rows)

    def __iter__(self):
        return iter(self.rows)

    def __contains__(self, name):
        return any(row.type == name for row in self.rows)

    def __getitem__(self, name):
        for row in self.rows:
            if row.type == name:
                return row
        raise KeyError(name)

    def __repr__(self):
        return f"<weigh.Census: {self.count} objects of {len(self.rows)} types, gross {self.gross}>"

    def __str__(self):
        return self.format()

    def format(self, *, width=None, limit=20):
        """A table of at most `width` columns (the terminal's) and `limit` types."""
        return _sizetable.census_text(self, width, limit)

    def _repr_html_(self):
        return _sizetable.census_html(self)

    def to_dict(self):
        names = "count gross net tare requested".split()
        return {
            **{name: getattr(self, name) for name in names},
            "types": [row._asdict() for row in self.rows],
        }


def types(*objs, follow=()):
    """A census by type of all that the objects lead to, each object once."""
    return Census(_weigh.census(objs, _flags(follow), _progress()))


class Block(namedtuple("Block", "what address requested footprint net resident")):
    """One allocation that belongs to an object."""

    __slots__ = ()


class Flat(int):
    """Bytes that one object occupies, without what it leads to; `blocks` tells which."""

    def __new__(cls, blocks):
        self = super().__new__(cls, sum(block.footprint for block in blocks))
        self.blocks = blocks
        return self

    @property
    def gross(self):
        return int(self)

    @property
    def requested(self):
        return sum(block.requested for block in self.blocks)

    @property
    def net(self):
        return sum(block.net for block in self.blocks)

    @property
    def tare(self):
        return self.gross - self.net

    @property
    def resident(self):
        return sum(block.resident for block in self.blocks)

    @property
    def note(self):
        return "" if self.blocks else "costs nothing: the interpreter keeps it for everybody"

    def __str__(self):
        return _sizetable.flat_text(self)


def flat(obj):
    """What one object occupies by itself: its block with what stands before it, its tables and buffers.

    An int of bytes, with the blocks. 0 for what the interpreter keeps for everybody.
    """
    return Flat(
        [
            Block(what, address, requested, footprint, net, footprint - untouched)
            for what, address, requested, footprint, net, untouched in _weigh.blocks(obj)
        ]
    )


def explain(obj):
    """Where each byte of one object goes, in words."""
    from weigh._explain import Explanation

    return Explanation(obj)
