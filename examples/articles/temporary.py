"""A function that needs a large list for a moment, called three times: is that a leak?"""

import time

SIZE = 100_000


def total():
    numbers = [[number] for number in range(SIZE)]
    time.sleep(0.05)
    return len(numbers)


for _ in range(3):
    print(total())
    time.sleep(0.05)
