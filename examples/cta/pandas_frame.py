"""A pandas DataFrame, as read_csv makes it."""

import pandas

from make_data import data


def read(path):
    return pandas.read_csv(path, dtype={"route": str})


def main():
    frame = read(data())
    riders = frame.groupby("route")["rides"].sum()
    for route, count in riders.nlargest(5).items():
        print(f"{route:>4} {count:>12,}")


main()
