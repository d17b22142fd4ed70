"""Allocates, marked, from every kind of stack that Python has.

Run as `stacks_program.py OUT`: before each marked allocation the program notes
its own stack by sys._getframe, and writes all notes to OUT as JSON at its end.
"""

import asyncio
import collections
import contextlib
import dataclasses
import functools
import gc
import json
import operator
import pickle
import random
import signal
import sys
import threading
import weakref

from allocate import call

MARK = 100_000
notes = []
random_numbers = random.Random(5)
lock = threading.Lock()


def note(frame):
    frames = []
    while frame:
        code = frame.f_code
        frames.append((code.co_filename, getattr(code, "co_qualname", code.co_name), frame.f_lineno))
        frame = frame.f_back
    notes.append(frames)


def mark(*ignored):
    note(sys._getframe()); call("malloc", 0, MARK)  # noqa: E702: the same line for both
    return ignored[0] if ignored else 0


def recursion(depth):
    if depth == 0:
        return mark()
    if depth % 3 == 0:
        return (
            recursion(depth - 1)
            + 0
        )
    return recursion(depth - 1)


def generator(depth):
    mark()
    yield depth
    if depth:
        yield from generator(depth - 1)
    mark()
    yield depth


def closed_generator():
    try:
        yield 1
    finally:
        mark()


async def coroutine(depth):
    mark()
    if depth:
        await coroutine(depth - 1)
    await asyncio.sleep(0)
    mark()


async def async_generator():
    for i in range(3):
        mark()
        yield i


class AsyncContext:
    async def __aenter__(self):
        mark()

    async def __aexit__(self, *error):
        mark()


async def together():
    async with AsyncContext():
        await asyncio.gather(coroutine(2), coroutine(3))
    async for _ in async_generator():
        mark()
    return [i async for i in async_generator() if mark(i) >= 0]


class Finalized:
    def __del__(self):
        mark()
        recursion(3)


class Cycle:
    def __init__(self):
        self.me = self

    def __del__(self):
        mark()


def exceptions():
    try:
        try:
            mark()
            raise ValueError(mark())
        except ValueError:
            mark()
            raise KeyError from None
        finally:
            mark()
    except KeyError as error:
        recursion(2)
        error.with_traceback(None)


class Meta(type):
    @classmethod
    def __prepare__(mcs, name, bases):
        mark()
        return {}

    def __new__(mcs, name, bases, namespace):
        mark()
        return super().__new__(mcs, name, bases, namespace)

    def __call__(cls, *arguments):
        mark()
        return super().__call__(*arguments)


class Named:
    def __set_name__(self, owner, name):
        mark()

    def __get__(self, instance, owner):
        return mark()


def class_bodies():
    class Inner(metaclass=Meta):
        mark()
        named = Named()
        values = [mark(i) for i in range(2)]

        def __init__(self):
            mark()

        def __init_subclass__(cls):
            mark()

        def __getattr__(self, name):
            return mark()

        @property
        def computed(self):
            return mark()

    class Below(Inner):
        pass

    made = Below()
    return made.missing, made.computed, made.named


def sort_keys():
    sorted([3, 1, 2], key=mark)
    sorted([3, 1, 2], key=lambda value: mark(value))
    max([1, 2], key=lambda value: recursion(1) or value)
    sorted([3, 1], key=functools.cmp_to_key(lambda a, b: mark(a) - b))
    list(map(mark, [1, 2]))
    list(filter(lambda value: mark(value), [1, 2]))
    functools.reduce(lambda a, b: mark(a), [1, 2, 3])


def decorate(function):
    @functools.wraps(function)
    def wrapper(*arguments, **named):
        mark()
        return function(*arguments, **named)

    return wrapper


@decorate
@decorate
def decorated(a, *, b):
    mark()


@functools.lru_cache(maxsize=None)
def cached(value):
    return mark(value)


@functools.singledispatch
def dispatched(value):
    mark()


@dispatched.register
def _(value: int):
    mark()


@contextlib.contextmanager
def context():
    mark()
    try:
        yield
    finally:
        mark()


def decorators():
    decorated(1, b=2)
    cached(3)
    dispatched("a")
    dispatched(1)
    with context(), context():
        mark()


def cells():
    outside = 5

    def inner():
        nonlocal outside
        outside += mark(1)
        return lambda: mark(outside)

    return inner()()


def comprehensions():
    return (
        [mark(i) for i in range(2)],
        {mark(i) for i in range(2)},
        {mark(i): mark(i) for i in range(2)},
        list(mark(i) for i in range(2)),
        [[mark(j) for j in range(i)] for i in range(3)],
    )


def executed():
    exec("mark()")
    exec("def made():\n\n    return mark()\nmade()", {"mark": mark})
    eval("mark(mark(1))")
    eval(compile("[mark(i) for i in (1, 2)]", "<made>", "eval"))


@dataclasses.dataclass(order=True)
class Data:
    value: int = dataclasses.field(default_factory=mark)

    def __post_init__(self):
        mark()

    def __hash__(self):
        return mark()

    def __reduce__(self):
        mark()
        return Data, (1,)


class Operators:
    def __add__(self, other):
        return mark(self)

    __radd__ = __add__

    def __iter__(self):
        mark()
        return self

    def __next__(self):
        mark()
        raise StopIteration

    def __enter__(self):
        return mark(self)

    def __exit__(self, *error):
        mark()

    def __call__(self, *arguments):
        return mark(self)

    def __eq__(self, other):
        return bool(mark(1))

    def __missing__(self, key):
        return mark()

    __hash__ = object.__hash__


def special_methods():
    made = Operators()
    made + 1, 1 + made, made(), made == 1
    list(made), [*made], made in [1, 2]
    with made:
        mark()
    {Data(): 1}[Data()] if False else None
    hash(Data()), Data() < Data(), pickle.loads(pickle.dumps(Data()))
    collections.defaultdict(mark)["x"]
    operator.add(made, 1)


def callbacks():
    target = Finalized()
    watched = weakref.ref(target, mark)
    del target
    gc.callbacks.append(on_collection)
    Cycle()
    gc.collect()
    gc.callbacks.remove(on_collection)
    signal.signal(signal.SIGUSR1, on_signal)
    signal.raise_signal(signal.SIGUSR1)
    return watched


def on_collection(phase, info):
    mark()


def on_signal(number, frame):
    mark()


def generators():
    list(generator(3))
    made = closed_generator()
    next(made)
    made.close()
    sent = generator(1)
    sent.send(None)
    with contextlib.suppress(ValueError):
        sent.throw(ValueError)


def coroutines():
    asyncio.run(together())


def deep():
    recursion(random_numbers.randrange(300))
    recursion(900)


KINDS = [
    deep,
    generators,
    coroutines,
    exceptions,
    class_bodies,
    sort_keys,
    decorators,
    cells,
    comprehensions,
    executed,
    special_methods,
    callbacks,
]


def nested(depth, choose):
    if depth == 0:
        return choose.choice(KINDS[3:])()
    kind = choose.randrange(4)
    if kind == 0:
        return nested(depth - 1, choose)
    if kind == 1:
        return [nested(depth - 1, choose) for _ in range(1)]
    if kind == 2:
        return sorted([1], key=lambda _: bool(nested(depth - 1, choose)))
    try:
        raise IndexError
    except IndexError:
        return next(iter((lambda: (yield nested(depth - 1, choose)))()))


def in_thread(seed):
    choose = random.Random(seed)
    for _ in range(3):
        with lock:
            nested(choose.randrange(12), choose)


def main():
    for kind in KINDS:
        kind()
    for _ in range(150):
        nested(random_numbers.randrange(20), random_numbers)
    threads = [threading.Thread(target=in_thread, args=(seed,)) for seed in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open(sys.argv[1], "w") as out:
        json.dump(notes, out)


sys.setrecursionlimit(5000)
main()
