"""Slots, and the rides an int instead of a string."""

import csv
from collections import Counter

from make_data import data


class Row:
    __slots__ = ("route", "date", "daytype", "rides")

    def __init__(self, route, date, daytype, rides):
        self.route = route
        self.date = date
        self.daytype = daytype
        self.rides = int(rides)


def read(path):
    with open(path, newline="") as file:
        lines = csv.reader(file)
        next(lines)
        return [Row(*line) for line in lines]


def main():
    rows = read(data())
    riders = Counter()
    for row in rows:
        riders[row.route] += row.rides
    for route, count in riders.most_common(5):
        print(f"{route:>4} {count:>12,}")


main()
