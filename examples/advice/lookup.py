"""A few numbers looked up in a table of NumPy that is read whole."""

import sys

import numpy as np


def main():
    table = np.load(sys.argv[1])
    total = 0.0
    for number in range(100):
        total += table[number * 7919 % len(table)]
    print(total)


main()
