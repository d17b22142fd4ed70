"""One measured run, rounds of interleaved runs, and what is said of them."""

import os
import random
import statistics
import subprocess
from typing import NamedTuple


class Run(NamedTuple):
    wall: float  # seconds, from the start of the command to its end
    cpu: float  # seconds of all its processes
    rss: int  # bytes: the peak of the largest process
    status: int  # exit status; -1: stopped at the limit

    @property
    def failed(self):
        return self.status != 0

    @property
    def late(self):
        return self.status == -1


def run(place, command, environment, limit, log):
    """Run a command alone; what it prints goes to the file `log`."""
    ours, theirs = os.pipe()
    with open(log, "wb") as out:
        child = subprocess.Popen(
            [place.spawn, str(theirs), str(limit), *map(str, command)],
            env=environment,
            cwd=place.scratch,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            pass_fds=(theirs,),
        )
    os.close(theirs)
    with os.fdopen(ours) as answer:
        words = answer.read().split()
    child.wait()
    if len(words) != 4:
        return Run(0.0, 0.0, 0, 127)
    return Run(float(words[0]), float(words[1]), int(words[2]), int(words[3]))


def orders(names, rounds, seed=1):
    """The names in an order of its own for each round: slow drift hits all alike."""
    chance = random.Random(seed)
    for _ in range(rounds):
        yield chance.sample(names, len(names))


class Spread(NamedTuple):
    """The median of paired ratios (or differences), with the smallest and the largest."""

    median: float
    low: float
    high: float
    rounds: int


def spread(values):
    values = sorted(values)
    return Spread(statistics.median(values), values[0], values[-1], len(values)) if values else None


def geometric_mean(values):
    return statistics.geometric_mean(values) if values else None


def slope(points):
    """Slope of log(y) over log(x) by least squares: 0 is flat, 1 is in proportion."""
    from math import log

    x = [log(a) for a, _ in points]
    y = [log(max(b, 1e-12)) for _, b in points]
    return statistics.linear_regression(x, y).slope
