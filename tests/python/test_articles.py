"""The programs of examples/articles, and the page that walks through them.

Each program runs on every Python, smaller than in the page. What the page
shows is taken anew on the Python it was taken on.
"""

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import sys

import pytest
from conftest import WEIGH, clean_environment, execute

ROOT = pathlib.Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "articles"
PAGE = ROOT / "docs" / "articles.md"

loader = importlib.machinery.SourceFileLoader("articles", str(ROOT / "scripts" / "articles"))
articles = importlib.util.module_from_spec(importlib.util.spec_from_loader("articles", loader))
loader.exec_module(articles)

PROGRAMS = {
    "dtypes.py": ["100000"],
    "floats.py": ["100000"],
    "frame.py": ["10000"],
    "instances.py": [],
    "leak.py": [],
    "line_table.py": ["10000"],
    "mapped_array.py": ["20000"],
    "mapped_file.py": ["8000000"],
    "maxrss.py": [],
    "nested_lists.py": [],
    "numbers_held.py": ["numpy", "100000"],
    "peak_of_call.py": ["100000"],
    "preallocate.py": ["100000"],
    "records.py": [],
    "recursion.py": [],
    "reuse.py": [],
    "separate_process.py": ["apart", "10000"],
    "temporary.py": [],
    "text_size.py": [],
    "thresholds.py": [],
    "top_ten.py": ["100000"],
    "unique_ids.py": ["10000"],
    "word_sets.py": [],
}
PARTS = {"words.py", "word_ways.py"}
PACKAGES = ("dawg", "datasketches", "marisa_trie", "numpy", "pandas", "rbloom")


def need_packages(name):
    text = (EXAMPLES / name).read_text()
    if name == "word_sets.py":
        text += (EXAMPLES / "word_ways.py").read_text()
    for package in PACKAGES:
        if re.search(rf"^\s*(import|from) {package}\b", text, re.MULTILINE):
            pytest.importorskip(package)


def run_program(name, *words):
    need_packages(name)
    ending = execute([sys.executable, EXAMPLES / name, *words], env=clean_environment(WORDS="20000", PYTHONHASHSEED="0"))
    assert ending.status == 0, ending.err
    assert ending.err == ""
    return ending.out


@pytest.fixture
def record(weigh, tmp_path):
    """Records a program of the articles; returns the capture."""

    def run(name, *words, options=("--exact",)):
        need_packages(name)
        capture = tmp_path / (name + ".weigh")
        ending = weigh("run", "-q", "-o", capture, "--python", sys.executable, *options, EXAMPLES / name, *words)
        assert ending.status == 0, ending.err
        return capture

    return run


@pytest.fixture
def ask(weigh):
    """What a verb says of captures, as JSON."""

    def run(*words):
        ending = weigh(*words, "--json")
        assert ending.status == 0, ending.err
        return json.loads(ending.out)

    return run


def line_of(name, text):
    lines = (EXAMPLES / name).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_every_program_is_run_shown_and_short():
    names = {path.name for path in EXAMPLES.glob("*.py")}
    assert names == PROGRAMS.keys() | PARTS
    page, readme = PAGE.read_text(), (EXAMPLES / "README.md").read_text()
    for name in names:
        assert f"`{name}`" in readme
        assert name in PARTS or f"```python {name}" in page
        assert name in PARTS or len((EXAMPLES / name).read_text().splitlines()) <= 64


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_runs(name):
    run_program(name, *PROGRAMS[name])


def test_one_line_has_the_floats(record, ask):
    count = 50_000
    first = ask("report", record("floats.py", str(count)))["rows"][0]
    assert first["line"] == line_of("floats.py", "numbers = [")
    # A float asks for 24 bytes; the list has room for one item in eight more at the most.
    assert count * 32 <= first["bytes"] <= count * 33
    assert count <= first["blocks"] <= count + 10


def test_tracemalloc_names_the_same_line():
    count = 50_000
    first, _, sums = run_program("top_ten.py", str(count)).partition("\n")
    assert f"top_ten.py:{line_of('top_ten.py', 'numbers = [')}: " in first
    # Some floats come from the interpreter's list of free ones, which were made before.
    assert count - 200 <= int(re.search(r"count=(\d+)", first)[1]) <= count + 10
    current = int(re.search(r"current ([\d,]+)", sums)[1].replace(",", ""))
    assert count * 31 <= current <= count * 35


def test_lines_of_a_function_are_exact():
    table = run_program("line_table.py", "100000").splitlines()
    (small,) = [line for line in table if "small = [" in line]
    (large,) = [line for line in table if "large = [" in line]
    (gone,) = [line for line in table if "del large" in line]
    # 100,000 references of 8 bytes, in pages; ten times that.
    assert re.search(r" 78\d\.\d KiB ", small) and " 7.6 MiB " in large and " -7.6 MiB " in gone


def test_answers_about_words():
    rows = {}
    for line in run_program("word_sets.py").splitlines()[1:]:
        way, *figures = re.split(r"\s{2,}", line)
        rows[way] = [float(figure.replace(",", "").rstrip("%")) for figure in figures]
    assert len(rows) == 11
    for way, (_live, _each, _resident, missed, wrong, stated) in rows.items():
        assert missed == 0
        if not stated:
            assert wrong == 0, way
    # Of 4,000 questions: three standard deviations of the stated rate. HyperLogLog states one of its own.
    assert rows["Bloom filter"][4] <= rows["Bloom filter"][5] + 3 * 100 * (0.01 * 0.99 / 4000) ** 0.5
    assert rows["HyperLogLog"][4] <= 3 * rows["HyperLogLog"][5]
    live = {way: row[0] for way, row in rows.items()}
    assert live["HyperLogLog"] < live["Bloom filter"] < live["marisa-trie"] < live["bytes"] < live["list"] < live["set"]
    assert live["mmap"] < 16384 and live["memmap"] < 16384


def test_what_objects_asked_for_is_what_tracemalloc_saw():
    rows = re.findall(r"^(.+?)\s{2,}([\d,]+)$", run_program("unique_ids.py", "5000"), re.MULTILINE)
    found = {name: int(number.replace(",", "")) for name, number in rows}
    requested = found["weigh, requested"]
    # tracemalloc has the reader and the open file besides; getsizeof() names and strings that everybody shares.
    assert found["tracemalloc, current"] == pytest.approx(requested, rel=0.01)
    assert found["getsizeof, added up"] == pytest.approx(requested, rel=0.01)


def test_appending_copies_and_leaves_room(record, ask):
    capture = record("preallocate.py", "200000", options=["--exact", "--heap"])
    rows = ask("report", "--at", "total", "--limit", "0", capture)["rows"]
    total = {row["line"]: row["bytes"] for row in rows if str(row["file"]).endswith("preallocate.py")}
    made = total[line_of("preallocate.py", "items = [None]")]
    assert made == pytest.approx(200_000 * 8, rel=0.001)
    assert total[line_of("preallocate.py", "items.append")] > 5 * made
    (finding,) = [f for f in ask("advise", capture)["findings"] if f["rule"] == "growing-by-copies"]
    assert finding["line"] == line_of("preallocate.py", "np.append")


def test_memory_comes_back_from_another_process(record, ask, weigh):
    capture = record("separate_process.py", "here", "500000")
    (finding,) = [f for f in ask("advise", capture)["findings"] if f["rule"] == "pinned-arenas"]
    assert finding["quantity"] == "reusable"
    command = ["verify", "--json", "--advice", finding["id"], capture, "--", sys.executable]
    ending = weigh(*command, EXAMPLES / "separate_process.py", "apart", "500000")
    found = json.loads(ending.out[ending.out.index("{") :])
    assert ending.status == 0, found
    assert found["reusable"]["predicted"] == finding["saving"]
    assert found["reusable"]["after"] < 0.1 * found["reusable"]["before"]


def test_overlap_is_exact(weigh, ask, tmp_path):
    pytest.importorskip("numpy")
    program = ROOT / "examples" / "advice" / "rebind.py"
    assert weigh("run", "-q", "--exact", "-o", "out.weigh", "--python", sys.executable, program).status == 0
    (finding,) = [f for f in ask("advise", tmp_path / "out.weigh")["findings"] if f["rule"] == "old-value-alive"]
    assert "2 blocks of 8,000,000 bytes" in finding["evidence"]


def test_freed_memory_is_told_from_live(record, ask):
    """While the first of the lists is gone its memory is free for reuse, and in the end that of the second."""
    ticks = ask("report", "--timeline", record("reuse.py", options=()))["timeline"]
    size = max(tick["live"] for tick in ticks) / 2
    assert size > 8_000_000
    low = min((t for t in ticks if t["time_s"] > 0.1), key=lambda tick: tick["live"])
    assert low["live"] < 0.1 * size
    # The last ones are taken while the program's memory is torn down.
    assert all(tick["live"] + tick["reusable"] <= tick["rss"] for tick in ticks[:-3])
    assert max(tick["reusable"] for tick in ticks) > 0.1 * size


def test_temporary_memory_is_no_leak(record, ask):
    for name in "temporary.py", "recursion.py":
        found = ask("report", "--leaks", record(name))
        assert found["end"]["footprint"] < 0.02 * found["peak"]["footprint"]
        assert not [row for row in found["rows"] if str(row["file"]).endswith(name) and row["bytes"] > 16384]


def test_recursion_has_a_branch_for_each_level(record, ask):
    def branches(node):
        yield node
        for child in node["children"]:
            yield from branches(child)

    line = line_of("recursion.py", "held = ")
    tree = ask("report", "--tree", record("recursion.py"))["tree"]
    levels = [node["bytes"] for node in branches(tree) if node["name"] == "descend" and node["line"] == line]
    assert len(levels) == 5
    assert 800_000 <= min(levels) and max(levels) <= 800_100
    if sys.version_info < (3, 14):
        assert set(levels) == {levels[0]}


def test_leak_between_two_moments(record, ask, tmp_path):
    before, after = tmp_path / "before.heap", tmp_path / "after.heap"
    record("leak.py", before, after)
    growth = ask("heap", "--diff", before, after)["diff"]
    (requests,) = [row for row in growth["types"] if row["type"].endswith("Request")]
    assert requests["count_change"] == 2_000
    assert any("Server.failed" in row["path"] and row["count_change"] == 2_000 for row in growth["holders"])


# The page.


def taken_on():
    return re.search(r"CPython (3\.\d+)", PAGE.read_text())[1]


def test_page_shows_what_the_programs_print(tmp_path):
    if f"{sys.version_info[0]}.{sys.version_info[1]}" != taken_on():
        pytest.skip(f"the page was taken on Python {taken_on()}")
    for package in PACKAGES:
        pytest.importorskip(package)
    short = "WEIGH_TEST_ALL" not in os.environ
    complaints = []
    _new, failed = articles.take(PAGE.read_text(), articles.Runner(tmp_path, WEIGH), short, complain=complaints.append)
    assert not failed and not complaints


def test_figures_of_the_prose_are_in_the_blocks():
    assert list(articles.unfounded(PAGE.read_text())) == []


def test_nothing_of_the_machine_is_in_the_page():
    text = PAGE.read_text()
    assert not re.search(r"/(tmp|home|root|work|usr)/|\bpid\b", text)
    blocks = [match[3] for match in articles.FENCE.finditer(text) if match[1] == "console"]
    assert len(blocks) > 20
    for block in blocks:
        assert block.startswith("$ ") and len(block.splitlines()) > 1, block


SAMPLE = "## One\n\n{prose}\n\n```console\n$ weigh\n  peak  390.4 MiB in 10,001,907 blocks\n```\n"


@pytest.mark.parametrize("prose", ["390.4 MiB", "10,001,907 blocks", "> 357.8 MiB", "`12` of them", "Python 3.11 has"])
def test_figures_with_a_source(prose):
    assert list(articles.unfounded(SAMPLE.format(prose=prose))) == []


@pytest.mark.parametrize("prose", ["390.5 MiB", "390.4 KiB", "10,001,908 blocks", "x3", "and 40 %"])
def test_figures_without_a_source(prose):
    assert len(list(articles.unfounded(SAMPLE.format(prose=prose)))) == 1


def test_what_counts_as_changed():
    old = "peak 390.4 MiB in 10,001,907 blocks (99.9 %) at floats.py:8\nResident 5 MiB\n 1 MiB ██░░\n"
    assert articles.difference(old, old.replace("390.4", "391.9").replace("907", "803").replace("99.9", "98.2")) == ""
    assert articles.difference(old, old.replace("Resident 5", "Resident 9").replace("██", "███")) == ""
    assert "has become" in articles.difference(old, old.replace("390.4", "412.0"))
    assert articles.difference(old, old.replace("MiB in", "KiB in"))
    assert articles.difference(old, old.replace("blocks", "objects")) == "other words"
    assert articles.difference(old, old.replace("390.4", "412.0"), machine=True) == ""
    assert articles.difference(old, old.replace("floats", "ints"), machine=True) == "other words"
