"""Each level of a recursion holds a list of 100,000 items: memory grows level by level. Is that a leak?"""

import time

SIZE = 100_000


def descend(depth):
    held = [0] * SIZE
    time.sleep(0.02)
    if depth > 1:
        descend(depth - 1)
    time.sleep(0.02)
    return len(held)


print(descend(5))
time.sleep(0.05)
