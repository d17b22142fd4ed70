"""Tenths of a degree, from -400 to 400, each in 64 bits."""

import numpy as np

COUNT = 2_000_000


def main():
    tenths = np.zeros(COUNT, dtype="int64")
    for day in range(0, COUNT, 1000):
        tenths[day : day + 1000] = np.arange(day, day + 1000) * 7919 % 801 - 400
    return tenths


tenths = main()
print(tenths.min() / 10, tenths.max() / 10)
