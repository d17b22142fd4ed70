"""Three arrays of 8 MB, one of them made anew in a loop: a fourth is alive while it is made."""

import numpy as np

SIZE = 1000


def main():
    rng = np.random.default_rng(1)
    a_current = rng.random((SIZE, SIZE))
    changes = []
    for _ in range(4):
        a_next = rng.permutation(a_current)
        a_diff = a_next - a_current
        changes.append(float(np.abs(a_diff, out=a_diff).sum()))
    print(f"{len(changes)} passes, the last changed by {changes[-1]:.0f}")


main()
