"""Four NumPy arrays: bytes of fixed width and machine integers."""

import numpy

from make_data import data

ROW = [("route", "S3"), ("date", "S10"), ("daytype", "S1"), ("rides", "i4")]


def read(path):
    rows = numpy.loadtxt(path, dtype=ROW, delimiter=",", skiprows=1)
    return {name: rows[name].copy() for name, _ in ROW}


def main():
    columns = read(data())
    routes, which = numpy.unique(columns["route"], return_inverse=True)
    riders = numpy.bincount(which, weights=columns["rides"])
    for i in riders.argsort()[:-6:-1]:
        print(f"{routes[i].decode():>4} {riders[i]:>12,.0f}")


main()
