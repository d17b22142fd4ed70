"""The ladder of examples/cta: from one capture of dicts.py what every other program takes.

Predicted by `weigh advise --ladder`, measured as the growth of resident memory
while the program of that rung reads the same table. A part of the rows by
default; WEIGH_TEST_CTA=1 takes all of them and writes what came of it into
docs/advice.md.
"""

import json
import os
import pathlib
import shutil
import sys

import pytest
from conftest import WEIGH, clean_environment, execute

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "examples" / "cta"
PAGE = HERE.parent.parent / "docs" / "advice.md"
FULL = bool(os.environ.get("WEIGH_TEST_CTA"))
ROWS = 1_000_000 if FULL else 200_000
# Blocks and pools that are reused or not used to the end.
NOISE = 0 if FULL else 300_000
WITHIN = 0.02
WITHIN_CODES = 0.15

RUNGS = {
    "dicts": "dicts",
    "lists": "lists",
    "tuples": "tuples",
    "named tuples": "namedtuples",
    "instances": "instances",
    "slots": "slots",
    "slots, int": "slots_int",
    "slots, float": "slots_numbers",
    "slots, float, shared strings": "slots_shared",
    "columns, float, shared strings": "columns",
    "columns, array, shared strings": "columns_array",
    "coded arrays": "columns_codes",
    "generator": "generator",
}
measured_rungs = {}

# dicts.py as it is, but it stays at its peak for as long as a snapshot may take on a busy machine.
LASTING = """
import collections, runpy, sys, time

class Counter(collections.Counter):
    def __init__(self):
        time.sleep(5)
        super().__init__()

collections.Counter = Counter
sys.path.insert(0, sys.argv[1].rpartition("/")[0])
runpy.run_path(sys.argv[1], run_name="__main__")
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The example's programs beside a table of so many rows."""
    sys.path.insert(0, str(EXAMPLES))
    try:
        import make_data
    finally:
        sys.path.remove(str(EXAMPLES))
    folder = tmp_path_factory.mktemp("ladder")
    for path in EXAMPLES.glob("*.py"):
        shutil.copy(path, folder)
    with open(make_data.data()) as whole:
        lines = [line for line, _ in zip(whole, range(ROWS))]
    (folder / "ctabus.csv").write_text("".join(lines))
    return folder


@pytest.fixture(scope="module")
def advice(programs):
    """Of the one capture."""
    capture = programs / "dicts.weigh"
    lasting = programs / "lasting.py"
    lasting.write_text(LASTING)
    done = execute([WEIGH, "run", "-q", "--heap=peak", "-o", capture, lasting, programs / "dicts.py"])
    assert done.status == 0, done.err
    done = execute([WEIGH, "advise", "--json", "--ladder", capture])
    assert done.status == 0, done.err
    return json.loads(done.out)


def line_of(path, text):
    return next(number for number, line in enumerate(open(path), 1) if text in line)


def measure(program, table):
    done = execute(
        [sys.executable, HERE / "cta_program.py", program, table, "rss"], env=clean_environment()
    )
    assert done.status == 0, done.err
    return int(done.out.split()[3])


def predicted(advice, rung):
    table = max(advice["ladder"], key=lambda table: table["bytes"])
    assert table["name"] == "rows"
    return next(step["bytes"] for step in table["rungs"] if step["name"] == rung)


@pytest.mark.parametrize("rung", RUNGS)
def test_rung(rung, advice, programs):
    measured = measure(programs / f"{RUNGS[rung]}.py", programs / "ctabus.csv")
    bytes = predicted(advice, rung)
    measured_rungs[rung] = (bytes, measured)
    if rung == "generator":
        assert bytes == 0 and measured <= 300_000
    else:
        within = WITHIN_CODES if rung == "coded arrays" else WITHIN
        assert abs(bytes - measured) <= within * measured + NOISE


def test_the_capture_is_of_the_peak(advice, programs):
    rows = sum(1 for _ in open(programs / "ctabus.csv")) - 1
    assert advice["quantity"] == "peak"
    assert max(table["records"] for table in advice["ladder"]) == rows
    assert {finding["line"] for finding in advice["findings"]} == {line_of(programs / "dicts.py", "list(csv.DictReader")}


def test_the_waterfall_never_adds_the_same_bytes(advice):
    """What is left is above what the last way of keeping the table takes."""
    steps = [step["after"] for step in advice["waterfall"]]
    assert steps == sorted(steps, reverse=True)
    savings = sum(finding["saving"] for finding in advice["findings"])
    assert savings > advice["peak"] - steps[-1]
    table = max(table["bytes"] for table in advice["ladder"])
    assert steps[-1] >= advice["peak"] - table


def test_the_page_has_the_table():
    """Writes it there, when everything was measured on all rows."""
    if not FULL or len(measured_rungs) < len(RUNGS):
        pytest.skip("only with WEIGH_TEST_CTA=1, and all rungs")
    version = "%d.%d" % sys.version_info[:2]
    begin, end = f"<!-- ladder {version} -->\n", f"<!-- end of ladder {version} -->\n"
    rows = [f"| {version} | predicted, MB | measured, MB | error |\n|---|---:|---:|---:|\n"]
    for rung, (bytes, measured) in measured_rungs.items():
        error = f"{(bytes / measured - 1) * 100:+.2f} %" if measured > 300_000 else ""
        rows.append(f"| {rung} | {bytes / 1e6:.2f} | {measured / 1e6:.2f} | {error} |\n")
    page = PAGE.read_text()
    assert begin in page and end in page
    before, rest = page.split(begin)
    PAGE.write_text(before + begin + "".join(rows) + end + rest.split(end)[1])
