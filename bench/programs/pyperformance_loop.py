"""Runs a program of the pyperformance suite, as it is installed, a number of times.

    pyperformance_loop.py NAME TIMES

The suite's own runner starts processes and times them itself; here the work is
done once, in this process, so that every tool sees the same.
"""

import asyncio
import importlib.util
import pathlib
import sys

from marks import profiled


def load(name):
    found = importlib.util.find_spec("pyperformance").submodule_search_locations[0]
    path = pathlib.Path(found, "data-files", "benchmarks", f"bm_{name}", "run_benchmark.py")
    spec = importlib.util.spec_from_file_location("run_benchmark", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["run_benchmark"] = module
    spec.loader.exec_module(module)
    return module


def tree(kind):
    """One run of an asynchronous tree of the given kind."""
    tree_class = load("async_tree").BENCHMARKS[kind]
    return lambda: asyncio.run(tree_class().run())


def sympy():
    module = load("sympy")
    parts = [getattr(module, f"bench_{part}") for part in module.BENCHMARKS]

    def once():
        for part in parts:
            module.bench_sympy(1, part)

    return once


def prepare(name):
    if name.startswith("async_tree_"):
        return tree(name[len("async_tree_") :])
    if name == "sympy":
        return sympy()
    module = load(name)
    if name == "mdp":
        return lambda: module.bench_mdp(1)
    if name == "fannkuch":
        return lambda: module.fannkuch(module.DEFAULT_ARG)
    if name == "pprint":
        return lambda: module.p.pformat(module.printable)
    if name == "raytrace":
        return lambda: module.bench_raytrace(1, module.DEFAULT_WIDTH, module.DEFAULT_HEIGHT, None)
    if name == "docutils":
        return lambda: module.bench_docutils(1, module.DOC_ROOT)
    sys.exit(f"pyperformance_loop.py: {name}: no such program")


@profiled
def work(name, times):
    once = prepare(name)
    for _ in range(times):
        once()


work(sys.argv[1], int(sys.argv[2]))
