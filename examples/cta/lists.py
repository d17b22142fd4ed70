"""Each row a list, as csv.reader makes it."""

import csv
from collections import Counter

from make_data import data


def read(path):
    with open(path, newline="") as file:
        lines = csv.reader(file)
        next(lines)
        return list(lines)


def main():
    rows = read(data())
    riders = Counter()
    for row in rows:
        riders[row[0]] += int(row[3])
    for route, count in riders.most_common(5):
        print(f"{route:>4} {count:>12,}")


main()
