"""Eight threads that allocate and free in C, without the GIL."""

import sys
import threading

import churn
from marks import profiled


@profiled
def work(units):
    threads = [threading.Thread(target=churn.malloc_churn, args=(units * 100_000, seed)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


work(int(sys.argv[1]))
