"""The tools that are measured: how each runs a program and makes its first report."""

import json
import subprocess
from typing import Callable, NamedTuple, Optional

from . import place as places


class Tool(NamedTuple):
    name: str
    title: str
    sees: str  # which blocks it records: what it may be compared with
    package: Optional[str]  # distribution; None: nothing to install
    command: Callable  # (place, out, program) -> command
    report: Optional[Callable] = None  # (place, out, program) -> command; None: the run itself makes it
    writes: bool = True  # it leaves a capture in `out`


REPORTS = places.BENCH / "harness" / "tracemalloc_report.py"


def weigh(*options):
    def command(place, out, program):
        return [place.weigh, "run", "-q", "-f", "-o", out / "capture", *options, *program]

    return command


def weigh_report(place, out, program):
    return [place.weigh, "report", out / "capture"]


def memray(*options):
    def command(place, out, program):
        return [place.python, "-m", "memray", "run", "-q", "-f", "-o", out / "capture", *options, *program]

    return command


def memray_report(place, out, program):
    return [place.python, "-m", "memray", "summary", out / "capture"]


def scalene(place, out, program):
    return [place.python, "-m", "scalene", "run", "-o", out / "capture.json", *program]


def scalene_report(place, out, program):
    return [place.python, "-m", "scalene", "view", "--cli", out / "capture.json"]


def fil(place, out, program):
    return [place.python.parent / "fil-profile", "-o", out, "--no-browser", "run", *program]


def tracemalloc(frames):
    def command(place, out, program):
        return [place.python, "-X", f"tracemalloc={frames}", *program]

    return command


def tracemalloc_report(frames):
    def command(place, out, program):
        return [place.python, "-X", f"tracemalloc={frames}", REPORTS, out / "seconds", *program]

    return command


def memory_profiler(place, out, program):
    return [place.python, "-m", "memory_profiler", "-o", out / "capture", *program]


def forward(place, out, program):
    place.compile_module(places.BENCH / "harness" / "forward.c")
    return [place.python, places.BENCH / "harness" / "forward_run.py", *program]


def bare(place, out, program):
    return [place.python, *program]


ALL = "every block"
NATIVE = "malloc and mappings"
PYTHON = "Python's allocators"

TOOLS = {
    tool.name: tool
    for tool in (
        Tool("bare", "no tool", "", None, bare, writes=False),
        Tool("again", "no tool, a second time", "", None, bare, writes=False),
        Tool("forward", "hooks that only forward", "nothing", None, forward, writes=False),
        Tool("weigh", "weigh", ALL + ", sampled", None, weigh(), weigh_report),
        Tool("weigh-exact", "weigh --exact", ALL, None, weigh("--exact"), weigh_report),
        Tool("memray", "memray", NATIVE, "memray", memray(), memray_report),
        Tool(
            "memray-python",
            "memray --trace-python-allocators",
            ALL,
            "memray",
            memray("--trace-python-allocators"),
            memray_report,
        ),
        Tool("memray-native", "memray --native", NATIVE, "memray", memray("--native"), memray_report),
        Tool("scalene", "scalene", ALL + ", sampled", "scalene", scalene, scalene_report),
        Tool("fil", "Fil", ALL, "filprofiler", fil),
        Tool(
            "tracemalloc-1", "tracemalloc, 1 frame", PYTHON, None, tracemalloc(1), tracemalloc_report(1), writes=False
        ),
        Tool(
            "tracemalloc-25",
            "tracemalloc, 25 frames",
            PYTHON,
            None,
            tracemalloc(25),
            tracemalloc_report(25),
            writes=False,
        ),
        Tool("memory_profiler", "memory_profiler", "resident size by line", "memory_profiler", memory_profiler),
    )
}

# Packages whose versions the page of results states.
PACKAGES = (
    "memray",
    "scalene",
    "filprofiler",
    "memory_profiler",
    "pyperformance",
    "numpy",
    "pandas",
    "sympy",
    "docutils",
)


def choose(names):
    for name in names:
        if name not in TOOLS:
            places.fail(name, "no such tool", f"one of {' '.join(TOOLS)}")
    return [TOOLS[name] for name in names]


def capture_bytes(folder):
    """What a tool left behind, in bytes that the disk holds or will hold."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def said(log):
    """The last line of a run's output, to say why it failed."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1][:160] if lines else "no output"


def said_by(place, capture, *options):
    """The report of a capture of ours as JSON; None when there is none."""
    done = subprocess.run([place.weigh, "report", capture, "--json", *options], capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else None
