"""Why does the same row take so different amounts of memory? The kinds of records, byte by byte."""

from collections import namedtuple

import weigh

FIELDS = ("route", "date", "daytype", "rides")
VALUES = ("3", "01/01/2001", "U", "7354")

Named = namedtuple("Named", FIELDS)


class Plain:
    def __init__(self, *values):
        self.route, self.date, self.daytype, self.rides = values


class Slots:
    __slots__ = FIELDS

    def __init__(self, *values):
        self.route, self.date, self.daytype, self.rides = values


rows = {
    "dict": dict(zip(FIELDS, VALUES)),
    "instance": [Plain(*VALUES) for _ in range(100)][-1],
    "list": list(VALUES),
    "named tuple": Named(*VALUES),
    "tuple": tuple(VALUES),
    "slots": Slots(*VALUES),
}
for kind, row in rows.items():
    print(f"{kind:12} {weigh.flat(row):4} bytes without the values")
print()
print(weigh.explain(rows["dict"]))
print(weigh.explain(rows["named tuple"]))
