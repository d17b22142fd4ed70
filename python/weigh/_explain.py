"""Where each byte of one object goes, in words, for those who want to know why."""

import sys
from collections import namedtuple

from weigh import _sizes

GC = 1 << 14
MANAGED_WEAKREF = 1 << 3
MANAGED_DICT = 1 << 4
INLINE_VALUES = 1 << 2
_FLAGS = type.__dict__["__flags__"]
_BASE_BYTES = type.__dict__["__basicsize__"]
_ITEM_BYTES = type.__dict__["__itemsize__"]

VERSION = sys.version_info[:2]


class Part(namedtuple("Part", "bytes text kind")):
    """Some bytes and what they are for.

    `kind` is header, table, data, reserve or rounding.
    """

    __slots__ = ()


class Explanation:
    """What one object occupies, part by part. The parts add up to `gross`."""

    def __init__(self, obj):
        flat = _sizes.flat(obj)
        kind = type(obj)
        self.type = _sizes.type_name(kind)
        self.gross, self.requested, self.net = int(flat), flat.requested, flat.net
        self.note = flat.note
        self.parts = []
        for block in flat.blocks:
            self._told = 0
            if block.what == "object":
                self._own(obj, kind, block)
            else:
                self._beside(obj, block)
            self._add(block.requested - self._told, "other fields", "header")
            self._add(block.footprint - block.requested, self._rounding(block), "rounding")

    def _add(self, count, text, kind):
        if count:
            self._told += count
            self.parts.append(Part(count, text, kind))

    @staticmethod
    def _rounding(block):
        if block.footprint < block.requested:
            return f"of this, pages of the reserve ({block.what}) that nobody has touched"
        if block.what == "Arrow buffer":
            return f"rounding up to {block.footprint}: Arrow takes memory in steps of 64"
        if block.requested <= 512:
            return f"rounding up to {block.footprint}: blocks come in steps of 16"
        return f"rounding up to {block.footprint}: malloc's header and steps"

    def _own(self, obj, kind, block):
        """The object's own block, from its start on."""
        flags = _FLAGS.__get__(kind)
        if flags & GC:
            self._add(16, "links to the neighbours in the garbage collector's list", "header")
        if (VERSION >= (3, 12) and flags & MANAGED_WEAKREF) or (VERSION >= (3, 11) and flags & MANAGED_DICT):
            self._add(16, "pointers to the attributes' dict and to weak references", "header")
        self._add(8, "reference count", "header")
        self._add(8, "pointer to the type", "header")
        for base, explain in OWN:
            if isinstance_of(kind, base):
                explain(self, obj, kind, block)
                break
        else:
            self._fields(kind, block, 16)
        if VERSION >= (3, 13) and flags & INLINE_VALUES:
            self._inline_values(kind, block)

    def _fields(self, kind, block, known):
        here = block.requested - self._told
        basic = min(_BASE_BYTES.__get__(kind) - known, here)
        self._add(basic, "slots and fields: pointers to values, 8 bytes each, and figures", "table")

    def _inline_values(self, kind, block):
        rest = block.requested - self._told
        self._add(rest, "room for the values of attributes, a pointer each, and the order in which they were set", "table")

    def _beside(self, obj, block):
        texts = BESIDE.get(block.what)
        if texts:
            texts(self, obj, block)
        else:
            reserve = block.requested - block.net if block.net else 0
            self._add(block.net, f"{block.what}: data", "data")
            self._add(reserve, f"{block.what}: reserve for more, and an end mark", "reserve")
            self._add(0 if block.net else block.requested, block.what, "table")

    def __repr__(self):
        return f"<weigh.Explanation of a {self.type}: {self.gross} bytes>"

    def __str__(self):
        if not self.parts:
            return f"{self.type}: 0 bytes\n{self.note}"
        width = max(len(f"{part.bytes:,}") for part in self.parts)
        lines = [f"{self.type}: {self.gross:,} bytes, {self.net:,} of them data"]
        lines += [f"  {part.bytes:>{width},}  {part.text}" for part in self.parts]
        return "\n".join(lines)

    def to_dict(self):
        return {
            "type": self.type,
            "gross": self.gross,
            "requested": self.requested,
            "net": self.net,
            "note": self.note,
            "parts": [part._asdict() for part in self.parts],
        }


def plural(count, noun):
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun[:-1]}ies" if noun[-1] == "y" else f"{count:,} {noun}s"


def isinstance_of(kind, base):
    """issubclass without asking a metaclass."""
    return base in type.__dict__["__mro__"].__get__(kind)


def _text(self, obj, kind, block):
    length = str.__len__(obj)
    self._add(8, "length", "header")
    self._add(8, "hash, kept once it is computed", "header")
    self._add(8, "state: bytes for each character, interned or not", "header")
    if VERSION < (3, 12):
        self._add(8, "pointer to a copy in wide characters, unused", "header")
    if not block.net:
        return
    unit = block.net // length if length else 1
    if not str.isascii(obj):
        self._add(16 if VERSION >= (3, 12) else 24, "pointer to a copy in UTF-8, and its length", "header")
    self._add(block.net, f"{plural(length, 'character')} of {plural(unit, 'byte')}", "data")
    self._add(unit, "zero at the end, as C wants it", "header")


def _bytes(self, obj, kind, block):
    self._add(8, "length", "header")
    self._add(8, "hash, kept once it is computed", "header")
    self._add(block.net, f"{plural(block.net, 'byte')} of data", "data")
    self._add(1, "zero at the end, as C wants it", "header")


def _int(self, obj, kind, block):
    digits = block.net // 4
    self._add(8, "sign and number of digits", "header")
    self._add(block.net, f"{plural(digits, 'digit')} of 30 bits, 4 bytes each", "data")


def _float(self, obj, kind, block):
    self._add(8, "the number, as the machine computes with it", "data")


def _complex(self, obj, kind, block):
    self._add(16, "two numbers, as the machine computes with them", "data")


def _list(self, obj, kind, block):
    self._add(8, "length", "header")
    self._add(8, "pointer to the items, which are a block of their own", "header")
    self._add(8, "how many items there is room for", "header")
    basic = _BASE_BYTES.__get__(kind) - 40
    self._add(basic, "slots and fields of the class", "table")


def _tuple(self, obj, kind, block):
    length = tuple.__len__(obj)
    self._add(8, "length", "header")
    if VERSION >= (3, 14):
        self._add(8, "hash, kept once it is computed", "header")
    self._add(8 * length, f"{plural(length, 'pointer')} to the items", "table")
    rest = block.requested - self._told
    self._add(rest, "one place more, which the allocator of classes adds, and fields", "header")


def _dict(self, obj, kind, block):
    self._add(8, "number of entries", "header")
    self._add(8, "version, by which compiled code notices changes", "header")
    self._add(8, "pointer to the table of keys, a block of its own", "header")
    self._add(8, "pointer to values, where instances share their keys", "header")
    self._add(_BASE_BYTES.__get__(kind) - 48, "fields of the class", "table")


def _set(self, obj, kind, block):
    length = set.__len__(obj) if isinstance_of(kind, set) else frozenset.__len__(obj)
    self._add(48, "counts, hash, and a pointer to the table", "header")
    here = 16 * length if length <= 4 and block.requested else 0
    self._add(here, f"{plural(length, 'entry')} in the small table: hash and pointer", "table")
    self._add(128 - here, "free entries of the small table, which every set has", "reserve")
    self._add(8, "pointer to weak references", "header")


OWN = (
    (str, _text),
    (bytes, _bytes),
    (int, _int),
    (float, _float),
    (complex, _complex),
    (list, _list),
    (tuple, _tuple),
    (dict, _dict),
    (set, _set),
    (frozenset, _set),
)


def _items(self, obj, block):
    if not isinstance_of(type(obj), list):
        self._add(block.net, "items, as the machine computes with them", "data")
        self._add(block.requested - block.net, "reserve, so that appending need not move all", "reserve")
        return
    length = list.__len__(obj)
    self._add(8 * length, f"{plural(length, 'pointer')} to the items", "table")
    room = (block.requested - 8 * length) // 8
    self._add(block.requested - 8 * length, f"reserve for {room:,} more, so that appending need not move all", "reserve")


def _keys(self, obj, block):
    count = dict.__len__(obj)
    head = 40 if VERSION < (3, 11) else 32
    slots = 8
    while True:  # the least table of which two thirds are as large as the block says
        index = slots * (1 if slots <= 0xFF else 2 if slots <= 0xFFFF else 4 if slots <= 0xFFFFFFFF else 8)
        places = slots * 2 // 3
        for entry in (16, 24):
            if head + index + places * entry == block.requested:
                self._add(head, "head of the table of keys", "header")
                self._add(index, f"index of {slots:,} places, by which a key is found", "table")
                what = "key and value" if entry == 16 else "hash, key and value"
                self._add(entry * count, f"{plural(count, 'entry')}: {what}", "table")
                self._add(entry * (places - count), f"free entries: {places - count:,} of {places:,}", "reserve")
                return
        slots *= 2
        if slots > block.requested:
            self._add(block.requested, block.what, "table")
            return


def _values(self, obj, block):
    self._add(block.requested, "values of the attributes, a pointer each, and the order in which they were set", "table")


def _table(self, obj, block):
    self._add(block.requested, f"table of {block.requested // 16:,} places: hash and pointer each", "table")


BESIDE = {
    "items": _items,
    "table of keys": _keys,
    "values of the attributes": _values,
    "table": _table,
}
