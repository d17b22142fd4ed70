"""Writes docs/benchmarks.md from the results under build/: no number in it is typed by hand."""

from micro import page as micro
from overhead import page as overhead

from . import place as places
from . import store

PAGE = places.TOP / "docs" / "benchmarks.md"

HEAD = """\
# Benchmarks

This page is written by `bench/run.py page` from measurements; no number in it is typed by hand. All ratios are medians
of paired, interleaved runs: each round runs every tool once on a program, in a random order, and a run is compared with
the bare runs of its own round. In parentheses stand the smallest and the largest ratio. No absolute time of one machine
is meant to be compared with that of another.

"""


def machine_text(about):
    machine = about["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items() if version)
    return (
        f"Measured on CPython {about['python']}, {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, Linux {machine['kernel']}, {machine['libc']}.\n"
        f"Installed: {versions}.\n"
        + busy_text(machine)
        + "\n"
    )


def busy_text(machine):
    if machine["load"] < 1.5:
        return ""
    return (
        f"\n**The machine did other work at the time (load {machine['load']:.1f} on {machine['cores']} cores): "
        "the spread of every figure is wide, and the ratios are first figures.**\n"
    )


def main():
    text = HEAD
    known = store.load("overhead")
    if known:
        text += machine_text(known["about"])
    for section in (overhead.section, micro.section):
        text += section() + "\n"
    PAGE.write_text(text.rstrip() + "\n", encoding="utf-8")
