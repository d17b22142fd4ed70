from typing import IO, Any

from weigh.compat.classtracker_stats import ConsoleStats

class TrackedObject:
    birth: float
    death: float | None
    id: int
    name: str
    repr: str
    snapshots: list[tuple[float, Any]]
    trace: list[tuple[Any, ...]] | None
    def get_max_size(self) -> int: ...
    def get_size_at_time(self, timestamp: float) -> int: ...
    def set_resolution_level(self, resolution_level: int) -> None: ...

class Snapshot:
    asizeof_total: int
    desc: str
    overhead: int
    system_total: Any
    timestamp: float
    tracked_total: int
    @property
    def total(self) -> int: ...
    @property
    def label(self) -> str: ...

class ClassTracker:
    index: dict[str, list[TrackedObject]]
    objects: dict[int, TrackedObject]
    snapshots: list[Snapshot]
    history: dict[str, list[tuple[float, int]]]
    def __init__(self, stream: IO[str] | None = None) -> None: ...
    @property
    def stats(self) -> ConsoleStats: ...
    def track_object(
        self,
        instance: object,
        name: str | None = None,
        resolution_level: int = 0,
        keep: bool = False,
        trace: bool = False,
    ) -> None: ...
    def track_change(self, instance: object, resolution_level: int = 0) -> None: ...
    def track_class(
        self,
        cls: type,
        name: str | None = None,
        resolution_level: int = 0,
        keep: bool = False,
        trace: bool = False,
    ) -> None: ...
    def detach_class(self, cls: type) -> None: ...
    def detach_all_classes(self) -> None: ...
    def detach_all(self) -> None: ...
    def clear(self) -> None: ...
    def close(self) -> None: ...
    def start_periodic_snapshots(self, interval: float = 1.0) -> None: ...
    def stop_periodic_snapshots(self) -> None: ...
    def create_snapshot(self, description: str = "", compute_total: bool = False) -> None: ...
