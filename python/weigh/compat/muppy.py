"""The place of pympler's muppy: all objects of the program.

The garbage collector lists only objects that may be part of cycles. Here all
that these lead to is in the list as well, at any depth: text, numbers, and
containers of such that the collector has dropped.

To hold a list of all objects keeps them alive, and makes each of them a part of
the next list: `summary.summarize` of it is what is worth keeping.
"""

import gc
import sys
from types import FrameType

from weigh import _weigh
from weigh.compat import summary

_FOLLOW = (
    _weigh.FOLLOW_MODULES
    | _weigh.FOLLOW_TYPES
    | _weigh.FOLLOW_GLOBALS
    | _weigh.FOLLOW_CODE
    | _weigh.FOLLOW_FRAMES
)


def get_objects(remove_dups=True, include_frames=False):
    """A list of all objects, each once whatever `remove_dups` says.

    Frames are in it when `include_frames` is true: those of the callers, from
    the caller's caller on.
    """
    gc.collect()
    objects = [obj for obj in _weigh.known((), _FOLLOW) if type(obj) is not FrameType]
    if include_frames:
        frame = sys._getframe(1).f_back
        while frame is not None:
            objects.append(frame)
            frame = frame.f_back
    return objects


def get_size(objects):
    """Bytes of some objects, each alone; one that is in the list twice counts twice."""
    return sum(summary.sizes(objects))


def get_diff(left, right):
    """A dict: under '+' the objects that are only in `right`, under '-' those only in `left`."""
    before = {id(obj) for obj in left}
    after = {id(obj) for obj in right}
    return {
        "+": [obj for obj in right if id(obj) not in before],
        "-": [obj for obj in left if id(obj) not in after],
    }


def sort(objects):
    """A list of the objects, the smallest first."""
    objects = list(objects)
    sizes = summary.sizes(objects)
    return [objects[i] for i in sorted(range(len(objects)), key=sizes.__getitem__)]


def filter(objects, Type=None, min=-1, max=-1):
    """The objects of a type (or one derived from it) that have more than `min` and less than `max` bytes.

    Negative bounds are none. Raises ValueError when `min` is more than `max`.
    """
    if min > max > -1:
        raise ValueError("minimum must be smaller than maximum")
    objects = list(objects)
    if Type is not None:
        objects = [obj for obj in objects if isinstance(obj, Type)]
    if min <= -1 and max <= -1:
        return objects
    return [
        obj
        for obj, size in zip(objects, summary.sizes(objects))
        if (min <= -1 or size > min) and (max <= -1 or size < max)
    ]


def get_referents(object, level=1):
    """What an object refers to, and what that refers to, down to `level`; each object once."""
    found = {}
    edge = [object]
    for _ in range(level):
        after = []
        for obj in edge:
            for referent in _weigh.referents(obj, _FOLLOW):
                if id(referent) not in found:
                    found[id(referent)] = referent
                    after.append(referent)
        if not after:
            break
        edge = after
    return list(found.values())


def _is_containerobject(o):
    """Whether the garbage collector knows objects of that type."""
    return bool(type(o).__flags__ & 1 << 14)


def _remove_duplicates(objects):
    return list({id(obj): obj for obj in objects}.values())


def print_summary():
    """Print a summary of all objects."""
    summary.print_(summary.summarize(get_objects()))
