"""Advice on objects: what is predicted is measured on the changed program; where a precondition fails there is none."""

import json
import pathlib
import sys

import pytest

PROGRAM = pathlib.Path(__file__).resolve().parent / "advice_pairs.py"


@pytest.fixture
def advise(weigh, tmp_path):
    """Records one of the programs; its advice as JSON, kept in advice.json."""

    def run(name):
        capture = tmp_path / "before.weigh"
        command = ["run", "-q", "-f", "--heap=end", "-o", capture, "--python", sys.executable]
        ending = weigh(*command, PROGRAM, name)
        assert ending.status == 0, ending.err
        ending = weigh("advise", "--json", "--rejected", capture)
        assert ending.status == 0, ending.err
        (tmp_path / "advice.json").write_text(ending.out)
        return json.loads(ending.out)

    return run


def find(advice, rule):
    return [finding for finding in advice["findings"] if finding["rule"] == rule]


def line_of(text, name):
    """The number of the first line with the text after the function begins."""
    lines = PROGRAM.read_text().splitlines()
    begin = lines.index(f"def {name}():")
    return next(n for n, line in enumerate(lines, 1) if n > begin and text in line)


@pytest.mark.parametrize(
    "name, rule",
    [
        pytest.param(
            "rows_with_an_odd_key",
            "odd-keys",
            marks=pytest.mark.skipif(sys.version_info < (3, 11), reason="all tables are wide there"),
        ),
        pytest.param(
            "one_odd_key",
            "odd-keys",
            marks=pytest.mark.skipif(sys.version_info < (3, 11), reason="all tables are wide there"),
        ),
        ("listeners", "pinned-by-callbacks"),
        ("cache", "unbounded-cache"),
    ],
)
def test_predicted_and_measured(advise, weigh, tmp_path, name, rule):
    (finding,) = find(advise(name), rule)
    assert finding["saving"] > 0
    words = ["--advice", finding["id"], tmp_path / "advice.json", "--", sys.executable, PROGRAM]
    ending = weigh("verify", "--json", "--within", "5", *words, f"{name}_changed")
    found = json.loads(ending.out)
    assert ending.status == 0, found["end"]
    changed = advise(f"{name}_changed")
    assert not find(changed, rule)


@pytest.mark.parametrize(
    "name, rule",
    [
        ("keys_of_two_kinds", "odd-keys"),
        ("listeners_of_what_is_held", "pinned-by-callbacks"),
    ],
)
def test_no_advice_where_a_precondition_fails(advise, name, rule):
    assert not find(advise(name), rule)


def test_closures_keep_what_they_close_over(advise):
    (finding,) = find(advise("closures"), "pinned-by-callbacks")
    assert finding["saving"] >= 3000 * 2000
    assert finding["grade"] == "hypothesis"
    assert "weakref.ref" in finding["change"]["after"]


@pytest.mark.parametrize("name", ["points", "pairs"])
def test_code_that_was_made_from_text_is_told_by_its_caller(advise, name):
    """The constructors of named tuples and dataclasses are lines of "<string>"."""
    (finding,) = find(advise(name), "coded-columns")
    assert finding["file"] == str(PROGRAM)
    assert finding["line"] == line_of("made here", name)
