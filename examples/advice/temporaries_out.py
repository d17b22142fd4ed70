"""The same, each step into the array of the one before."""

import numpy as np

SIZE = 1_000_000


def bell(x):
    y = x - 0.5
    y /= 0.1
    np.square(y, out=y)
    np.negative(y, out=y)
    return np.exp(y, out=y)


def main():
    x = np.random.default_rng(1).random(SIZE)
    print(f"{bell(x).mean():.3f}")


main()
