"""The place of pympler's tracker: what objects came and went between two moments."""

import gc
import sys
from types import FrameType

from weigh import _weigh
from weigh.compat import muppy, summary


class SummaryTracker:
    """Compares summaries of all objects. With `ignore_self` its own are not in them.

    It keeps no object alive.
    """

    def __init__(self, ignore_self=True):
        self.ignore_self = ignore_self
        self.summaries = {}
        self.s0 = None
        self.s1 = None
        self.s0 = self.s1 = self.create_summary()

    def _own(self):
        """The lists of the summaries that are kept, with the text and numbers that only these hold."""
        own = [self.summaries]
        kept = [self.s0, *self.summaries.values()]
        if self.s1 is not self.s0:
            kept.append(self.s1)
        for one in kept:
            if one is None:
                continue
            own.append(one)
            own.extend(one)
        return tuple(own)

    def create_summary(self):
        """A summary of all objects as they are now."""
        gc.collect()
        barred = self._own() if self.ignore_self else ()
        objects = _weigh.known(barred, muppy._FOLLOW)
        return summary.summarize([obj for obj in objects if type(obj) is not FrameType])

    def diff(self, summary1=None, summary2=None):
        """The rows that have changed.

        Between two summaries, or between one and now, or since the last call.
        Raises ValueError for a second summary without a first.
        """
        if summary2 is None:
            self.s1 = self.create_summary()
            rows = summary.get_diff(self.s0 if summary1 is None else summary1, self.s1)
            self.s0 = self.s1
        elif summary1 is None:
            raise ValueError("You cannot provide summary2 without summary1.")
        else:
            rows = summary.get_diff(summary1, summary2)
        return summary._sweep(rows)

    def print_diff(self, summary1=None, summary2=None):
        """Print the changes: see `diff`."""
        summary.print_(self.diff(summary1=summary1, summary2=summary2))

    def format_diff(self, summary1=None, summary2=None):
        """The changes as lines of text: see `diff`."""
        return summary.format_(self.diff(summary1=summary1, summary2=summary2))

    def store_summary(self, key):
        """Keep a summary of now as `summaries[key]`."""
        self.summaries[key] = self.create_summary()


class ObjectTracker:
    """Compares the objects of two moments.

    It keeps all objects of the last moment alive: it is for finding out what
    comes in addition where nothing should.
    """

    def __init__(self):
        self.o0 = []
        self.o0 = self._get_objects()

    def _get_objects(self, ignore=()):
        """All objects but some, frames, and what belongs to the tracker."""
        apart = (self, self.__dict__, self.o0, getattr(self, "o1", self.o0), ignore, *ignore)
        objects = _weigh.known(apart, muppy._FOLLOW)
        return [obj for obj in objects if type(obj) is not FrameType]

    def get_diff(self, ignore=()):
        """A dict: '+' the objects that came since the last call, '-' those that went."""
        self.o1 = self._get_objects((*ignore, sys._getframe(1)))
        diff = muppy.get_diff(self.o0, self.o1)
        self.o0 = self.o1
        return diff

    def print_diff(self, ignore=()):
        """Print what came and went since the last call."""
        for line in self.format_diff((*ignore, sys._getframe(1))):
            print(line)

    def format_diff(self, ignore=()):
        """What came and went since the last call, as lines of text."""
        diff = self.get_diff((*ignore, sys._getframe(1)))
        return [
            "Added objects:",
            *summary.format_(summary.summarize(diff["+"])),
            "Removed objects:",
            *summary.format_(summary.summarize(diff["-"])),
        ]
