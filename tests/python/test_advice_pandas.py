"""Advice on frames of pandas: what is predicted from a capture is measured on the changed program."""

import json
import sys

import pytest

pandas = pytest.importorskip("pandas")

ROWS = 500_000
LINES = ["Blue line", "Red line", "Green line", "Orange line", "Silver line"]


@pytest.fixture
def table(tmp_path):
    """Few lines and stops, a note for each row, numbers between them."""
    path = tmp_path / "riders.csv"
    with path.open("w") as file:
        file.write("line,day,stop,riders,note\n")
        for n in range(ROWS):
            file.write(f"{LINES[n * n % 5]},{n % 365},stop {n * n % 211},{n * 7919 % 1000},note {n}\n")
    return path


@pytest.fixture
def record(weigh, tmp_path):
    """Records a program; the path of the capture."""

    def run(name, code, *words, options=("--heap=end",)):
        program, capture = tmp_path / f"{name}.py", tmp_path / f"{name}.weigh"
        program.write_text(code)
        command = ["run", "-q", "-f", "-o", capture, "--python", sys.executable, *options]
        ending = weigh(*command, program, *words)
        assert ending.status == 0, ending.err
        return capture

    return run


@pytest.fixture
def advise(weigh):
    def run(capture, *options):
        ending = weigh("advise", "--json", "--rejected", *options, capture)
        assert ending.status == 0, ending.err
        return json.loads(ending.out)

    return run


def find(advice, rule):
    return [finding for finding in advice["findings"] if finding["rule"] == rule]


READ = "import sys\nimport pandas as pd\n\nframe = pd.read_csv(sys.argv[1])\n"


def test_category_for_the_columns_that_pay(advise, record, weigh, table):
    """The note is another one in each row; as a category it would take more."""
    before = record("before", READ, table)
    advice = advise(before)
    (finding,) = find(advice, "category")
    assert finding["line"] == 4 and finding["quantity"] == "end"
    changed = 'frame = pd.read_csv(sys.argv[1], dtype={"line": "category", "stop": "category"})'
    assert finding["change"]["after"] == changed
    # For each row a code of one byte in the place of a reference, or of two: there are 211 stops.
    assert finding["saving"] >= ROWS * (7 + 6)
    (rejected,) = [each for each in advice["rejected"] if each["rule"] == "category"]
    assert rejected["why"].startswith(f"note: {ROWS:,} values in {ROWS:,} rows") and rejected["saving"] < 0
    after = record("after", READ.replace(READ.splitlines()[3], changed), table)
    # From run to run what pandas itself leaves differs by some 140 KB.
    ending = weigh("verify", "--json", "--predicted", str(finding["saving"]), "--quantity", "end", before, after)
    assert ending.status == 0, json.loads(ending.out)["end"]


def test_what_is_shared_is_not_counted_twice(advise, record, table):
    """A series that shows a column, and a copy of the reference: the texts stay with the other holder."""
    kept = advise(record("kept", READ + 'texts = list(frame["stop"])\n', table))
    (finding,) = find(kept, "category")
    (alone,) = find(advise(record("alone", READ, table)), "category")
    assert finding["saving"] <= alone["saving"]


def test_text_that_spells_numbers(advise, record, weigh, table):
    """With more values than a category is good for."""
    code = READ + 'frame = frame[["day"]]\nframe["day"] = (frame["day"] + 1000 * frame.index).astype(str)\n'
    before = record("text", code, table)
    (finding,) = find(advise(before), "numeric-strings")
    assert finding["change"]["after"] == 'frame["day"] = pd.to_numeric(frame["day"])'
    after = record("as_numbers", code + finding["change"]["after"] + "\n", table)
    ending = weigh("verify", "--json", "--predicted", str(finding["saving"]), "--quantity", "end", before, after)
    assert ending.status == 0, json.loads(ending.out)["end"]


def test_many_columns_of_one_block(advise, record, table):
    """Columns of one dtype lie in one array; each is told by its own values."""
    code = READ + 'frame["other"] = frame["line"] + "!"\nframe = frame.copy()\n'
    advice = advise(record("copied", code, table))
    (finding,) = find(advice, "category")
    assert "line, stop, other" in finding["title"], finding["title"]
    assert finding["evidence"].startswith(f"{ROWS:,} rows")


def reading(advice):
    return [each for each in advice["findings"] + advice["rejected"] if each["rule"] == "columns-at-read"]


def test_what_is_read_as_it_should_be(advise, record, table):
    """A category from the beginning, columns that are chosen: nothing is left to say."""
    arguments = 'sys.argv[1], dtype={"line": "category"}, usecols=["line", "riders"]'
    code = READ.replace("sys.argv[1]", arguments) + 'print(frame.groupby("line")["riders"].sum())\n'
    assert not reading(advise(record("chosen", code, table)))


def test_columns_are_used_without_being_named(advise, record, table):
    """A frame that is written out needs all it has."""
    code = READ + 'print(frame.groupby("line")["riders"].sum())\nframe.to_csv("out.csv")\n'
    (rejected,) = reading(advise(record("written", code, table)))
    assert "line 6 uses all columns" in rejected["why"]
    assert rejected["saving"] > ROWS * 8


TEXT = 'dtype={"line": "string[pyarrow]", "note": "string[pyarrow]"}'
RIDERS_OF_A_LINE = 'print(frame.loc[frame["line"] == "Red line", "riders"].sum())\n'


def test_text_kept_by_pyarrow(advise, record, weigh, table):
    """Columns of which nothing is known stay among those that are read, and no number is made up for them."""
    pytest.importorskip("pyarrow")
    code = READ.replace("sys.argv[1]", f"sys.argv[1], {TEXT}") + RIDERS_OF_A_LINE
    before = record("arrow", code, table)
    advice = advise(before)
    (rejected,) = [each for each in advice["rejected"] if each["rule"] == "category" and "pyarrow" in each["why"]]
    assert rejected["why"].startswith("line, note: 2 columns") and rejected["saving"] == 0
    (finding,) = find(advice, "columns-at-read")
    assert finding["title"].startswith("2 of 5 columns")
    assert finding["change"]["after"].endswith('usecols=["line", "note", "riders"])')
    # A reference and a number for each row; the texts are shared.
    assert finding["quantity"] == "end" and finding["saving"] == pytest.approx(ROWS * 16, rel=0.01)
    chosen = READ.replace("sys.argv[1]", f'sys.argv[1], {TEXT}, usecols=["line", "note", "riders"]')
    after = record("chosen", chosen + RIDERS_OF_A_LINE, table)
    ending = weigh("verify", "--json", "--predicted", str(finding["saving"]), "--quantity", "end", before, after)
    assert ending.status == 0, json.loads(ending.out)["end"]


def test_all_columns_in_pyarrow(advise, record, table):
    pytest.importorskip("pyarrow")
    code = READ.replace("sys.argv[1]", 'sys.argv[1], dtype_backend="pyarrow"') + RIDERS_OF_A_LINE
    advice = advise(record("backend", code, table))
    assert not advice["findings"]
    (rejected,) = reading(advice)
    assert rejected["why"].startswith("no line names day, stop, note, but what pyarrow keeps")
