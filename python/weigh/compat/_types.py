"""Sizes and lengths of an object's own, as asizeof tells them."""

import array
import struct
import types

from weigh import _weigh

_POINTER = 8
_ENTRY = 24  # of a dict: hash, key, value
_SET_ENTRY = 16  # hash, key

_HEAP_TYPE = 1 << 9
_NUMPY = ("dtype", "itemsize", "nbytes")


def is_array(obj):
    """Whether an object is NumPy's, or an array that has items of a size of its own."""
    if issubclass(type(obj), array.array):
        return True
    module = type.__dict__["__module__"].__get__(type(obj))
    return (
        isinstance(module, str)
        and module.partition(".")[0] == "numpy"
        and all(hasattr(type(obj), name) for name in _NUMPY)
    )


def basicsize(obj):
    """Bytes of an object without items, with what lies in front of it in its block."""
    kind = type(obj)
    if kind is type:
        return kind.__basicsize__ + (16 if obj.__flags__ & _HEAP_TYPE else 0)
    return kind.__basicsize__ + _weigh.preheader(kind)


def itemsize(obj):
    """Bytes of each item; 0 for objects without."""
    if issubclass(type(obj), dict):
        return _ENTRY
    if issubclass(type(obj), (set, frozenset)):
        return _SET_ENTRY
    if issubclass(type(obj), (list, slice)):
        return _POINTER
    if issubclass(type(obj), str):
        return _character(obj)
    if issubclass(type(obj), (bytearray, struct.Struct)):
        return 1
    if issubclass(type(obj), types.CodeType):
        return _POINTER
    if is_array(obj):
        return obj.itemsize
    return type.__dict__["__itemsize__"].__get__(type(obj))


def _character(text):
    if str.isascii(text):
        return 1
    largest = ord(max(str.__iter__(text)))
    return 1 if largest < 0x100 else 2 if largest < 0x10000 else 4


def _slice_length(obj):
    try:
        return (obj.stop - obj.start + 1) // obj.step
    except (AttributeError, TypeError, ZeroDivisionError):
        return 0


def _code_length(code):
    return len(code.co_freevars) + len(code.co_cellvars) + code.co_stacksize + code.co_nlocals - 1


# Iterators written in C, whose hint runs nothing of a program's.
_ITERATORS = tuple(
    type(iter(example))
    for example in ([], (), "", b"", bytearray(), set(), {}, {}.items(), {}.values(), range(0), range(1 << 70))
) + (type(reversed([])), type(reversed({})))


def leng(obj):
    """The number of items an object has room for; None when it has no items."""
    room = -1 if issubclass(type(obj), bool) else _weigh.room(obj)
    if room >= 0:
        return room
    if issubclass(type(obj), str):
        return str.__len__(obj) + 1
    if issubclass(type(obj), tuple):
        return tuple.__len__(obj)
    if issubclass(type(obj), bytes):
        return bytes.__len__(obj)
    if issubclass(type(obj), types.MappingProxyType):
        return len(obj)
    if issubclass(type(obj), types.ModuleType):
        attributes = _weigh.attributes(obj)
        return len(attributes) if isinstance(attributes, (dict, list)) else 0
    if issubclass(type(obj), slice):
        return _slice_length(obj)
    if issubclass(type(obj), struct.Struct):
        return obj.size
    if issubclass(type(obj), types.CodeType):
        return _code_length(obj)
    if issubclass(type(obj), types.FrameType):
        return _code_length(obj.f_code)
    if is_array(obj):
        return len(obj) if issubclass(type(obj), array.array) else obj.size
    if type(obj) in _ITERATORS:
        return obj.__length_hint__()
    return None
