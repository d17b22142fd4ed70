from collections.abc import Callable, Iterable, Iterator
from typing import Any

# [type, number of objects, bytes]
_Row = list[Any]

representations: dict[type, list[Callable[[Any], str]]]

def sizes(objects: Iterable[object]) -> list[int]: ...
def summarize(objects: Iterable[object]) -> list[_Row]: ...
def get_diff(left: Iterable[_Row], right: Iterable[_Row]) -> list[_Row]: ...
def format_(
    rows: Iterable[_Row], limit: int = 15, sort: str = "size", order: str = "descending"
) -> Iterator[str]: ...
def print_(
    rows: Iterable[_Row], limit: int = 15, sort: str = "size", order: str = "descending"
) -> None: ...
