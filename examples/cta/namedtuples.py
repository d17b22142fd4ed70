"""Each row a named tuple: a tuple whose fields read like attributes."""

import csv
from collections import Counter, namedtuple

from make_data import data

Row = namedtuple("Row", ["route", "date", "daytype", "rides"])


def read(path):
    with open(path, newline="") as file:
        lines = csv.reader(file)
        next(lines)
        return [Row(*line) for line in lines]


def main():
    rows = read(data())
    riders = Counter()
    for row in rows:
        riders[row.route] += int(row.rides)
    for route, count in riders.most_common(5):
        print(f"{route:>4} {count:>12,}")


main()
