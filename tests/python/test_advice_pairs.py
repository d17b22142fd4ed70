"""Advice on objects: what is predicted is measured on the changed program; where a precondition fails there is none."""

import json
import pathlib
import sys

import pytest
import text_kinds

MANY = 50_000
LIBRARIES = {
    "set_of_texts": "marisa_trie",
    "filtered": "rbloom",
    "counts": "numpy",
    "halves": "numpy",
    "thirds": "numpy",
    "ints": "numpy",
    "zeros": "numpy",
}
PROGRAM = pathlib.Path(__file__).resolve().parent / "advice_pairs.py"


@pytest.fixture
def advise(weigh, run_quiet, tmp_path):
    """Records one of the programs; its advice as JSON, kept in advice.json."""

    def run(name, program=PROGRAM):
        done = run_quiet(program, name, options=["--heap=end"])
        assert done.status == 0, done.err
        advice = weigh("advise", "--json", "--rejected", tmp_path / "out.weigh")
        (tmp_path / "advice.json").write_text(advice.out)
        return json.loads(advice.out)

    return run


def find(advice, rule):
    return [finding for finding in advice["findings"] if finding["rule"] == rule]


def need(name):
    """Skips a test whose programs need a library that is not there."""
    for part, library in LIBRARIES.items():
        if part in name:
            pytest.importorskip(library)


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
        ("messages", "wide-text"),
        ("slices", "copied-slices"),
        ("days", "narrower-dtype"),
        ("counts", "narrower-dtype"),
        ("halves", "narrower-dtype"),
        ("set_of_texts", "text-set"),
    ],
)
def test_predicted_and_measured(advise, weigh, tmp_path, name, rule):
    need(name)
    (finding,) = find(advise(name), rule)
    assert finding["saving_low"] <= finding["saving"] <= finding["saving_high"]
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
        ("cache_that_is_asked_again", "unbounded-cache"),
        ("numbers_of_texts", "text-set"),
        ("numbers_of_texts", "membership-filter"),
        ("thirds", "narrower-dtype"),
        ("large_ints", "narrower-dtype"),
    ],
)
def test_no_advice_where_a_precondition_fails(advise, name, rule):
    need(name)
    assert not find(advise(name), rule)


@pytest.mark.parametrize(
    "name, rule, saving, why",
    [
        # A str of 101 characters takes 2 bytes for each and a head; bytes take 3, and less of a head.
        ("messages_in_chinese", "wide-text", (-MANY * 101, 0), "as many bytes as UTF-8"),
        ("zeros_to_be_filled", "narrower-dtype", (0, 0), "100,000 of 1,000,000 numbers are not zero"),
        ("slices_of_what_is_gone", "copied-slices", (0, 0), "data is gone"),
        # A view takes 208 bytes, a slice of 48 bytes 96.
        ("short_slices", "copied-slices", (-(208 - 80) * 43_000, -(208 - 96) * 42_000), "saves nothing"),
    ],
)
def test_what_would_save_nothing_is_said_so(advise, name, rule, saving, why):
    need(name)
    advice = advise(name)
    assert not find(advice, rule)
    (rejected,) = [rejected for rejected in advice["rejected"] if rejected["rule"] == rule]
    assert saving[0] <= rejected["saving"] <= saving[1]
    assert why in rejected["why"]


def test_a_filter_takes_what_was_said(advise, weigh, tmp_path):
    need("set_of_texts_filtered")
    (finding,) = find(advise("set_of_texts"), "membership-filter")
    assert finding["grade"] == "hypothesis"
    # 9.585 bits for each of 200,000 members.
    assert finding["after"] == pytest.approx(200_000 * 9.585 / 8, rel=0.001)
    words = ["--advice", finding["id"], tmp_path / "advice.json", "--", sys.executable, PROGRAM]
    ending = weigh("verify", *words, "set_of_texts_filtered")
    assert ending.status == 0, ending.out


@pytest.mark.parametrize("kind", text_kinds.KINDS)
def test_a_trie_of_the_whole_lies_in_the_interval(advise, kind):
    marisa_trie = pytest.importorskip("marisa_trie")
    texts = text_kinds.texts(kind, 100_000)
    (finding,) = find(advise(kind, pathlib.Path(text_kinds.__file__)), "text-set")
    whole = len(marisa_trie.Trie(texts).tobytes())
    low, high = (finding["before"] - finding[key] for key in ("saving_high", "saving_low"))
    assert low <= whole <= high
    assert finding["before"] - whole == pytest.approx(finding["saving"], rel=0.05)


def test_a_trie_without_its_library_is_a_guess(advise, weigh, tmp_path):
    """The size then follows from the beginnings that texts share; the interval holds what was built."""
    need("set_of_texts")
    (built,) = find(advise("frozenset_of_texts"), "text-set")
    assert built["grade"] == "likely"
    bare = tmp_path / "python"
    bare.write_text("#!/bin/sh\necho end\n")
    bare.chmod(0o755)
    ending = weigh("advise", "--json", "--python", bare, tmp_path / "out.weigh")
    (guessed,) = find(json.loads(ending.out), "text-set")
    assert guessed["grade"] == "hypothesis"
    assert any("pip install marisa-trie" in check["text"] for check in guessed["checks"])
    assert guessed["saving_low"] <= built["saving"] <= guessed["saving_high"]


def test_an_interpreter_that_is_not_there(advise, weigh, tmp_path):
    advise("pairs")
    ending = weigh("advise", "--python", tmp_path / "none", tmp_path / "out.weigh")
    assert ending.status == 1
    assert "none" in ending.err


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
