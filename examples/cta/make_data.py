"""Writes ctabus.csv: rides on city buses by route and day; invented, but alike.

676,476 rows `route,date,daytype,rides` on 182 routes and about 7,000 days, the same
bytes on every machine. A row says how many people rode a route on one day,
which was a weekday (W), a Saturday (A) or a Sunday or holiday (U).
"""

import datetime
import os
import random

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ctabus.csv")
DAYS = 7_000
FIRST_DAY = datetime.date(2001, 1, 1)
HOLIDAYS = {(1, 1), (7, 4), (12, 25)}

# CPython shares strings of one character, so rows of routes "1" to "9" cost
# less in memory than the others: how many there are is part of the example.
SHORT_ROUTES = 7
SHORT_ROWS = 42_191
LONG_ROUTES = 175
LONG_ROWS = 634_285


def route_names():
    """Names of one character, and longer ones: numbers, and numbers with a letter."""
    short = [str(number) for number in range(1, 1 + SHORT_ROUTES)]
    long = [str(number) for number in range(10, 157)]
    long += ["X%d" % number for number in range(20, 34)] + ["%dA" % number for number in range(55, 69)]
    return short, long[:LONG_ROUTES]


def calendar():
    """The days in order, as (text, daytype)."""
    days = []
    for number in range(DAYS):
        day = FIRST_DAY + datetime.timedelta(number)
        if day.weekday() == 6 or (day.month, day.day) in HOLIDAYS:
            daytype = "U"
        else:
            daytype = "A" if day.weekday() == 5 else "W"
        days.append((day.strftime("%m/%d/%Y"), daytype))
    return days


def plan(names, rows, days, chance):
    """When each route runs, `rows` days in all: a list of (name, daytypes, first day, riders)."""
    running = {
        daytypes: [number for number, day in enumerate(days) if day[1] in daytypes]
        for daytypes in ("W", "WA", "WAU")
    }
    patterns = [("W", "WA", "WAU", "WAU")[int(chance() * 4)] for _ in names]
    fully = sum(len(running[daytypes]) for daytypes in patterns)

    # Most routes opened later than the first day, and the spread keeps its mean.
    share = rows / fully
    spread = min(share, 1 - share)
    counts = [int(len(running[d]) * (share + spread * (2 * chance() - 1))) for d in patterns]
    while sum(counts) != rows:
        step = 1 if sum(counts) < rows else -1
        for i in range(min(len(counts), abs(rows - sum(counts)))):
            counts[i] += step

    return [
        (name, daytypes, running[daytypes][-count], 3 * 10 ** (1 + 3 * chance()))
        for name, daytypes, count in zip(names, patterns, counts)
    ]


def write(path=PATH):
    chance = random.Random(676476).random
    short, long = route_names()
    days = calendar()
    routes = plan(short, SHORT_ROWS, days, chance) + plan(long, LONG_ROWS, days, chance)
    usual = {"W": 1.0, "A": 0.6, "U": 0.4}
    unfinished = "%s.%d" % (path, os.getpid())
    with open(unfinished, "w", newline="") as file:
        file.write("route,date,daytype,rides\n")
        for number, (date, daytype) in enumerate(days):
            for name, daytypes, first, riders in routes:
                if number >= first and daytype in daytypes:
                    rides = int(riders * usual[daytype] * (0.7 + 0.6 * chance()))
                    file.write("%s,%s,%s,%d\n" % (name, date, daytype, rides))
    os.replace(unfinished, path)


def data():
    """The path of ctabus.csv, which is written when it is missing."""
    if not os.path.exists(PATH):
        write()
    return PATH


if __name__ == "__main__":
    write()
    print("%s: %.1f MB" % (PATH, os.path.getsize(PATH) / 1e6))
