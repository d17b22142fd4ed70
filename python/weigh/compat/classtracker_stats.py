"""The place of pympler's classtracker_stats: printing and keeping what a ClassTracker gathered."""

import pickle
import sys

from weigh.compat._text import pp, pp_timestamp, trunc
from weigh.compat.asizeof import Asized

__all__ = ["ConsoleStats", "Stats"]

_CRITERIA = ("classname", "tsize", "birth", "death", "name", "repr", "size")
_DESCENDING = ("tsize", "size")


def _key(ref):
    return str(ref.name).partition(":")[0]


def _copy(size, name=None):
    return Asized(size.size, size.flat, [_copy(ref) for ref in size.refs], name or size.name)


def _merge(base, other, level=0):
    """Add one Asized to another, referents of one name to each other."""
    base.size += other.size
    base.flat += other.flat
    if level:
        base.name = _key(base)
    refs = {_key(ref): ref for ref in base.refs}
    added = []
    for ref in other.refs:
        known = refs.get(_key(ref))
        if known is not None:
            _merge(known, ref, level + 1)
        else:
            refs[_key(ref)] = copied = _copy(ref, _key(ref))
            added.append(copied)
    base.refs = [*base.refs, *added]


def _trace_text(trace):
    lines = []
    for file, line, function, source, _ in trace:
        lines.extend(f"    {text.strip()}\n" for text in source or ())
        lines.append(f"  {file}:{line:4d} in {function}\n")
    return "".join(lines)


class Stats:
    """What a tracker gathered, or `dump_stats` wrote into a file."""

    def __init__(self, tracker=None, filename=None, stream=None):
        self.stream = stream or sys.stdout
        self.tracker = tracker
        self.index = tracker.index if tracker else {}
        self.snapshots = tracker.snapshots if tracker else []
        self.history = tracker.history if tracker else {}
        self.sorted = []
        if filename:
            self.load_stats(filename)

    def load_stats(self, fdump):
        """Read what `dump_stats` wrote, from a path or an open file.

        It is a pickle: to be read only where it comes from a trusted place.
        """
        if isinstance(fdump, str):
            with open(fdump, "rb") as file:
                self.load_stats(file)
            return
        self.index = pickle.load(fdump)
        self.snapshots = pickle.load(fdump)
        self.sorted = []

    def dump_stats(self, fdump, close=True):
        """Write all into a path or an open file, which is closed unless `close` is false."""
        if self.tracker:
            self.tracker.stop_periodic_snapshots()
        file = open(fdump, "wb") if isinstance(fdump, str) else fdump
        try:
            pickle.dump(dict(self.index), file, protocol=pickle.HIGHEST_PROTOCOL)
            pickle.dump(self.snapshots, file, protocol=pickle.HIGHEST_PROTOCOL)
        finally:
            if close:
                file.close()

    def _init_sort(self):
        if self.sorted:
            return
        largest = max(self.snapshots, key=lambda snapshot: snapshot.tracked_total, default=None)
        when = largest.timestamp if largest and largest.tracked_total else None
        for name, tracked in self.index.items():
            for one in tracked:
                one.classname = name
                one.size = one.get_max_size()
                one.tsize = one.get_size_at_time(when)
            self.sorted.extend(tracked)

    def sort_stats(self, *args):
        """Order the objects by some of classname, tsize, birth, death, name, repr and size.

        size is the largest one noted, tsize that of the snapshot with the
        largest sum; the largest come first. Raises ValueError for another name.
        """
        if not set(args) <= set(_CRITERIA):
            raise ValueError("Invalid sort criteria")

        def key(one):
            values = []
            for name in args or _CRITERIA:
                value = getattr(one, name, "")
                # Objects that live come after those that are gone.
                missing = value is None
                values.append((missing, 0 if missing else -value if name in _DESCENDING else value))
            return values

        self._init_sort()
        self.sorted.sort(key=key)
        return self

    def reverse_order(self):
        """Turn the order round."""
        self._init_sort()
        self.sorted.reverse()
        return self

    def annotate(self):
        """Sum up all snapshots by class."""
        for snapshot in self.snapshots:
            self.annotate_snapshot(snapshot)

    def annotate_snapshot(self, snapshot):
        """A dict by class: sum, avg, pct of the process, active, and merged, an Asized of all."""
        if snapshot.classes is None:
            snapshot.classes = {
                name: self._annotate(snapshot, tracked) for name, tracked in self.index.items()
            }
        return snapshot.classes

    def _annotate(self, snapshot, tracked):
        when = snapshot.timestamp
        merged = Asized(0, 0)
        for one in tracked:
            for then, size in one.snapshots:
                if then == when:
                    _merge(merged, size)
        active = sum(one.birth < when and (one.death is None or one.death > when) for one in tracked)
        return {
            "sum": merged.size,
            "avg": merged.size / active if active else 0,
            "pct": merged.size * 100.0 / snapshot.total if snapshot.total else 0,
            "active": active,
            "merged": merged,
        }

    @property
    def tracked_classes(self):
        """The names of all classes, in order."""
        return sorted(self.index)


class ConsoleStats(Stats):
    """Prints to a stream."""

    def _print_refs(self, refs, total, prefix="    ", level=1, minsize=0, minpct=0.1):
        for ref in sorted(refs, key=lambda ref: ref.size, reverse=True):
            share = ref.size * 100.0 / total if total else 0
            if ref.size > minsize and share > minpct:
                name = trunc(prefix + str(ref.name), 50)
                self.stream.write(f"{name:<50} {pp(ref.size):<14} {int(share):3d}% [{level}]\n")
                self._print_refs(ref.refs, total, prefix + "  ", level + 1)

    def print_object(self, tobj):
        """Print one object with the sizes noted."""
        place = "( free )  " if tobj.death else f"0x{tobj.id:08x}"
        name = trunc(tobj.name, 32, left=True)
        self.stream.write(f"{name:<32} {place} {trunc(tobj.repr, 35):<35}\n")
        if tobj.trace:
            self.stream.write(_trace_text(tobj.trace))
        for when, size in tobj.snapshots:
            self.stream.write(f"  {pp_timestamp(when):<30} {pp(size.size)}\n")
            self._print_refs(size.refs, size.size)
        if tobj.death is not None:
            self.stream.write(f"  {pp_timestamp(tobj.death):<30} finalize\n")

    def print_stats(self, clsname=None, limit=1.0):
        """Print objects whose class has `clsname` in its name: so many, or that share of all below 1."""
        if self.tracker:
            self.tracker.stop_periodic_snapshots()
        if not self.sorted:
            self.sort_stats()
        chosen = [one for one in self.sorted if not clsname or clsname in one.classname]
        if limit < 1.0:
            limit = max(1, int(len(self.sorted) * limit))
        for one in chosen[: int(limit)]:
            self.print_object(one)

    def print_summary(self):
        """Print for each snapshot a line for each class."""
        self.stream.write(f"---- SUMMARY {'-' * 66}\n")
        for snapshot in self.snapshots:
            classes = self.annotate_snapshot(snapshot)
            desc = trunc(snapshot.desc, 35)
            total = pp(snapshot.asizeof_total)
            self.stream.write(f"{desc:<35} {'active':>11} {total:>12} {'average':>12} {'pct':>5}\n")
            for name in self.tracked_classes:
                info = classes.get(name) or {"active": 0, "sum": 0, "avg": 0, "pct": 0}
                self.stream.write(
                    f"  {trunc(name, 33):<33} {info['active']:11d} {pp(info['sum']):>12} "
                    f"{pp(info['avg']):>12} {int(info['pct']):4d}%\n"
                )
        self.stream.write("-" * 79 + "\n")
