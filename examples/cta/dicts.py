"""Each row a dict, as csv.DictReader makes it: the usual first version."""

import csv
from collections import Counter

from make_data import data


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def main():
    rows = read(data())
    riders = Counter()
    for row in rows:
        riders[row["route"]] += int(row["rides"])
    for route, count in riders.most_common(5):
        print(f"{route:>4} {count:>12,}")


main()
