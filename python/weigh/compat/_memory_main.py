"""`python -m weigh.compat.memory_profiler`: a program under the line profiler or the time stamper."""

import argparse
import builtins
import contextlib
import io
import os
import sys
import types

from weigh._usage import BACKENDS, choose_backend
from weigh.compat._memory_lines import LineProfiler, show_results
from weigh.compat._memory_stamps import TimeStamper


@contextlib.contextmanager
def _tracing(backend):
    """tracemalloc runs meanwhile where the backend is of that name."""
    if choose_backend(backend) != "tracemalloc":
        yield
        return
    import tracemalloc

    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


def exec_with_profiler(filename, profiler, backend, passed_args=()):
    """Run a script as __main__ with `profile` among the builtins."""
    builtins.profile = profiler
    module = types.ModuleType("__main__")
    module.__file__ = filename
    module.profile = profiler
    # What it pickles, and what asks for __main__, has to find it.
    sys.modules["__main__"] = module
    sys.path.insert(0, os.path.dirname(os.path.abspath(filename)))
    sys.argv = [filename, *passed_args]
    with io.open_code(os.path.abspath(filename)) as file:
        code = compile(file.read(), filename, "exec")
    with _tracing(backend):
        exec(code, module.__dict__)


def run_module_with_profiler(module, profiler, backend, passed_args=()):
    """The same with a module, as python -m."""
    import runpy

    builtins.profile = profiler
    sys.argv = [module, *passed_args]
    with _tracing(backend):
        runpy.run_module(module, run_name="__main__", init_globals={"profile": profiler}, alter_sys=True)


def _find_script(name):
    if os.path.isfile(name):
        return name
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, name)
        if folder and os.path.isfile(path):
            return path
    sys.exit(f"weigh: {name}: there is no such script: check the path")


def _parse():
    parser = argparse.ArgumentParser(
        prog="python -m weigh.compat.memory_profiler",
        description="Run a program with functions under @profile measured line by line.",
    )
    parser.add_argument("--version", action="version", version="0.61.0")
    parser.add_argument("--pdb-mmem", dest="max_mem", metavar="MAXMEM", type=float, help="not there")
    parser.add_argument("--precision", type=int, default=3, help="decimals of MiB (default 3)")
    parser.add_argument("-o", dest="out_filename", metavar="FILE", help="append the results to a file")
    parser.add_argument(
        "--timestamp", action="store_true", help="times of functions and memory at them, instead of lines"
    )
    parser.add_argument(
        "--include-children", action="store_true", help="with --timestamp: add the memory of child processes"
    )
    parser.add_argument("--backend", choices=BACKENDS, default="psutil", help="what is measured")
    parser.add_argument("program", nargs=argparse.REMAINDER, help="script or module, and its arguments")
    options = parser.parse_args()
    if options.max_mem is not None:
        parser.exit(
            2,
            "weigh: --pdb-mmem: stepping into the debugger is not there: "
            "find the line in the table and set a breakpoint on it\n",
        )
    if not options.program:
        parser.exit(1, "weigh: program: nothing to run: give a script or a module\n")
    return options


def _run(profiler, options):
    target, *arguments = options.program
    if target.endswith(".py"):
        exec_with_profiler(_find_script(target), profiler, options.backend, arguments)
    else:
        if sys.path and sys.path[0] == "":
            sys.path[0] = os.getcwd()
        run_module_with_profiler(target, profiler, options.backend, arguments)


def main():
    options = _parse()
    if options.timestamp:
        profiler = TimeStamper(choose_backend(options.backend), options.include_children)
    else:
        profiler = LineProfiler(backend=options.backend)
    process = os.getpid()
    with contextlib.ExitStack() as stack:
        out = sys.stdout
        if options.out_filename is not None:
            # Named before the program runs, which may change folders.
            out = stack.enter_context(open(options.out_filename, "a", encoding="utf-8"))
            if options.timestamp:
                profiler.tell_at_once(out)
        try:
            _run(profiler, options)
        finally:
            if process != os.getpid():
                pass
            elif options.timestamp:
                profiler.show_results(out)
            else:
                show_results(profiler, out, options.precision)
