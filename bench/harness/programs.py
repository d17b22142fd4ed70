"""The programs that are measured, with the work each does in a run."""

import json
import random
from typing import Callable, NamedTuple, Optional

from . import place as places

PROGRAMS_FOLDER = places.BENCH / "programs"


def make_rides(place):
    """A CSV file of bus rides by route and day, 300,000 rows."""
    path = place.data / "rides.csv"
    if not path.exists():
        chance = random.Random(4)
        with open(path, "w", encoding="utf-8") as file:
            file.write("route,date,daytype,rides\n")
            for number in range(300_000):
                day = f"{1 + number % 28:02}/{1 + number // 28 % 12:02}/{2001 + number // 336 % 19}"
                file.write(f"{chance.randrange(182)},{day},{chance.choice('UAW')},{chance.randrange(30_000)}\n")
    return path


def make_document(place):
    """A JSON document of 100 MB: a list of records with text, numbers and lists."""
    path = place.data / "document.json"
    if not path.exists():
        chance = random.Random(5)
        half_written = path.with_suffix(".new")
        with open(half_written, "w", encoding="utf-8") as file:
            file.write("[")
            written = number = 0
            while written < 100_000_000:
                record = {
                    "id": number,
                    "name": f"customer {number}",
                    "city": f"city {chance.randrange(500)}",
                    "balance": round(chance.random() * 10_000, 2),
                    "orders": [chance.randrange(1_000_000) for _ in range(chance.randrange(8))],
                    "address": {"street": f"street {chance.randrange(10_000)}", "number": chance.randrange(200)},
                }
                text = ("," if number else "") + json.dumps(record)
                written += file.write(text)
                number += 1
            file.write("]")
        half_written.rename(path)
    return path


class Program(NamedTuple):
    name: str
    title: str
    script: str
    units: int  # of work in a run of two to three seconds; times 4 in a full run
    arguments: tuple = ()  # before the units
    data: Optional[Callable] = None  # makes the file named after the units
    ours: bool = True
    can_shrink: bool = True  # half the units is half the work


def suite(name, units):
    return Program(name, name, "pyperformance_loop.py", units, (name,), ours=False)


PROGRAMS = {
    program.name: program
    for program in (
        suite("mdp", 1),
        suite("async_tree_none", 3),
        suite("async_tree_io", 2),
        suite("async_tree_cpu_io_mixed", 2),
        suite("async_tree_memoization", 2),
        suite("fannkuch", 6),
        suite("pprint", 2),
        suite("raytrace", 6),
        suite("sympy", 2),
        suite("docutils", 1),
        Program("rows", "rows of dicts", "rows.py", 30),
        Program("temporaries", "small temporaries", "temporaries.py", 40),
        Program("fib", "fib: calls, no allocation", "fib.py", 300),
        Program("deep", "500 frames deep", "deep.py", 2000),
        Program("numpy", "NumPy temporaries", "arrays.py", 60),
        Program("pandas", "pandas read_csv, groupby, merge", "frames.py", 8, data=make_rides),
        Program("json", "json.loads of 100 MB", "documents.py", 1, data=make_document),
        Program("threads", "8 threads allocating in C", "threads.py", 60),
        Program("server", "asyncio server on loopback", "server.py", 25),
    )
}


def choose(names):
    for name in names:
        if name not in PROGRAMS:
            places.fail(name, "no such program", f"one of {' '.join(PROGRAMS)}")
    return [PROGRAMS[name] for name in names]


def command(place, program, scale):
    """The script and its arguments, with `scale` times the program's work."""
    if program.script == "threads.py":
        place.compile_module(PROGRAMS_FOLDER / "churn.c")
    units = max(1, round(program.units * scale))
    words = [PROGRAMS_FOLDER / program.script, *program.arguments, str(units)]
    if program.data:
        words.append(program.data(place))
    return words
