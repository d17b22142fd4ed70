"""A list of 100,000 items is made, deleted and made again: does the program grow, and what of it is free?"""

import time

SIZE = 100_000


def look():
    """Time for a point on the timeline."""
    time.sleep(0.05)


def make():
    return [[number] for number in range(SIZE)]


look()
x = make()
look()
del x
look()
y = make()
look()
z = make()
look()
del y
look()
