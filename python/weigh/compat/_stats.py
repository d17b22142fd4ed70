"""What asizeof prints with `stats`: summary, largest objects, profiles, types."""

import sys
import weakref

from weigh.compat import _types
from weigh.compat._referents import clipped

_RANKS = 100

# Classes that are said to be like dict, by module: asizeof.adict adds to them.
DICT_LIKE = {
    "UserDict": ("IterableUserDict", "UserDict"),
    "weakref": ("WeakKeyDictionary", "WeakValueDictionary"),
}
_POINTER = 8


def option_error(where, kind, **options):
    """The error for options that cannot be."""
    plural = "" if len(options) == 1 else "s"
    return kind(f"invalid option{plural}: {where}({_keywords(options)})")


def _keywords(options):
    return ", ".join(sorted(f"{name}={value!r}" for name, value in options.items()))


def _plural(number):
    return "" if number == 1 else "s"


def unit(size):
    """' or 1.5 KiB' for 1024 bytes and more."""
    value = float(size)
    for letter in "KMGTPE":
        if value < 1024:
            break
        value /= 1024
        text = f" or {value:.1f} {letter}iB"
    return text if size >= 1024 else ""


def _both(size):
    return f"{size}{unit(size)}"


def _type_name(kind):
    return repr(kind).strip("<>").replace("'", "")


def _length(obj):
    """The length of an object written in C; 0 for any other, whose `__len__` is not called."""
    for kind in (str, bytes, bytearray, list, tuple, dict, set, frozenset):
        if issubclass(type(obj), kind):
            return kind.__len__(obj)
    return len(obj) if _types.is_array(obj) and getattr(obj, "ndim", 1) else 0


def _length_text(obj):
    room = _types.leng(obj)
    if room is None:
        return ""
    return f" leng {room}{'!' if room > _length(obj) else ''}"


class _Kept:
    """An object, weakly where that can be."""

    __slots__ = ("_get",)

    def __init__(self, obj):
        try:
            self._get = weakref.ref(obj)
        except TypeError:
            self._get = lambda: obj

    def get(self):
        return self._get()


class Profile:
    """The objects of one type."""

    __slots__ = ("high", "largest", "number", "total")

    def __init__(self):
        self.number = 0
        self.total = 0
        self.high = -1
        self.largest = None


class Rank:
    """One of the largest objects, with its referents."""

    __slots__ = ("deep", "id", "kept", "kind", "parent", "size")

    def __init__(self, obj, size, deep, parent):
        self.kept = _Kept(obj)
        self.kind = type(obj)
        self.id = id(obj)
        self.size = size
        self.deep = deep
        self.parent = parent


class Printer:
    """The part of Asizer that keeps and prints statistics."""

    def _note_profiles(self, rows):
        for kind, number, total, high, largest in rows:
            profile = self._profiles.get(kind)
            if profile is None:
                profile = self._profiles[kind] = Profile()
            profile.number += number
            profile.total += total
            if high > profile.high:
                profile.high = high
                profile.largest = _Kept(largest)

    def _note_ranks(self, ranked, rows):
        if self._options["above"] <= 0:
            return
        self._ranked += ranked
        self._ranks.extend(Rank(*row) for row in rows)
        self._ranks.sort(key=lambda rank: -rank.size)
        del self._ranks[_RANKS:]

    def _print(self, text, **print3options):
        print3options.setdefault("file", self._options["stream"] or sys.stdout)
        print(text, **print3options)

    def _line(self, width, number, text, **print3options):
        self._print(f"{number:{width}d} {text}" if width else f"{number} {text}", **print3options)

    def print_stats(self, objs=(), opts=None, sized=(), sizes=(), stats=3, **print3options):
        """Print as much as `stats` says, of the options or here, the smaller: see asizeof."""
        opts = opts or {}
        level = min(opts.get("stats", stats) or 0, self._options["stats"])
        if level <= 0:
            return
        width = len(str(self.missed + self.seen + self.total)) + 1
        self._print_head(width, objs, _keywords(opts), sized, sizes, print3options)
        self.print_summary(w=width, objs=objs, **print3options)
        self.print_largest(w=width, cutoff=self._options["cutoff"] if level < 2 else 10, **print3options)
        if level >= 2:
            self.print_profiles(w=width, cutoff=self._options["cutoff"], **print3options)
        if level >= 3:
            self.print_typedefs(w=width, **print3options)

    def _print_head(self, width, objs, keywords, sized, sizes, print3options):
        comma = ", " if keywords and objs else ""
        clip = self._options["clip"]
        if sized and objs and len(objs) > 1:
            self._print(f"\nasized(...{comma}{keywords}) ...", **print3options)
            for i, told in enumerate(sized):
                self._print(f"{i:{width - 1}d}: {told}", **print3options)
        elif sized and objs:
            self._print(f"\nasized({keywords}): {sized}", **print3options)
        elif sizes and objs:
            self._print(f"\nasizesof(...{comma}{keywords}) ...", **print3options)
            for size, obj in zip(sizes, objs):
                text = f"bytes{unit(size)}{self._incl}:  {clipped(obj, clip)}"
                self._line(width, size, text, **print3options)
        else:
            given = clipped(objs, clip) if objs else ""
            self._print(f"\nasizeof({given}{comma}{keywords}) ...", **print3options)

    def print_summary(self, w=0, objs=(), **print3options):
        """Print how much was counted of how many objects."""

        def line(number, text):
            self._line(w, number, text, **print3options)

        def objects(number, text):
            line(number, f"object{_plural(number)} {text}")

        line(self.total, f"bytes{unit(self.total)}{self._incl}")
        if self.align > 1:
            line(self.align, "byte aligned")
        line(_POINTER, "byte sizeof(void*)")
        objects(len(objs or ()), "given")
        objects(self.sized, "sized")
        if self._excluded:
            objects(sum(self._excluded.values()), "excluded")
        objects(self.seen, "seen")
        if self.ranked:
            objects(self.ranked, "ranked")
        objects(self.missed, "missed")
        line(self.duplicate, f"duplicate{_plural(self.duplicate)}")
        if self._depth():
            line(self._depth(), "deepest recursion")

    def print_largest(self, w=0, cutoff=0, **print3options):
        """Print the largest `cutoff` of the objects over `above` bytes, with their referents."""
        above = self._options["above"]
        count = min(len(self._ranks), max(int(cutoff) if cutoff else self._options["cutoff"], 0))
        if count <= 0 or above <= 0:
            return
        self._print("", **print3options)
        head = f"largest object{_plural(count)} (of {self._ranked} over {above} bytes{unit(above)})"
        self._line(w, count, head, **print3options)
        places = {rank.id: place for place, rank in reversed(list(enumerate(self._ranks)))}
        for rank in self._ranks[:count]:
            text = f"bytes{unit(rank.size)}: {self._rank_text(rank, places)}"
            self._line(w, rank.size, text, **print3options)

    def _rank_text(self, rank, places):
        obj = rank.kept.get()
        clip = self._options["clip"]
        level = f" (at {rank.deep})" if rank.deep > 0 else ""
        parent = f", pix {places.get(rank.parent, '?')}" if rank.parent else ""
        text = f"{_type_name(rank.kind)}: {clipped(obj, clip)}{_length_text(obj)}"
        return f"{text}, ix {places[rank.id]}{level}{parent}"

    def print_profiles(self, w=0, cutoff=0, **print3options):
        """Print the objects of each type, down to `cutoff` per cent of the total."""
        shown = [(kind, p) for kind, p in self._profiles.items() if p.total > 0 or p.number > 1]
        if len(self._profiles) - len(shown) < 9:
            shown = list(self._profiles.items())
        if not shown:
            return
        shown.sort(key=lambda row: (-row[1].total, -row[1].number, _type_name(row[0])))
        percent = int(cutoff) if cutoff else self._options["cutoff"]
        share = " (% of grand total)" if self.total else ""
        head = (
            f"profile{_plural(len(shown))}:  total{share}, average, and largest flat size{self._incl}:"
            "  largest object"
        )
        self._print("", **print3options)
        self._line(w, len(shown), head, **print3options)
        for done, (kind, profile) in enumerate(shown, 1):
            self._line(w, profile.number, self._profile_text(kind, profile), **print3options)
            rest = len(shown) - done
            if rest > 1 and profile.total < percent * 0.01 * self.total:
                self._print(f"{rest:+{w or 1}d} profiles below cutoff ({percent}%)", **print3options)
                break
        hidden = len(self._profiles) - len(shown)
        if hidden:
            self._print(f"{hidden:+{w or 1}d} 'zero' object{_plural(hidden)}", **print3options)

    def _profile_text(self, kind, profile):
        obj = profile.largest.get()
        total = _both(profile.total)
        if self.total:
            total += f" ({profile.total * 100.0 / self.total:.0f}%)"
        average = profile.total // max(profile.number, 1)
        return (
            f"{_type_name(kind)} object{_plural(profile.number)}:  {total}, {_both(average)}, "
            f"{_both(profile.high)}:  {clipped(obj, self._options['clip'])}{_length_text(obj)}"
        )

    def print_typedefs(self, w=0, **print3options):
        """Print the types of what was counted: bytes of an object and of an item."""
        heap_type = 1 << 9
        for name, wanted in (("static", 0), ("dynamic", heap_type)):
            kinds = [kind for kind in self._profiles if kind.__flags__ & heap_type == wanted]
            if not kinds:
                continue
            self._print("", **print3options)
            head = f"{name} type{_plural(len(kinds))}:  basicsize, itemsize, _len_(), _refs()"
            self._line(w, len(kinds), head, **print3options)
            for kind in sorted(kinds, key=_type_name):
                obj = self._profiles[kind].largest.get()
                length = "leng" if _types.leng(obj) is not None else "n/a"
                text = f"{_types.basicsize(obj)}, {_types.itemsize(obj)}, {length}, refs"
                self._print(f"{' ' * w} {_type_name(kind)}:  {text}", **print3options)
        self._print("", **print3options)
        self._line(w, sum(map(len, DICT_LIKE.values())), "dict/-like classes:", **print3options)
        for module, names in DICT_LIKE.items():
            self._print(f"{' ' * w} {module}:  {_type_name(names)}", **print3options)
