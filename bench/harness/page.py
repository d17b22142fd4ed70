"""Writes docs/benchmarks.md from the results under build/: no number in it is typed by hand."""

from accuracy import page as accuracy
from growth import page as growth
from heap import page as heap
from lines import page as lines
from micro import page as micro
from overhead import page as overhead
from sizes import page as sizes
from tracing import page as tracing

from . import place as places
from . import goals, store, tables

PAGE = places.TOP / "docs" / "benchmarks.md"

HEAD = "# Benchmarks\n\n" + tables.text(
    """This page is written by `bench/run.py page` from measurements; no number in it is typed by hand. All ratios are
    medians of paired, interleaved runs: each round runs every tool once on a program, in a random order, and a run is
    compared with the bare runs of its own round. In parentheses stand the smallest and the largest ratio. No absolute
    time of one machine is meant to be compared with that of another."""
)


def machine_text(about):
    machine = about["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items() if version)
    lines = [
        f"""Measured on CPython {about['python']}, {machine['processor']}, {machine['cores']} cores,
        {machine['memory_gib']} GiB, Linux {machine['kernel']}, {machine['libc']}. Installed: {versions}.""",
        busy_text(machine),
    ]
    return "".join("\n" + tables.text(line) for line in lines if line) + "\n"


def busy_text(machine):
    if machine["load"] < 1.5 * machine["cores"]:
        return ""
    return (
        f"**The machine did other work at the time (load {machine['load']:.1f} on {machine['cores']} cores): "
        "the spread of every figure is wide, and the ratios are first figures.**"
    )


def main():
    text = HEAD
    known = store.load("overhead")
    if known:
        text += machine_text(known["about"])
    for part in (goals, overhead, growth, accuracy, micro, sizes, heap, tracing, lines):
        text += part.section() + "\n"
    PAGE.write_text(text.rstrip() + "\n", encoding="utf-8")
