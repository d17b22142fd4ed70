"""Columns of machine integers alone: routes, dates and day types by number, and a list of each."""

import csv
from array import array
from collections import Counter

from make_data import data


class Codes:
    """A column of texts of which each different one is kept once."""

    def __init__(self, code):
        self.codes = array(code)
        self.values = []
        self.numbers = {}

    def append(self, text):
        number = self.numbers.setdefault(text, len(self.values))
        if number == len(self.values):
            self.values.append(text)
        self.codes.append(number)


def read(path):
    columns = {"route": Codes("B"), "date": Codes("H"), "daytype": Codes("B"), "rides": array("i")}
    with open(path, newline="") as file:
        lines = csv.reader(file)
        next(lines)
        for route, date, daytype, rides in lines:
            columns["route"].append(route)
            columns["date"].append(date)
            columns["daytype"].append(daytype)
            columns["rides"].append(int(rides))
    return columns


def main():
    columns = read(data())
    riders = Counter()
    for route, rides in zip(columns["route"].codes, columns["rides"]):
        riders[route] += rides
    for route, count in riders.most_common(5):
        print(f"{columns['route'].values[route]:>4} {count:>12,}")


main()
