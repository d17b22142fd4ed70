"""Does memory come back when the work is done? Here, and in a process of its own, with the same answer.

    separate_process.py here|apart [COUNT]
"""

import multiprocessing
import os
import resource
import sys

COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
MB = 1_000_000


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def work(count):
    """A table is made, and all of it dropped but a small answer: one row in a thousand."""
    table = [str(number) * 3 for number in range(count)]
    return table[::1000]


def work_apart(count):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        answer = pool.apply(work, [count])
    highest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(f"the other process had {highest / MB:.0f} MB at its highest, and has ended")
    return answer


if __name__ == "__main__":
    before = resident()
    answer = work(COUNT) if sys.argv[1] == "here" else work_apart(COUNT)
    print(f"{len(answer):,} rows kept, resident memory grew by {(resident() - before) / MB:.0f} MB")
