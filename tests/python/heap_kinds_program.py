"""Objects of many kinds that each hold one list, in a snapshot: does it know every reference?

Run as `heap_kinds_program.py SNAPSHOT`. Prints as JSON for each kind the addresses of the holder and of the list.
"""

import asyncio
import collections
import contextvars
import ctypes
import dataclasses
import enum
import functools
import itertools
import json
import operator
import sys
import threading
import types
import weakref

import weigh


class Plain:
    def __init__(self, held):
        self.held = held


class Many:
    """More attributes than instances keep beside them."""

    def __init__(self, held):
        for number in range(40):
            setattr(self, f"attribute_{number}", None)
        self.held = held


class Slotted:
    __slots__ = ("first", "held", "__weakref__")

    def __init__(self, held):
        self.held = held


class SlottedAndMore(Slotted):
    def __init__(self, held):
        self.more = held


class OfDict(dict):
    pass


class OfList(list):
    pass


class OfTuple(tuple):
    pass


class OfType(type):
    pass


class OfError(Exception):
    pass


@dataclasses.dataclass
class Data:
    held: list


class Pair(collections.namedtuple("Pair", "first second")):
    __slots__ = ()


KINDS = {}


def kind(build):
    KINDS[build.__name__] = build
    return build


def simple(name, build):
    KINDS[name] = build


simple("instance", Plain)
simple("instance_of_many", Many)
simple("slots", Slotted)
simple("slots_and_dict", SlottedAndMore)
simple("dataclass", Data)
simple("dict", lambda held: {"name": held})
simple("dict_by_numbers", lambda held: {1: held})
simple("dict_of_many", lambda held: dict.fromkeys(map(str, range(100)), held) and {"a": held, 2: None})
simple("class_of_dict", lambda held: OfDict(name=held))
simple("class_of_list", lambda held: OfList([held]))
simple("class_of_tuple", lambda held: OfTuple([held]))
simple("class_of_class", lambda held: OfType("Made", (), {"held": held}))
simple("class", lambda held: type("Made", (Plain,), {"held": held}))
simple("list", lambda held: [None, held])
simple("tuple", lambda held: (None, held))
simple("named_tuple", lambda held: Pair(1, held))
simple("set", lambda held: {Plain(held)})
simple("frozen_set", lambda held: frozenset(Plain(held) for _ in range(20)))
simple("ordered_dict", lambda held: collections.OrderedDict(name=held))
simple("default_dict", lambda held: collections.defaultdict(list, name=held))
simple("deque", lambda held: collections.deque([held], maxlen=5))
simple("chain_map", lambda held: collections.ChainMap({"name": held}))
simple("namespace", lambda held: types.SimpleNamespace(held=held))
simple("module", lambda held: vars(made := types.ModuleType("made")).update(held=held) or made)
simple("partial", lambda held: functools.partial(print, held))
simple("partial_by_name", lambda held: functools.partial(print, sep=held))
simple("default", lambda held: lambda x=held: x)
simple("default_by_name", lambda held: lambda *, x=held: x)
simple("closure", lambda held: lambda: held)
simple("property", lambda held: property(lambda self: held))
simple("method", lambda held: types.MethodType(len, held))
simple("method_of_list", lambda held: held.append)
simple("slice", lambda held: slice(None, held))
simple("iterator", lambda held: iter(held))
simple("reversed", lambda held: reversed(held))
simple("enumerate", lambda held: enumerate(held))
simple("zip", lambda held: zip([], held))
simple("chain", lambda held: itertools.chain([held]))
simple("repeat", lambda held: itertools.repeat(held))
simple("getter", lambda held: operator.itemgetter(held))
simple("proxy", lambda held: types.MappingProxyType({"name": held}))
simple("view", lambda held: {"name": held}.items())
simple("cell", types.CellType)
simple("python_object", ctypes.py_object)
simple("context_variable", lambda held: contextvars.ContextVar("made", default=held))
simple("exception", OfError)
simple("stop", StopIteration)


@kind
def instance_whose_dict_was_asked_for(held):
    made = Plain(held)
    vars(made)["later"] = None
    return made


@kind
def function_with_attributes(held):
    def made():
        pass

    made.held = held
    return made


@kind
def bounded_cache(held):
    @functools.lru_cache(maxsize=4)
    def made(number):
        return held if number else None

    made(1)
    made.__wrapped__.__closure__[0].cell_contents = None
    return made


@kind
def unbounded_cache(held):
    made = functools.lru_cache(maxsize=None)(lambda number: box.pop())
    box = [held]
    made(1)
    return made


@kind
def generator(held):
    def make(mine):
        yield
        yield mine

    made = make(held)
    next(made)
    return made


@kind
def generator_not_begun(held):
    def make(mine):
        yield mine

    return make(held)


@kind
def generator_in_a_computation(held):
    def make(mine):
        box = [mine]
        mine = None
        operator.is_(box.pop(), (yield))

    made = make(held)
    next(made)
    return made


@kind
def generator_in_a_loop(held):
    def make(mine):
        box = [mine]
        del mine
        for _ in box.pop():
            yield

    made = make(held)
    next(made)
    return made


@kind
def coroutine(held):
    async def make(mine):
        await asyncio.sleep(0)
        return mine

    made = make(held)
    made.send(None)
    return made


@kind
def exception_with_a_traceback(held):
    def fail(mine):
        raise OfError

    try:
        fail(held)
    except OfError as error:
        made = error
    made.__traceback__ = made.__traceback__.tb_next
    return made


@kind
def member_of_an_enum(held):
    return enum.Enum("Made", {"ONE": held}).ONE


@kind
def callback(held):
    def made(_, x=held):
        return x

    keep.append(Plain(None))
    return weakref.ref(keep[-1], made)


@kind
def local_of_a_thread(held):
    made = threading.local()
    made.held = held
    return made


@kind
def local_of_another_thread(held):
    box = [threading.local(), held]

    def run():
        box[0].held = box.pop()
        ready.set()
        done.wait()

    ready = threading.Event()
    threading.Thread(target=run, daemon=True).start()
    ready.wait()
    return box[0]


@kind
def records_with_keys_of_their_own(held):
    made = [json.loads('{"first": %d, "second": {}}' % number) for number in range(100)]
    made[-1]["second"] = held
    return made[-1]


# More than all else that a holder has.
LENGTH = 10_000
keep = []
done = threading.Event()
holders = {}


def build(name):
    """In a frame of its own, so that nothing is left on the stack of one that runs on."""
    held = [None] * LENGTH
    holders[name] = KINDS[name](held)
    return {"holder": id(holders[name]), "held": id(held)}


if __name__ == "__main__":
    addresses = {name: build(name) for name in KINDS}
    weigh.snapshot(sys.argv[1])
    print(json.dumps(addresses))
    done.set()
    sys.stdout.flush()
