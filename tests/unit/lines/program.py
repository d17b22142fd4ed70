"""Shapes of code whose line tables differ: read by dump.py, never run."""

import functools


def plain(a):
    b = a + 1
    return b


@functools.lru_cache(
    maxsize=None,
)
@functools.wraps(
    plain
)
def decorated(
    first,
    second=[
        1,
        2,
    ],
):
    return first, second


def backwards(rows):
    return {
        row["key"]: (
            row["value"]
            + 1
        )
        for row in rows
        if row["key"] and
        row["value"]
    }


def guarded(path):
    try:
        with open(path) as file, open(
            path + "~"
        ) as other:
            for line in file:
                if not line:
                    continue
                yield line, other
    except OSError as error:
        raise RuntimeError(
            "cannot read"
        ) from error
    finally:
        path = None


async def waiting(source):
    async with source as stream:
        async for item in stream:
            await item
        return [part async for part in stream]


def choose(value):
    match value:
        case {"kind": "a", **rest}:
            return rest
        case [first, *_]:
            return first
        case _:
            pass
    while value:
        value -= 1
    else:
        value = 1
    assert value, "never"
    return lambda x: (
        x +
        value
    )


class Shape:
    sides: int = 4
    name = (
        "a name"
        "in pieces"
    )

    def area(self): return self.sides ** 2; print("never")


def far_apart(a):




































































































































































    b = a













    return (a,











































































































































            b,
            a)
def one_line(a): return [x for x in a if x], (lambda: a), {y: z for y, z in a}
