"""Sizes of one table held in fifteen shapes, against RSS and tracemalloc.

A part of the rows by default; WEIGH_TEST_CTA=1 takes all of them.
"""

import os
import pathlib
import sys

import pytest
from conftest import clean_environment, execute

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "examples" / "cta"
FULL = bool(os.environ.get("WEIGH_TEST_CTA"))
ROWS = 1_000_000 if FULL else 200_000
SHAPES = sorted(path.stem for path in EXAMPLES.glob("*.py") if path.stem != "make_data")
# Blocks and pools that are reused or not used to the end, and what libraries load late.
NOISE = 300_000


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    sys.path.insert(0, str(EXAMPLES))
    try:
        import make_data
    finally:
        sys.path.remove(str(EXAMPLES))
    with open(make_data.data()) as whole:
        lines = [line for line, _ in zip(whole, range(ROWS))]
    path = tmp_path_factory.mktemp("cta") / "ctabus.csv"
    path.write_text("".join(lines))
    return path


def test_there_are_fifteen():
    assert len(SHAPES) == 15


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("way", ["rss", "tracemalloc"])
def test_shape(shape, way, table):
    if shape in ("columns_numpy", "pandas_frame"):
        pytest.importorskip("pandas")
    program = [sys.executable, HERE / "cta_program.py", EXAMPLES / f"{shape}.py", table, way]
    done = execute(program, env=clean_environment())
    assert done.status == 0, done.err
    gross, requested, _, grown = map(int, done.out.split())
    if shape == "generator":
        assert abs(gross - grown) < 5000
    elif way == "rss":
        assert gross == pytest.approx(grown, rel=0.01, abs=0 if FULL else NOISE)
    else:
        # Since 3.14 there are more kinds of free objects that serve again, a hundred of each.
        assert requested == pytest.approx(grown, rel=0.001, abs=5000 if sys.version_info < (3, 14) else 20_000)
