from collections.abc import Callable, Mapping, Sequence
from subprocess import Popen
from typing import Any, Protocol

class _Writable(Protocol):
    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...

BACKENDS: tuple[str, ...]

def choose_backend(new_backend: str | None = None) -> str: ...
def kind_of(backend: str) -> int: ...
def mib_of(pid: int, kind: int, include_children: bool = False) -> float: ...
def memory_usage(
    proc: int
    | str
    | Popen[Any]
    | Callable[..., Any]
    | tuple[Callable[..., Any]]
    | tuple[Callable[..., Any], Sequence[Any]]
    | tuple[Callable[..., Any], Sequence[Any], Mapping[str, Any]] = -1,
    interval: float = 0.1,
    timeout: float | None = None,
    timestamps: bool = False,
    include_children: bool = False,
    multiprocess: bool = False,
    max_usage: bool = False,
    retval: bool = False,
    stream: _Writable | None = None,
    backend: str | None = None,
    max_iterations: int | None = None,
) -> Any: ...
