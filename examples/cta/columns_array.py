"""Columns, and the rides side by side in an array of machine integers."""

import csv
from array import array
from collections import Counter

from make_data import data


def read(path):
    columns = {"route": [], "date": [], "daytype": [], "rides": array("i")}
    seen = {}
    with open(path, newline="") as file:
        lines = csv.reader(file)
        next(lines)
        for route, date, daytype, rides in lines:
            columns["route"].append(seen.setdefault(route, route))
            columns["date"].append(seen.setdefault(date, date))
            columns["daytype"].append(daytype)
            columns["rides"].append(int(rides))
    return columns


def main():
    columns = read(data())
    riders = Counter()
    for route, rides in zip(columns["route"], columns["rides"]):
        riders[route] += rides
    for route, count in riders.most_common(5):
        print(f"{route:>4} {count:>12,}")


main()
