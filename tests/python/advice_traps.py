"""Small programs for tests of advice: each makes one structure, which lives at the end of the snapshot.

advice_traps.py NAME OUT    makes it and writes a snapshot to OUT.
"""

import json
import sys
from collections import OrderedDict

import weigh

MANY = 100_000


class Model:
    pass


class Below(Model):
    __slots__ = ()


class Plain(Model):
    def __init__(self, a, b, c, d):
        self.a, self.b, self.c, self.d = a, b, c, d


class Trip:
    def __init__(self, a, b, c, d):
        self.a, self.b, self.c, self.d = a, b, c, d


class Updated:
    def __init__(self, **values):
        self.__dict__.update(values)


class Node:
    __slots__ = ("name", "children", "tags")

    def __init__(self, name):
        self.name, self.children, self.tags = name, [], set()


def plain_base():
    return [Plain(i, i + 1, None, None) for i in range(MANY)]


def instances():
    return [Trip(i, i + 1, None, None) for i in range(MANY)]


def asked():
    trips = instances()
    for trip in trips:
        vars(trip)
    return trips


def updated():
    return [Updated(a=i, b=i + 1, c=None, d=None) for i in range(MANY)]


def some_asked():
    trips = instances()
    for trip in trips[: MANY // 10]:
        vars(trip)
    return trips


def numbers_as_int():
    return [{"id": 1000 + i, "size": 2000 + i} for i in range(MANY)]


def unique_strings():
    return [f"name {i:09}" for i in range(300_000)]


def unique_fields():
    return [{"name": f"name {i:09}", "on": True} for i in range(MANY)]


def small_ints():
    return [i % 200 for i in range(1_000_000)]


def boxed_ints():
    return [1000 + i for i in range(1_000_000)]


def boxed_floats():
    return [i * 1.5 for i in range(1_000_000)]


def floats_and_none():
    return [None if i % 50 == 0 else i * 1.5 for i in range(1_000_000)]


def huge_ints():
    return [1 << 70 | i for i in range(MANY)]


def long_list_with_room():
    items = []
    for i in range(2_000_000):
        items.append(None)
    return items


def leading_zeros():
    return [{"zip": f"0{i % 9000 + 1000}", "n": None} for i in range(MANY)]


def numeric_strings():
    return [{"n": str(1000 + i), "zip": None} for i in range(MANY)]


def linked_nodes():
    nodes = [Node(i) for i in range(50_000)]
    for i, node in enumerate(nodes[1:]):
        node.children = nodes[i]
    return nodes


def empties():
    return [Node(i) for i in range(50_000)]


def small_sets():
    return {i: {i, i + 1, i + 2, i + 3, i + 4, i + 5} for i in range(30_000)}


def shrunk():
    tables = [{j: None for j in range(3000)} for _ in range(200)]
    for table in tables:
        for j in range(2990):
            del table[j]
    return tables


def json_lines():
    line = '{"route_name_%d": 1, "day_type": 2, "%d": 1}'
    return [json.loads(line % (i % 10, i)) for i in range(50_000)]


def ordered():
    return [OrderedDict(a=i, b=i, c=i, d=i) for i in range(50_000)]


def short_lists():
    return [[i * 1.0, i * 2.0, i * 3.0] for i in range(MANY)]


def pairs_as_keys():
    return {(i, i + 1): None for i in range(MANY)}


def object_columns():
    pandas = __import__("pandas")
    with open("rides.csv", "w") as file:
        file.write("route,daytype\n")
        for i in range(300_000):
            file.write(f"route {i % 150},{'WAU'[i % 3]}\n")
    return pandas.read_csv("rides.csv")


def unique_column():
    pandas = __import__("pandas")
    return pandas.DataFrame({"name": [f"name {i}" for i in range(300_000)]})


def view_of_an_array():
    numpy = __import__("numpy")
    return numpy.ones(5_000_000)[:10]


def view_and_its_array():
    numpy = __import__("numpy")
    array = numpy.ones(5_000_000)
    return array, array[:10]


def kept_traceback():
    def fail():
        table = bytes(20_000_000)
        raise ValueError(len(table))

    try:
        fail()
    except ValueError as error:
        return error


def main():
    name, out = sys.argv[1:]
    kept = globals()[name]()
    weigh.snapshot(out, overwrite=True, in_place=True)
    assert kept is not None


if __name__ == "__main__":
    main()
