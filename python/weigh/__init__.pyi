from collections.abc import Callable
from os import PathLike
from types import TracebackType
from typing import TypeVar

_F = TypeVar("_F", bound=Callable[..., object])

__version__: str

class WeighError(RuntimeError): ...

class Tracker:
    def __init__(
        self,
        path: str | bytes | PathLike[str] | PathLike[bytes],
        *,
        exact: bool = False,
        heap: bool = False,
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

def live_bytes() -> int: ...
def peak_bytes() -> int: ...
def reset_peak() -> None: ...
