"""A long run: allocations for so many seconds, and no fewer than so many millions of them.

long.py MILLIONS SECONDS
"""

import sys
import time

import pairs


def churn(size):
    pairs.object_pairs(200_000, size)
    pairs.malloc_pairs(50_000, size * 8)
    return 250_000


def objects():
    return len([{"number": number, "text": f"{number}"} for number in range(5_000)])


def work(least, seconds):
    start = time.monotonic()
    done = rounds = 0
    while done < least or time.monotonic() - start < seconds:
        done += churn(16 + 16 * (rounds % 30)) + 4 * objects()
        rounds += 1
        # Spread evenly over the time asked for.
        ahead = seconds * min(done / least, 1) - (time.monotonic() - start)
        if ahead > 0:
            time.sleep(ahead)
    return done


print(work(int(sys.argv[1]) * 1_000_000, float(sys.argv[2])))
