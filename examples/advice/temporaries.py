"""A bell curve over a million points, by operators: each step makes an array that nobody keeps."""

import numpy as np

SIZE = 1_000_000


def bell(x):
    return np.exp(-(((x - 0.5) / 0.1) ** 2))


def main():
    x = np.random.default_rng(1).random(SIZE)
    print(f"{bell(x).mean():.3f}")


main()
