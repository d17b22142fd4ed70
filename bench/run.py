#!/usr/bin/env python3
"""The benchmarks of weigh, one command for each table of docs/benchmarks.md.

bench/run.py overhead [--programs ...] [--tools ...] [--rounds N] [--scale X] [--full]
bench/run.py startup
bench/run.py growth
bench/run.py long [--minutes N] [--millions N]
bench/run.py accuracy [--patterns ...] [--seeds N]
bench/run.py micro
bench/run.py sizes
bench/run.py heap
bench/run.py advice
bench/run.py tracing
bench/run.py lines
bench/run.py quick [--keep]    the guard figures against bench/baseline.json
bench/run.py all --full        everything, then the page
bench/run.py page              write docs/benchmarks.md from what has been measured
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import programs, store, tools  # noqa: E402
from harness.place import Place  # noqa: E402


def run_overhead(place, options):
    from overhead import measure

    measure.main(
        place,
        programs.choose(options.programs),
        tools.choose(options.tools),
        options.rounds or (10 if options.full else 5),
        options.scale or (4 if options.full else 1),
    )


def run_startup(place, options):
    from overhead import startup

    startup.main(place, tools.choose(options.tools), options.rounds or (40 if options.full else 20))


def run_micro(place, options):
    from micro import measure

    measure.main(place, options.rounds or (7 if options.full else 3))


def run_growth(place, options):
    from growth import measure

    measure.main(place, options.tools, options.rounds or (6 if options.full else 2))


def run_long(place, options):
    from growth import measure

    measure.long_run(place, options.minutes, options.millions)


def run_accuracy(place, options):
    from accuracy import measure, patterns

    names = options.patterns or list(patterns.PATTERNS)
    peers = [name for name in options.tools if name in ACCURACY_PEERS]
    # The other tools are exact, or far off: a few seeds tell.
    measure.main(place, names, options.seeds or 200, peers, 5 if options.full else 1)


def run_sizes(place, options):
    from sizes import measure

    measure.main(place, options.rounds or (7 if options.full else 3), options.scale or 1)


def run_heap(place, options):
    from heap import measure

    measure.main(place, options.rounds or (5 if options.full else 3), options.scale or 1)


def run_advice(place, options):
    from heap import measure

    measure.advice(place, options.rounds or (5 if options.full else 3), options.scale or 1)


def run_tracing(place, options):
    from tracing import measure

    measure.main(place, options.rounds or (9 if options.full else 3), options.scale or 1)


def run_lines(place, options):
    from lines import measure

    measure.main(place, options.rounds or (7 if options.full else 3), options.scale or 1)


def run_quick(place, options):
    from micro import quick

    quick.main(place, options.rounds or 5, options.keep)


def write_page(place, options):
    from harness import page

    page.main()


BENCHMARKS = {
    "overhead": run_overhead,
    "startup": run_startup,
    "growth": run_growth,
    "long": run_long,
    "accuracy": run_accuracy,
    "micro": run_micro,
    "sizes": run_sizes,
    "heap": run_heap,
    "advice": run_advice,
    "tracing": run_tracing,
    "lines": run_lines,
    "quick": run_quick,
    "page": write_page,
}
ALL = (
    "overhead",
    "startup",
    "growth",
    "long",
    "accuracy",
    "micro",
    "sizes",
    "heap",
    "advice",
    "tracing",
    "lines",
    "page",
)
ACCURACY_PEERS = ("memray", "memray-python", "scalene", "tracemalloc-1")


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmark", nargs="+", choices=[*BENCHMARKS, "all"])
    parser.add_argument(
        "--python", default="3.11", metavar="VERSION", help="version of Python to measure on, or to write the page of"
    )
    parser.add_argument("--programs", nargs="+", default=list(programs.PROGRAMS), metavar="NAME")
    parser.add_argument("--tools", nargs="+", default=list(tools.TOOLS), metavar="NAME")
    parser.add_argument("--patterns", nargs="+", metavar="NAME", help="accuracy: some of the patterns")
    parser.add_argument("--seeds", type=int, help="accuracy: recordings of each pattern (200)")
    parser.add_argument("--rounds", type=int, help="runs of each tool on each program")
    parser.add_argument("--scale", type=float, help="work, in units of two to three seconds")
    parser.add_argument("--full", action="store_true", help="the rounds and the work of the published page")
    parser.add_argument("--minutes", type=float, default=10, help="long: how long")
    parser.add_argument("--millions", type=int, default=1000, help="long: of allocations")
    parser.add_argument("--keep", action="store_true", help="quick: these figures become the baseline")
    return parser.parse_args()


def main():
    options = read_arguments()
    chosen = [part for name in options.benchmark for part in (ALL if name == "all" else (name,))]
    store.use(options.python)
    place = None
    for name in chosen:
        if name != "page" and place is None:
            place = Place(options.python, peers=chosen != ["quick"])
        BENCHMARKS[name](place, options)


main()
