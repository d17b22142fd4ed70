"""The place of pympler's classtracker: sizes and lives of the objects of some classes.

    tracker = ClassTracker()
    tracker.track_class(Row)
    tracker.create_snapshot("before")
    load()
    tracker.create_snapshot("after")
    tracker.stats.print_summary()

The constructor of a tracked class is replaced until it is detached; objects are
referred to weakly. Times are seconds since this module was imported.
"""

import inspect
import sys
import time
from collections import defaultdict
from functools import partial
from threading import Lock, Thread
from weakref import ref as weakref_ref

from weigh.compat import asizeof
from weigh.compat._text import safe_repr
from weigh.compat.classtracker_stats import ConsoleStats
from weigh.compat.process import ProcessMemoryInfo

__all__ = ["ClassTracker"]

_started = time.time()
_REPR = 128  # characters that are kept


def _now():
    return time.time() - _started


def _count(history, change):
    history.append((_now(), (history[-1][1] if history else 0) + change))


def _callers(skip):
    """(file, line, function, source, index) of each frame, the outermost first."""
    frame = sys._getframe(skip + 1)
    try:
        return [tuple(told[1:6]) for told in reversed(inspect.getouterframes(frame))]
    finally:
        del frame


class _Observer:
    """How a class is tracked, and the constructor it had."""

    __slots__ = ("detail", "init", "keep", "name", "own", "trace")

    def __init__(self, cls, name, detail, keep, trace):
        self.own = "__init__" in cls.__dict__
        self.init = cls.__init__
        self.modify(name, detail, keep, trace)

    def modify(self, name, detail, keep, trace):
        self.name = name
        self.detail = detail
        self.keep = keep
        self.trace = trace


class TrackedObject:
    """One object: when it came and went, and `snapshots`, a list of (time, Asized)."""

    __slots__ = (
        "__dict__",
        "_resolution_level",
        "birth",
        "death",
        "id",
        "name",
        "ref",
        "repr",
        "snapshots",
        "trace",
    )

    _kept = ("_resolution_level", "birth", "death", "id", "name", "repr", "snapshots", "trace")

    def __init__(self, instance, name, resolution_level=0, trace=None, on_delete=None):
        self.ref = weakref_ref(instance, self.finalize)
        self.id = id(instance)
        self.repr = ""
        self.name = name
        self.birth = _now()
        self.death = None
        self.trace = trace
        self.on_delete = on_delete
        self._resolution_level = resolution_level
        size = asizeof.basicsize(instance)
        self.snapshots = [(self.birth, asizeof.Asized(size, size))]

    def __getstate__(self):
        return {name: getattr(self, name) for name in self._kept}

    def __setstate__(self, state):
        for name, value in state.items():
            setattr(self, name, value)

    def track_size(self, ts, sizer):
        """Note the size at a time, with a sizer that counts what objects share once."""
        obj = self.ref()
        size = sizer.asized(obj, detail=self._resolution_level) if obj is not None else asizeof.Asized(0, 0)
        self.snapshots.append((ts, size))
        if obj is not None:
            self.repr = safe_repr(obj, clip=_REPR)

    def get_max_size(self):
        """The largest size noted."""
        return max(size.size for _, size in self.snapshots)

    def get_size_at_time(self, timestamp):
        """The size noted at exactly that time, else 0."""
        return next((size.size for when, size in reversed(self.snapshots) if when == timestamp), 0)

    def set_resolution_level(self, resolution_level):
        """Levels of referents that are noted from now on."""
        self._resolution_level = resolution_level

    def finalize(self, ref):
        """The object is gone."""
        try:
            self.death = _now()
            if self.on_delete:
                self.on_delete()
        except Exception:
            # The interpreter ends, and what this needs has gone before.
            pass


class _Periodic(Thread):
    """Takes snapshots until it is told to stop."""

    def __init__(self, tracker, interval):
        super().__init__(name="BackgroundMonitor", daemon=True)
        self.tracker = tracker
        self.interval = interval
        self.stop = False

    def run(self):
        while not self.stop:
            self.tracker.create_snapshot()
            time.sleep(self.interval)


class Snapshot:
    """Sums at one time, in bytes, with the process's memory in `system_total`."""

    def __init__(self, timestamp, description=""):
        self.tracked_total = 0
        self.asizeof_total = 0
        self.overhead = 0
        self.timestamp = timestamp
        self.system_total = ProcessMemoryInfo()
        self.desc = description
        self.classes = None

    @property
    def total(self):
        """Address space of the process; where that is not known, what was counted."""
        if self.system_total.available:
            return self.system_total.vsz
        return self.asizeof_total or self.tracked_total

    @property
    def label(self):
        """The description and the time."""
        when = f"{self.timestamp:.3f}s"
        return f"{self.desc} ({when})" if self.desc else when


class ClassTracker:
    """Tracks objects and classes; `stream` is where statistics are printed, else stdout."""

    snapshot_lock = Lock()

    def __init__(self, stream=None):
        self.index = defaultdict(list)  # name: TrackedObjects, those of gone objects as well
        self.objects = {}  # address: TrackedObject
        self.snapshots = []
        self.history = defaultdict(list)  # name: (time, number of objects)
        self._keepalive = []
        self._observers = {}
        self._periodic_thread = None
        self._stream = stream

    @property
    def stats(self):
        """What was gathered, ready to be printed."""
        return ConsoleStats(tracker=self, stream=self._stream)

    def track_object(self, instance, name=None, resolution_level=0, keep=False, trace=False):
        """Track one object, that of its class or under a name.

        `resolution_level` levels of its referents are noted one by one; `keep`
        keeps it alive; `trace` notes where this call came from. Raises TypeError
        for an object that cannot be referred to weakly.
        """
        self._track(instance, name, resolution_level, keep, trace, 2)

    def _track(self, instance, name, resolution_level, keep, trace, skip):
        known = self.objects.get(id(instance))
        if known is not None and known.ref() is not None:
            return
        name = name or type(instance).__name__
        history = self.history[name]
        told = _callers(skip) if trace else None
        tracked = TrackedObject(instance, name, resolution_level, told, partial(_count, history, -1))
        _count(history, 1)
        self.index[name].append(tracked)
        self.objects[id(instance)] = tracked
        if keep:
            self._keepalive.append(instance)

    def track_change(self, instance, resolution_level=0):
        """Change the level of a tracked object. Raises KeyError for one that is not tracked."""
        self.objects[id(instance)].set_resolution_level(resolution_level)

    def track_class(self, cls, name=None, resolution_level=0, keep=False, trace=False):
        """Track all objects of a class that are made from now on; again: with other options.

        Raises TypeError for what is not a class, or cannot be given another
        constructor.
        """
        if not isinstance(cls, type):
            raise TypeError("only class objects can be tracked")
        name = name or f"{cls.__module__}.{cls.__name__}"
        if cls in self._observers:
            self._observers[cls].modify(name, resolution_level, keep, trace)
            return
        observer = _Observer(cls, name, resolution_level, keep, trace)
        tracker = self

        def constructor(*args, **kwargs):
            tracker._track(args[0], observer.name, observer.detail, observer.keep, observer.trace, 2)
            return observer.init(*args, **kwargs)

        cls.__init__ = constructor
        self._observers[cls] = observer

    def detach_class(self, cls):
        """Give a class its constructor back. Raises KeyError for one that is not tracked."""
        observer = self._observers.pop(cls)
        if observer.own:
            cls.__init__ = observer.init
        else:
            del cls.__init__

    def detach_all_classes(self):
        """Give all classes their constructors back; objects stay tracked."""
        for cls in list(self._observers):
            self.detach_class(cls)

    def detach_all(self):
        """Track nothing any more."""
        self.detach_all_classes()
        self.objects.clear()
        self.index.clear()
        self._keepalive.clear()

    def clear(self):
        """Track nothing any more, and forget the snapshots."""
        self.detach_all()
        self.snapshots.clear()

    def close(self):
        """Give all classes their constructors back: for contextlib.closing."""
        self.detach_all_classes()

    def start_periodic_snapshots(self, interval=1.0):
        """Take a snapshot every so many seconds, in a thread; when it runs, change the interval."""
        if self._periodic_thread is None:
            self._periodic_thread = _Periodic(self, interval)
            self._periodic_thread.start()
        else:
            self._periodic_thread.interval = interval

    def stop_periodic_snapshots(self):
        """End the thread; takes up to an interval."""
        thread = self._periodic_thread
        if thread is not None and thread.is_alive():
            thread.stop = True
            thread.join()
        self._periodic_thread = None

    def create_snapshot(self, description="", compute_total=False):
        """Note the sizes of all tracked objects; with `compute_total` the size of everything too.

        What several tracked objects share counts for the one that was tracked
        first; a tracked object counts for itself, not for others.
        """
        with self.snapshot_lock:
            timestamp = _now()
            sizer = asizeof.Asizer()
            tracked = sorted(self.objects.values(), key=lambda one: one.birth)
            alive = [one.ref() for one in tracked]
            sizer.exclude_refs(*alive)
            sizer.exclude_objs(alive)
            for one in tracked:
                one.track_size(timestamp, sizer)
            snapshot = Snapshot(timestamp, str(description))
            snapshot.tracked_total = sizer.total
            if compute_total:
                snapshot.asizeof_total = asizeof.asizeof(all=True, code=True)
            if snapshot.tracked_total:
                snapshot.overhead = sizer.asizeof(self)
                if snapshot.asizeof_total:
                    snapshot.asizeof_total -= snapshot.overhead
            self.snapshots.append(snapshot)
