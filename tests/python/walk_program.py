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


def action(rng, level):
    kind = rng.randrange(10)
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
    work(seed, 60)
    threads = [threading.Thread(target=work, args=(seed + i, 30)) for i in range(1, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(*walkcheck.stop())


main()
