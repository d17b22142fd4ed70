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

import weigh
from weigh import _weigh

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
