"""A random program for the walk check: recursion, generators, coroutines,
exceptions, finalizers, eval, sort keys and threads, from one seed.

Run as `walk_program.py SEED`, with the module walkcheck importable; prints the
events and the differences that it counted.
"""

import random
import sys
import threading

import walkcheck


class Finalized:
    def __init__(self, depth):
        self.depth = depth
        self.me = self

    def __del__(self):
        recurse(self.depth, [[] for _ in range(2)])


def recurse(depth, acc):
    if depth == 0:
        return [list(acc), dict.fromkeys(range(3))]
    acc.append([depth])
    result = recurse(depth - 1, acc)
    acc.pop()
    return [result, (depth, object())]


def gen(depth):
    yield [depth]
    if depth:
        yield from gen(depth - 1)
    yield {"depth": depth}


async def coro(depth):
    x = [depth]
    if depth:
        x.append(await coro(depth - 1))
    return x


def drive(c):
    try:
        c.send(None)
    except StopIteration as stop:
        return stop.value


def raising(depth):
    if depth == 0:
        raise ValueError([1, 2, 3])
    try:
        raising(depth - 1)
    finally:
        [depth for _ in range(3)]


class Pause:
    """Awaited, hands control to whoever drives the chain."""

    def __await__(self):
        yield [0]


async def awaiting(depth, pauses):
    if depth:
        return [await awaiting(depth - 1, pauses), depth]
    for _ in range(pauses):
        [depth]
        await Pause()
        recurse(2, [])
    return {"depth": depth}


async def ticking(count):
    for number in range(count):
        await Pause()
        yield [number]


async def listening(depth):
    if depth:
        return await listening(depth - 1)
    return [[item] async for item in ticking(4)]


def steps(c, rng):
    """Drives a chain step by step, from other depths each time, and perhaps not to its end."""
    try:
        while rng.randrange(12):
            below(rng.choice((0, 1, 2, 60)), c)
    except StopIteration as stop:
        return stop.value
    if rng.randrange(2):
        c.close()
    else:
        try:
            c.throw(KeyError([1]))
        except (KeyError, StopIteration):
            return [c]


def below(depth, c):
    if depth:
        return below(depth - 1, c)
    [depth]
    return [c.send(None)]


def together(rng, depth):
    """Several chains in turn, as an event loop runs them."""
    chains = [awaiting(rng.randrange(depth + 1), 3) for _ in range(4)] + [listening(depth)]
    while chains:
        chain = rng.choice(chains)
        try:
            below(rng.randrange(3), chain)
        except StopIteration:
            chains.remove(chain)


def pipeline(depth):
    """Generators that pull from generators, with plain frames between them."""
    items = iter(range(5))
    for _ in range(depth):
        items = pulled(items)
    return [recurse(1, [item]) for item in items]


def pulled(items):
    for item in items:
        yield taken([item])


def taken(items):
    return [*items, object()][0]


def delegated(depth, inner):
    """A generator deep inside plain frames, and plain frames deep inside it."""
    if depth:
        return delegated(depth - 1, inner)
    return [recurse(inner, [item]) for item in gen(inner)]


def zigzag(depth):
    """Plain frames and generators in turn."""
    if depth:
        return [item for item in zag(depth - 1)]
    return [[0]]


def zag(depth):
    yield [depth]
    yield zigzag(depth)
    yield recurse(1, [])


def quiet(depth):
    """Allocates at its bottom alone, so that nobody sees it come and go."""
    if depth:
        return quiet(depth - 1)
    return [depth]


def alike(depth, inner):
    """The same calls from several lines: what differs lies far below what is seen."""
    if depth % 7 == 0:
        quiet(inner)
        quiet(inner)
    if depth:
        alike(depth - 1, inner)
    quiet(inner)


def action(rng, level):
    kind = rng.randrange(17)
    depth = rng.choice((0, 1, 3, 20, 74, 75, 76, 150, 300))
    if kind == 0:
        recurse(depth, [])
    elif kind == 1:
        for _ in gen(min(depth, 150)):
            [0]
    elif kind == 2:
        drive(coro(min(depth, 150)))
    elif kind == 3:
        try:
            raising(depth)
        except ValueError as error:
            [error.__traceback__]
    elif kind == 4:
        Finalized(min(depth, 50))
    elif kind == 5:
        eval("[recurse(3, []) for _ in range(2)]")
    elif kind == 6:
        sorted(range(20), key=lambda i: [recurse(i % 5, []), -i][1])
    elif kind == 7:
        half = gen(min(depth, 100))
        next(half)
        recurse(5, [])
        del half
    elif kind == 8:
        list(map(lambda i: recurse(i, [])[0], range(10)))
    elif kind == 9:
        steps(awaiting(depth, 6), rng)
    elif kind == 10:
        together(rng, min(depth, 100))
    elif kind == 11:
        pipeline(min(depth, 40))
    elif kind == 12:
        delegated(depth, rng.randrange(6))
    elif kind == 13:
        zigzag(min(depth, 60))
    elif kind == 14:
        alike(min(depth, 100), rng.randrange(160))
    elif level < 60:
        nested(rng, level + 1)


def nested(rng, level):
    for _ in range(rng.randrange(1, 4)):
        action(rng, level)


def work(seed, rounds):
    rng = random.Random(seed)
    for _ in range(rounds):
        action(rng, 0)


def main():
    seed = int(sys.argv[1])
    sys.setrecursionlimit(5000)
    walkcheck.start()
    work(seed, 300)
    threads = [threading.Thread(target=work, args=(seed + i, 100)) for i in range(1, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(*walkcheck.stop())


main()
