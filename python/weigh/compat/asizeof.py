"""The place of pympler's asizeof: sizes of objects with all they refer to.

    from weigh.compat import asizeof
    asizeof.asizeof(rows)
    print(asizeof.asized(rows, detail=1).format())

A size is the sum of the bytes that objects asked their allocators for, each
object's rounded up to `align`, each object once. Sizing runs no code of the
program and leaves nothing behind; the names in what `asized` returns and
`stats` prints are what `repr` says.

Options of `asizeof`, `asizesof`, `asized` and Asizer:

above=1024     bytes over which an object is among the largest
align=8        bytes that each object is rounded up to a multiple of, a power of 2; 0: none
clip=80        characters that are printed of an object
code=False     count classes, functions' code and what these hold as well
cutoff=10      largest objects that are printed, or per cent of the total for a profile
detail=0       levels of referents that `asized` tells
frames=False   count frames that run as well
limit=100      levels of references that are followed; 100 and more: all
stats=0        1: print a summary and the largest objects, 2: and profiles, 3: and types
stream=None    where it is printed, else stdout
derive, ignored, infer   are taken and change nothing: the layout of every object is known

Raises KeyError for an option that is not known, ValueError for a value that
cannot be.
"""

import gc

from weigh import _weigh
from weigh.compat import _types
from weigh.compat._referents import FOLLOW_CODE, Attributes, Referent, entries, name_of, targets
from weigh.compat._referents import referents as _referents
from weigh.compat._stats import DICT_LIKE, Printer, option_error

__all__ = [
    "Asized",
    "Asizer",
    "adict",
    "amapped",
    "asized",
    "asizeof",
    "asizesof",
    "basicsize",
    "flatsize",
    "itemsize",
    "leng",
    "refs",
]

_ALL = (1 << 64) - 1  # levels
_LIMIT = 100  # from which on all levels are followed
_MODULE = type(gc)

_DEFAULTS = {
    "above": 1024,
    "align": 8,
    "clip": 80,
    "code": False,
    "cutoff": 10,
    "derive": False,
    "detail": 0,
    "frames": False,
    "ignored": True,
    "infer": False,
    "limit": _LIMIT,
    "stats": 0,
    "stream": None,
}


class Asized:
    """What an object occupies: `size` with its referents, `flat` alone, both bytes; `name`; `refs`."""

    __slots__ = ("flat", "name", "refs", "size")

    def __init__(self, size, flat, refs=(), name=None):
        self.size = size
        self.flat = flat
        self.name = name
        self.refs = tuple(refs)

    def __str__(self):
        return f"size {self.size!r}, flat {self.flat!r}, refs[{len(self.refs)}], name {self.name!r}"

    def format(
        self,
        format="%(name)s size=%(size)d flat=%(flat)d",
        depth=-1,
        order_by="size",
        indent="",
    ):
        """One line for the object and one for each referent below it.

        `depth` levels of referents, all when it is negative, in the order of
        "size" or "flat", largest first, or of "name".
        """
        lines = []
        self._format(lines, format, depth, order_by, indent)
        return "\n".join(lines)

    def _format(self, lines, format, depth, order_by, indent):
        lines.append(indent + format % {"name": self.name, "size": self.size, "flat": self.flat})
        if depth == 0:
            return
        largest_first = order_by in ("size", "flat")
        for ref in sorted(self.refs, key=lambda ref: getattr(ref, order_by), reverse=largest_first):
            ref._format(lines, format, depth - 1, order_by, indent + "    ")

    def get(self, name, dflt=None):
        """The referent of that name, else `dflt`."""
        return next((ref for ref in self.refs if ref.name == name), dflt)


class _Node:
    """An Asized without its name, which is made when all is counted."""

    __slots__ = ("flat", "named", "obj", "refs", "size")

    def __init__(self, obj, size, flat, refs=()):
        self.obj = obj
        self.named = None
        self.size = size
        self.flat = flat
        self.refs = refs

    def asized(self, clip):
        name = self.named.name if self.named is not None else name_of(self.obj, clip)
        return Asized(self.size, self.flat, [ref.asized(clip) for ref in self.refs], name)


class Asizer(Printer):
    """Adds sizes up over several calls: an object counted in one is not in the next.

    It keeps no object alive: an object that takes the place in memory of one
    that was counted and has gone since counts as the same.
    """

    def __init__(self, **opts):
        self._excluded = {}
        self.reset(**opts)

    def reset(self, **opts):
        """Set all options, those not given to their defaults, and forget what was counted."""
        unknown = {name: value for name, value in opts.items() if name not in _DEFAULTS}
        if unknown:
            raise option_error("reset", KeyError, **unknown)
        self._options = {**_DEFAULTS, **opts}
        self._clear()
        chosen = {name: self._options[name] for name in ("align", "code", "stats")}
        self.set(**chosen, cutoff=opts.get("cutoff"))

    def set(
        self,
        above=None,
        align=None,
        code=None,
        cutoff=None,
        frames=None,
        detail=None,
        limit=None,
        stats=None,
    ):
        """Set some options; those not given stay as they are."""
        options = self._options
        if align is not None and align > 1 and align & (align - 1):
            raise option_error("set", ValueError, align=align)
        if stats is not None and stats < 0:
            raise option_error("set", ValueError, stats=stats)
        if above is not None:
            options["above"] = int(above)
        changes = {"align": align, "code": code, "frames": frames, "detail": detail, "limit": limit}
        options.update({name: value for name, value in changes.items() if value is not None})
        if stats is not None:
            options["stats"] = int(stats)
            fraction = int((stats - int(stats)) * 100 + 0.5)
            if cutoff or fraction:
                options["cutoff"] = int(cutoff or fraction)
        elif cutoff:
            options["cutoff"] = int(cutoff)
        if code:
            self._incl = " (incl. code)"

    def _clear(self):
        self._tally = _weigh.tally()
        self._total = 0
        self._missed = 0
        self._ranked = 0
        self._ranks = []
        self._profiles = {}
        self._incl = ""
        self._excluded = dict.fromkeys(self._excluded, 0)
        self.exclude_objs(self, self.__dict__, self._options, self._ranks, self._profiles, self._excluded)

    def _levels(self):
        limit = self._options["limit"]
        return _ALL if limit >= _LIMIT else max(limit, 0)

    def _count(self, objs, *, base=0, limit=None, ranks=True):
        """(size, flat) of each object, counted now; zeros for what was before."""
        options = self._options
        follow = (FOLLOW_CODE if options["code"] else 0) | (
            _weigh.FOLLOW_FRAMES if options["frames"] else 0
        )
        rows, excluded, profiles, (ranked, largest) = _weigh.tally_add(
            self._tally,
            tuple(objs),
            follow,
            base,
            self._levels() if limit is None else limit,
            max(options["align"], 0),
            tuple(self._excluded),
            True,
            options["above"] if options["stats"] else -1,
        )
        for kind, number in zip(self._excluded, excluded):
            self._excluded[kind] += number
        self._note_profiles(profiles)
        if ranks:
            self._note_ranks(ranked, largest)
        return rows

    def asizeof(self, *objs, **opts):
        """Bytes of the objects and all they refer to, as far as not counted before."""
        if opts:
            self.set(**opts)
        self.exclude_refs(*objs)
        size = sum(row[0] for row in self._count(objs))
        self._total += size
        return size

    def asizesof(self, *objs, **opts):
        """A tuple with the bytes of each object, each without what those before it have counted."""
        if opts:
            self.set(**opts)
        self.exclude_refs(*objs)
        sizes = {}
        for obj, (size, _) in zip(objs, self._count(objs)):
            sizes.setdefault(id(obj), size)
        self._total += sum(sizes.values())
        return tuple(sizes[id(obj)] for obj in objs)

    def asized(self, *objs, **opts):
        """An Asized for each object, with `detail` levels of referents; for one object no tuple."""
        if opts:
            self.set(**opts)
        self.exclude_refs(*objs)
        nodes = {}
        for obj in objs:
            if id(obj) not in nodes:
                nodes[id(obj)] = node = self._node(obj, 0, 0)
                self._total += node.size
        clip = self._options["clip"]
        told = {key: node.asized(clip) for key, node in nodes.items()}
        result = tuple(told[id(obj)] for obj in objs)
        return result[0] if len(result) == 1 else result

    def _node(self, obj, deep, level, parent=0):
        """An object `deep` levels below one that was asked for, `level` references away from it."""
        if deep >= self._options["detail"]:
            ((size, flat),) = self._count((obj,), base=level)
            return _Node(obj, size, flat)
        ((_, flat),) = self._count((obj,), base=level, limit=0, ranks=False)
        node = _Node(obj, flat, flat)
        if flat and level < self._levels() and not (level and issubclass(type(obj), _MODULE)):
            children = _referents(obj, self._options["code"])
            try:
                node.refs = self._branches(children, deep + 1, level + 1, id(obj))
            except RecursionError:
                self._missed += 1
            node.size += sum(ref.size for ref in node.refs)
        if self._options["stats"] and node.size > self._options["above"]:
            self._note_ranks(1, [(obj, node.size, level, parent)])
        return node

    def _branches(self, children, deep, level, parent):
        if deep >= self._options["detail"]:
            return self._leaves(children, level)
        nodes = []
        for child in children:
            named = type(child) is Referent
            obj = child.ref if named else child
            if type(obj) is Attributes:
                node = self._attributes(obj, deep, level, parent)
            elif named and not child.owned:
                node = _Node(obj, 0, 0)
            else:
                node = self._node(obj, deep, level, parent)
            node.named = child if named else None
            nodes.append(node)
        return nodes

    def _attributes(self, attributes, deep, level, parent):
        """The values in an instance, one level down for the eye, not for `limit`."""
        told = list(entries(attributes.pairs))
        for name in told[::2]:
            name.owned = False
        nodes = self._branches(told, deep + 1, level, parent)
        return _Node(None, sum(node.size for node in nodes), 0, nodes)

    def _leaves(self, children, level):
        """What is not told any further, counted in one go."""
        counted = [targets(child) for child in children]
        rows = iter(self._count([obj for objs in counted for obj in objs], base=level))
        nodes = []
        for child, objs in zip(children, counted):
            named = type(child) is Referent
            obj = child.ref if named else child
            if len(objs) == 1 and type(obj) is not Attributes:
                node = _Node(obj, *next(rows))
            else:
                node = _Node(None if type(obj) is Attributes else obj, sum(next(rows)[0] for _ in objs), 0)
            node.named = child if named else None
            nodes.append(node)
        return nodes

    def _depth(self):
        return _weigh.tally_counts(self._tally)[3]

    def exclude_objs(self, *objs):
        """Never count these objects, nor what only they lead to."""
        _weigh.tally_bar(self._tally, objs, False)

    def exclude_refs(self, *objs):
        """Count these objects only when they are asked for, not when others refer to them."""
        _weigh.tally_bar(self._tally, objs, True)

    def exclude_types(self, *objs):
        """Never count these classes nor their instances; what is not a class is passed over."""
        for obj in objs:
            if issubclass(type(obj), type):
                self._excluded.setdefault(obj, 0)
                self.exclude_objs(obj)

    @property
    def excluded(self):
        """The classes that are not counted."""
        return tuple(self._excluded)

    @property
    def duplicate(self):
        """The number of objects that were met more than once."""
        return _weigh.tally_counts(self._tally)[2]

    @property
    def missed(self):
        """The number of objects whose referents could not be told, for their depth."""
        return self._missed

    @property
    def ranked(self):
        """The number of objects over `above` bytes with their referents."""
        return self._ranked

    @property
    def seen(self):
        """How often objects were met."""
        objects, visits, _, _ = _weigh.tally_counts(self._tally)
        return max(objects, visits)

    @property
    def sized(self):
        """The number of objects counted."""
        return _weigh.tally_counts(self._tally)[0]

    @property
    def total(self):
        """Bytes counted so far."""
        return self._total


def _option(name):
    def get(self):
        return self._options[name]

    get.__doc__ = f"The option `{name}`."
    return property(get)


for _name in _DEFAULTS:
    if _name != "stream":
        setattr(Asizer, _name, _option(_name))
del _name

_asizer = Asizer()
_mapped = 1.0


def adict(*classes):
    """Whether all of some classes are like dict. Their layout is known: sizes do not depend on it."""
    methods = ("get", "items", "keys", "values", "__len__")
    good = True
    for cls in classes:
        if isinstance(cls, type) and all(callable(getattr(cls, name, None)) for name in methods):
            names = DICT_LIKE.get(cls.__module__, ())
            if cls.__name__ not in names:
                DICT_LIKE[cls.__module__] = (*names, cls.__name__)
        else:
            good = False
    return good


def amapped(percentage=None):
    """The percentage set before; nothing depends on it: mapped files count as far as they are mapped."""
    global _mapped
    before = _mapped
    if percentage is not None:
        _mapped = max(0.0, min(100.0, float(percentage)))
    return before


def asizeof(*objs, all=None, **opts):
    """Bytes of the objects and all they refer to.

    `all=True` without objects: of all that the garbage collector knows.
    """
    if all not in (None, False, True):
        raise option_error("asizeof", ValueError, all=all)
    _asizer.reset(**opts)
    if not objs and all:
        objs = tuple(gc.get_objects())
        _asizer.exclude_objs(objs)
    if not objs:
        return 0
    try:
        size = _asizer.asizeof(*objs)
        _asizer.print_stats(objs=objs, opts=opts)
    finally:
        _asizer._clear()
    return size


def asizesof(*objs, **opts):
    """A tuple with the bytes of each object and what it refers to.

    What several refer to counts for the first of them. References to the
    objects that are given do not count.
    """
    _asizer.reset(**opts)
    if not objs:
        return ()
    try:
        sizes = _asizer.asizesof(*objs)
        _asizer.print_stats(objs, opts=opts, sizes=sizes)
    finally:
        _asizer._clear()
    return sizes


def asized(*objs, **opts):
    """An Asized for each object, `detail` levels deep; for one object not in a tuple."""
    _asizer.reset(**opts)
    if not objs:
        return ()
    try:
        told = _asizer.asized(*objs)
        _asizer.print_stats(objs, opts=opts, sized=told)
    finally:
        _asizer._clear()
    return told


def basicsize(obj, derive=False, frames=False, infer=False, save=False):
    """Bytes of an object without its items."""
    return _types.basicsize(obj)


def itemsize(obj, derive=False, frames=False, infer=False, save=False):
    """Bytes of each item of an object, 0 without items."""
    return _types.itemsize(obj)


def leng(obj, derive=False, frames=False, infer=False, save=False):
    """The number of items that an object has room for, None without items."""
    return _types.leng(obj)


def flatsize(obj, align=0, derive=False, frames=False, infer=False, save=False):
    """Bytes of an object alone: what `asizeof(obj, limit=0, code=True)` says."""
    if align > 1 and align & (align - 1):
        raise option_error("flatsize", ValueError, align=align)
    return _weigh.flats([obj], max(align, 0))[0]


def refs(obj, derive=False, frames=False, infer=False, save=False):
    """What an object refers to. Attributes that are in no dict come as a dict made for the purpose."""
    for referent in _referents(obj, code=True):
        target = referent.ref if type(referent) is Referent else referent
        yield dict(target.pairs) if type(target) is Attributes else target


def named_refs(obj, derive=False, frames=False, infer=False, save=False):
    """(name, object) for what an object refers to under a name."""
    named = []
    for referent in _referents(obj, code=True):
        if type(referent) is Referent:
            target = referent.ref
            named.append((referent.name, dict(target.pairs) if type(target) is Attributes else target))
    return named
