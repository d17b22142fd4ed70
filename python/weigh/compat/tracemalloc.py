"""tracemalloc's interface, with weigh's recorder behind it.

    from weigh.compat import tracemalloc

    tracemalloc.start(25)
    ...
    for statistic in tracemalloc.take_snapshot().statistics("lineno")[:10]:
        print(statistic)

Sizes are bytes that blocks were asked for, as in the standard library's module.
`start(native=True)` also traces blocks of native code, as domain NATIVE_DOMAIN;
docs/compat.md lists what else differs.
"""

import fnmatch
import linecache
import os
import pickle
from collections.abc import Iterable, Sequence
from functools import total_ordering

from weigh import _weigh

_recorder = _weigh.tracemalloc

NATIVE_DOMAIN = _recorder.NATIVE_DOMAIN
_Compact = _recorder.Traces

clear_traces = _recorder.clear_traces
get_traceback_limit = _recorder.get_traceback_limit
get_traced_memory = _recorder.get_traced_memory
get_tracemalloc_memory = _recorder.get_tracemalloc_memory
is_tracing = _recorder.is_tracing
reset_peak = _recorder.reset_peak
start = _recorder.start
stop = _recorder.stop
_get_object_traceback = _recorder._get_object_traceback
_get_traces = _recorder._get_traces

os.register_at_fork(after_in_child=_recorder._after_fork)


def _size(size, plus=False):
    """Bytes in words of at most five digits, with a sign when `plus`."""
    sign = "+" if plus else ""
    units = ("B", "KiB", "MiB", "GiB", "TiB")
    for unit in units:
        if abs(size) < 100 and unit != "B":
            return f"{size:{sign}.1f} {unit}"
        if abs(size) < 10240 or unit == units[-1]:
            return f"{size:{sign}.0f} {unit}"
        size /= 1024


def _totals(size, count):
    """How a line about `count` blocks ends."""
    return f", average={_size(size / count)}" if count else ""


class _Record:
    """What is equal, and hashed, by the values of its slots."""

    __slots__ = ()

    def _values(self):
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other):
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self):
        return hash(self._values())


class Statistic(_Record):
    """Bytes and blocks of one place: `traceback`, `size`, `count`."""

    __slots__ = ("traceback", "size", "count")

    def __init__(self, traceback, size, count):
        self.traceback = traceback
        self.size = size
        self.count = count

    def __str__(self):
        return f"{self.traceback}: size={_size(self.size)}, count={self.count}{_totals(self.size, self.count)}"

    def __repr__(self):
        return f"<Statistic traceback={self.traceback!r} size={self.size} count={self.count}>"

    def _sort_key(self):
        return self.size, self.count, self.traceback


class StatisticDiff(_Record):
    """Bytes and blocks of one place in the newer of two snapshots, and what they have grown by."""

    __slots__ = ("traceback", "size", "size_diff", "count", "count_diff")

    def __init__(self, traceback, size, size_diff, count, count_diff):
        self.traceback = traceback
        self.size = size
        self.size_diff = size_diff
        self.count = count
        self.count_diff = count_diff

    def __str__(self):
        sizes = f"size={_size(self.size)} ({_size(self.size_diff, True)})"
        counts = f"count={self.count} ({self.count_diff:+})"
        return f"{self.traceback}: {sizes}, {counts}{_totals(self.size, self.count)}"

    def __repr__(self):
        sizes = f"size={self.size} ({self.size_diff:+})"
        return f"<StatisticDiff traceback={self.traceback!r} {sizes} count={self.count} ({self.count_diff:+})>"

    def _sort_key(self):
        return abs(self.size_diff), self.size, abs(self.count_diff), self.count, self.traceback


@total_ordering
class Frame(_Record):
    """A line that ran: `filename`, `lineno`. 0 is no line."""

    __slots__ = ("_frame",)

    def __init__(self, frame):
        self._frame = frame

    @property
    def filename(self):
        return self._frame[0]

    @property
    def lineno(self):
        return self._frame[1]

    def __lt__(self, other):
        if not isinstance(other, Frame):
            return NotImplemented
        return self._frame < other._frame

    def __str__(self):
        return f"{self.filename}:{self.lineno}"

    def __repr__(self):
        return f"<Frame filename={self.filename!r} lineno={self.lineno!r}>"


@total_ordering
class Traceback(Sequence):
    """Frames, the innermost last; made of pairs (file, line) with the innermost first."""

    __slots__ = ("_frames", "_total_nframe")

    def __init__(self, frames, total_nframe=None):
        self._frames = tuple(frames)[::-1]
        self._total_nframe = total_nframe

    @property
    def total_nframe(self):
        """Frames of the stack, those not shown included; None when not known."""
        return self._total_nframe

    def __len__(self):
        return len(self._frames)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return tuple(map(Frame, self._frames[index]))
        return Frame(self._frames[index])

    def __contains__(self, frame):
        return frame._frame in self._frames

    def __eq__(self, other):
        if not isinstance(other, Traceback):
            return NotImplemented
        return self._frames == other._frames

    def __lt__(self, other):
        if not isinstance(other, Traceback):
            return NotImplemented
        return self._frames < other._frames

    def __hash__(self):
        return hash(self._frames)

    def __str__(self):
        return str(self[0])

    def __repr__(self):
        total = "" if self._total_nframe is None else f" total_nframe={self._total_nframe}"
        return f"<Traceback {tuple(self)}{total}>"

    def format(self, limit=None, most_recent_first=False):
        """Lines as a printed traceback has them: `limit` innermost frames, or outermost when negative."""
        frames = self[:]
        if limit is not None:
            frames = frames[-limit:] if limit > 0 else frames[:limit]
        lines = []
        for frame in reversed(frames) if most_recent_first else frames:
            lines.append(f'  File "{frame.filename}", line {frame.lineno}')
            source = linecache.getline(frame.filename, frame.lineno).strip()
            if source:
                lines.append(f"    {source}")
        return lines


def get_object_traceback(obj):
    """The Traceback of the block in which an object lies; None when it is not traced."""
    frames = _get_object_traceback(obj)
    return None if frames is None else Traceback(frames)


class Trace(_Record):
    """A block: `domain`, `size` in bytes, `traceback`."""

    __slots__ = ("_trace",)

    def __init__(self, trace):
        self._trace = trace

    @property
    def domain(self):
        return self._trace[0]

    @property
    def size(self):
        return self._trace[1]

    @property
    def traceback(self):
        return Traceback(*self._trace[2:])

    def __str__(self):
        return f"{self.traceback}: {_size(self.size)}"

    def __repr__(self):
        return f"<Trace domain={self.domain} size={_size(self.size)}, traceback={self.traceback!r}>"


class _Traces(Sequence):
    """The blocks of a snapshot; each is made when it is asked for."""

    def __init__(self, traces):
        self._traces = traces

    def __len__(self):
        return len(self._traces)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return tuple(Trace(self._traces[i]) for i in range(*index.indices(len(self))))
        return Trace(self._traces[index])

    def __contains__(self, trace):
        return trace._trace in self._traces

    def __eq__(self, other):
        if not isinstance(other, _Traces):
            return NotImplemented
        return len(self) == len(other) and all(map(_same, self._traces, other._traces))

    def __repr__(self):
        return f"<Traces len={len(self)}>"

    def _sums(self):
        """Rows of (domain, frames, frames in all, bytes, blocks, number of the row)."""
        if isinstance(self._traces, _Compact):
            return self._traces.sums()
        sums = {}
        for domain, size, frames, *total in self._traces:
            row = sums.setdefault((domain, frames, *total), [0, 0])
            row[0] += size
            row[1] += 1
        return [(*key[:2], key[2] if key[2:] else None, *sums[key], i) for i, key in enumerate(sums)]

    def _select(self, keeps, by_stack):
        """Those for which a function of (domain, size, frames, frames in all) is true; `by_stack`: whatever the size."""
        if not by_stack or not isinstance(self._traces, _Compact):
            return [trace for trace in self._traces if keeps(trace)]
        kept = bytearray(self._traces.rows())
        for domain, frames, total, size, _, row in self._traces.sums():
            kept[row] = keeps((domain, size, frames, total))
        return self._traces.select(kept)


def _same(one, other):
    return one == other


def _normal(filename):
    filename = os.path.normcase(filename)
    return filename[:-1] if filename.endswith(".pyc") else filename


class BaseFilter:
    """What filter_traces takes: `inclusive` ones let their traces in, others keep theirs out."""

    def __init__(self, inclusive):
        self.inclusive = inclusive

    def _match(self, trace):
        raise NotImplementedError


class Filter(BaseFilter):
    """Traces by file (a pattern of fnmatch) and line of the innermost frame or of any, and by domain."""

    def __init__(self, inclusive, filename_pattern, lineno=None, all_frames=False, domain=None):
        super().__init__(inclusive)
        self._pattern = _normal(filename_pattern)
        self.lineno = lineno
        self.all_frames = all_frames
        self.domain = domain

    @property
    def filename_pattern(self):
        return self._pattern

    def _is_at(self, filename, lineno):
        return self.lineno in (None, lineno) and fnmatch.fnmatch(_normal(filename), self._pattern)

    def _match_frame(self, filename, lineno):
        return self._is_at(filename, lineno) == bool(self.inclusive)

    def _match_traceback(self, frames):
        looked_at = frames if self.all_frames else frames[:1]
        return any(self._is_at(*frame) for frame in looked_at) == bool(self.inclusive)

    def _match(self, trace):
        domain, _, frames, _ = trace
        if self.domain is None or domain == self.domain:
            return self._match_traceback(frames)
        return not self.inclusive


class DomainFilter(BaseFilter):
    """Traces by domain."""

    def __init__(self, inclusive, domain):
        super().__init__(inclusive)
        self._domain = domain

    @property
    def domain(self):
        return self._domain

    def _match(self, trace):
        return (trace[0] == self._domain) == bool(self.inclusive)


# What a stack counts for, by the key of statistics: groups as tuples of frames.
_KEYS = {
    ("traceback", False): lambda frames: (frames,),
    ("lineno", False): lambda frames: (frames[:1],),
    ("filename", False): lambda frames: (((frames[0][0], 0),),),
    ("lineno", True): lambda frames: ((frame,) for frame in frames),
    ("filename", True): lambda frames: (((filename, 0),) for filename, _ in frames),
}


class _Unpickler(pickle.Unpickler):
    """Makes our classes of what a file says of the standard library's."""

    def find_class(self, module, name):
        return super().find_class(__name__ if module == "tracemalloc" else module, name)


def _standard(snapshot):
    """The same snapshot as an object of the standard library's."""
    import tracemalloc

    twin = tracemalloc.Snapshot(list(snapshot.traces._traces), snapshot.traceback_limit)
    for name, value in vars(snapshot).items():
        if name != "traces":
            setattr(twin, name, value)
    return twin


class Snapshot:
    """The traced blocks at one instant: `traces`, and `traceback_limit`, frames shown of each."""

    def __init__(self, traces, traceback_limit):
        self.traces = _Traces(traces)
        self.traceback_limit = traceback_limit

    def dump(self, filename):
        """Write the snapshot to a file, in the form of the standard library's module. Raises OSError."""
        with open(filename, "wb") as file:
            pickle.dump(_standard(self), file, pickle.HIGHEST_PROTOCOL)

    @staticmethod
    def load(filename):
        """Read a snapshot that dump wrote, here or in the standard library's module.

        Like any pickle, a file from somebody else may run code of theirs.
        """
        with open(filename, "rb") as file:
            return _Unpickler(file).load()

    def filter_traces(self, filters):
        """A new snapshot of the traces that any inclusive filter lets in, and no other keeps out."""
        if not isinstance(filters, Iterable):
            raise TypeError(f"filter_traces: a list of filters is wanted, not {type(filters).__name__}")
        filters = list(filters)
        inside = [one for one in filters if one.inclusive]
        outside = [one for one in filters if not one.inclusive]

        def keeps(trace):
            return (not inside or any(one._match(trace) for one in inside)) and all(
                one._match(trace) for one in outside
            )

        by_stack = all(type(one) in (Filter, DomainFilter) for one in filters)
        return Snapshot(self.traces._select(keeps, by_stack), self.traceback_limit)

    def _group_by(self, key_type, cumulative):
        if key_type not in ("traceback", "filename", "lineno"):
            raise ValueError(f"key_type: {key_type!r} is not 'traceback', 'filename' or 'lineno'")
        if cumulative and key_type == "traceback":
            raise ValueError("cumulative: whole tracebacks cannot be: use 'lineno' or 'filename'")
        keys = _KEYS[key_type, bool(cumulative)]
        groups = {}
        for _, frames, _, size, count, _ in self.traces._sums():
            for key in keys(frames):
                group = groups.get(key)
                if group is None:
                    groups[key] = Statistic(Traceback(key), size, count)
                else:
                    group.size += size
                    group.count += count
        return groups

    def statistics(self, key_type, cumulative=False):
        """Statistics by "lineno", "filename" or "traceback", the largest first.

        `cumulative`: each frame shown counts what it called allocated.
        """
        groups = self._group_by(key_type, cumulative).values()
        return sorted(groups, key=Statistic._sort_key, reverse=True)

    def compare_to(self, old_snapshot, key_type, cumulative=False):
        """StatisticDiffs since an older snapshot, grouped as by statistics, the largest change first."""
        new = self._group_by(key_type, cumulative)
        old = old_snapshot._group_by(key_type, cumulative)
        changes = []
        for key in {**new, **old}:
            now = new.get(key) or Statistic(old[key].traceback, 0, 0)
            then = old.get(key) or Statistic(now.traceback, 0, 0)
            changes.append(
                StatisticDiff(now.traceback, now.size, now.size - then.size, now.count, now.count - then.count)
            )
        return sorted(changes, key=StatisticDiff._sort_key, reverse=True)


def take_snapshot():
    """A Snapshot of the traced blocks. RuntimeError when nothing is traced."""
    if not is_tracing():
        raise RuntimeError("the tracemalloc module must be tracing memory allocations to take a snapshot")
    return Snapshot(_get_traces(), get_traceback_limit())
