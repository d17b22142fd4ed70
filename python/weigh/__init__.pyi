from collections.abc import Callable
from os import PathLike
from types import TracebackType
from typing import Literal, TextIO, TypeVar, overload

from weigh._sizes import compare as compare
from weigh._sizes import explain as explain
from weigh._sizes import flat as flat
from weigh._sizes import measure as measure
from weigh._sizes import sizeof as sizeof
from weigh._sizes import types as types
from weigh._usage import memory_usage as memory_usage

_F = TypeVar("_F", bound=Callable[..., object])
_P = TypeVar("_P")

__version__: str
progress: bool

class WeighError(RuntimeError): ...

class Tracker:
    def __init__(
        self,
        path: str | bytes | PathLike[str] | PathLike[bytes],
        *,
        exact: bool = False,
        heap: bool | Literal["end", "peak", "both"] = False,
        overwrite: bool = False,
    ) -> None: ...
    def __enter__(self) -> Tracker: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    def __call__(self, function: _F) -> _F: ...

@overload
def profile(
    function: _P, stream: TextIO | None = None, precision: int | None = None, backend: object = None
) -> _P: ...
@overload
def profile(
    function: None = None, stream: TextIO | None = None, precision: int | None = None, backend: object = None
) -> Callable[[_P], _P]: ...
def snapshot(
    path: str | bytes | PathLike[str] | PathLike[bytes], *, overwrite: bool = False, in_place: bool = False
) -> None: ...
def live_bytes() -> int: ...
def peak_bytes() -> int: ...
def reset_peak() -> None: ...
