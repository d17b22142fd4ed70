from collections.abc import Iterable, Iterator
from typing import IO, Any

class Asized:
    size: int
    flat: int
    name: str | None
    refs: tuple[Asized, ...]
    def __init__(self, size: int, flat: int, refs: Iterable[Asized] = (), name: str | None = None) -> None: ...
    def format(
        self,
        format: str = "%(name)s size=%(size)d flat=%(flat)d",
        depth: int = -1,
        order_by: str = "size",
        indent: str = "",
    ) -> str: ...
    def get(self, name: str, dflt: Any = None) -> Any: ...

class Asizer:
    def __init__(self, **opts: Any) -> None: ...
    def reset(self, **opts: Any) -> None: ...
    def set(
        self,
        above: int | None = None,
        align: int | None = None,
        code: bool | None = None,
        cutoff: int | None = None,
        frames: bool | None = None,
        detail: int | None = None,
        limit: int | None = None,
        stats: float | None = None,
    ) -> None: ...
    def asized(self, *objs: object, **opts: Any) -> Any: ...
    def asizeof(self, *objs: object, **opts: Any) -> int: ...
    def asizesof(self, *objs: object, **opts: Any) -> tuple[int, ...]: ...
    def exclude_objs(self, *objs: object) -> None: ...
    def exclude_refs(self, *objs: object) -> None: ...
    def exclude_types(self, *objs: object) -> None: ...
    def print_largest(self, w: int = 0, cutoff: int = 0, **print3options: Any) -> None: ...
    def print_profiles(self, w: int = 0, cutoff: int = 0, **print3options: Any) -> None: ...
    def print_stats(
        self,
        objs: Iterable[object] = (),
        opts: dict[str, Any] | None = None,
        sized: Any = (),
        sizes: Iterable[int] = (),
        stats: float = 3,
        **print3options: Any,
    ) -> None: ...
    def print_summary(self, w: int = 0, objs: Iterable[object] = (), **print3options: Any) -> None: ...
    def print_typedefs(self, w: int = 0, **print3options: Any) -> None: ...
    @property
    def above(self) -> int: ...
    @property
    def align(self) -> int: ...
    @property
    def clip(self) -> int: ...
    @property
    def code(self) -> bool: ...
    @property
    def cutoff(self) -> int: ...
    @property
    def derive(self) -> bool: ...
    @property
    def detail(self) -> int: ...
    @property
    def duplicate(self) -> int: ...
    @property
    def excluded(self) -> tuple[type, ...]: ...
    @property
    def frames(self) -> bool: ...
    @property
    def ignored(self) -> bool: ...
    @property
    def infer(self) -> bool: ...
    @property
    def limit(self) -> int: ...
    @property
    def missed(self) -> int: ...
    @property
    def ranked(self) -> int: ...
    @property
    def seen(self) -> int: ...
    @property
    def sized(self) -> int: ...
    @property
    def stats(self) -> int: ...
    @property
    def total(self) -> int: ...

def adict(*classes: type) -> bool: ...
def amapped(percentage: float | None = None) -> float: ...
def asized(
    *objs: object,
    above: int = 1024,
    align: int = 8,
    clip: int = 80,
    code: bool = False,
    cutoff: int = 10,
    derive: bool = False,
    detail: int = 0,
    frames: bool = False,
    ignored: bool = True,
    infer: bool = False,
    limit: int = 100,
    stats: float = 0,
    stream: IO[str] | None = None,
) -> Any: ...
def asizeof(
    *objs: object,
    all: bool | None = None,
    above: int = 1024,
    align: int = 8,
    clip: int = 80,
    code: bool = False,
    cutoff: int = 10,
    derive: bool = False,
    detail: int = 0,
    frames: bool = False,
    ignored: bool = True,
    infer: bool = False,
    limit: int = 100,
    stats: float = 0,
    stream: IO[str] | None = None,
) -> int: ...
def asizesof(
    *objs: object,
    above: int = 1024,
    align: int = 8,
    clip: int = 80,
    code: bool = False,
    cutoff: int = 10,
    derive: bool = False,
    detail: int = 0,
    frames: bool = False,
    ignored: bool = True,
    infer: bool = False,
    limit: int = 100,
    stats: float = 0,
    stream: IO[str] | None = None,
) -> tuple[int, ...]: ...
def basicsize(
    obj: object, derive: bool = False, frames: bool = False, infer: bool = False, save: bool = False
) -> int: ...
def itemsize(
    obj: object, derive: bool = False, frames: bool = False, infer: bool = False, save: bool = False
) -> int: ...
def leng(
    obj: object, derive: bool = False, frames: bool = False, infer: bool = False, save: bool = False
) -> int | None: ...
def flatsize(
    obj: object,
    align: int = 0,
    derive: bool = False,
    frames: bool = False,
    infer: bool = False,
    save: bool = False,
) -> int: ...
def refs(
    obj: object, derive: bool = False, frames: bool = False, infer: bool = False, save: bool = False
) -> Iterator[object]: ...
def named_refs(
    obj: object, derive: bool = False, frames: bool = False, infer: bool = False, save: bool = False
) -> list[tuple[str, object]]: ...
