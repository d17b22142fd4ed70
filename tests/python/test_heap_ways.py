"""Ways and differences in snapshots of real programs: paths, suspects, retained, modules, growth."""

import json
import subprocess
import sys

import pytest

# What each part of the program keeps, and by which names.
PROGRAM = """
import functools
import json
import threading
import weigh

class Entry:
    registry = []
    def __init__(self, number):
        self.data = ["text %d" % number]
        self.next = None

class Slotted:
    __slots__ = ("held",)

class Row(dict):
    pass

cache = {"key %d" % i: Entry(i) for i in range(2000)}
alias = cache
chain = None
for i in range(3000):
    link = Entry(i)
    link.next = chain
    chain = link
del link
Entry.registry.extend(Slotted() for _ in range(1000))
for each in Entry.registry:
    each.held = bytearray(50)
del each

def closing():
    inside = [frozenset([i]) for i in range(5000, 7000)]
    return lambda: inside

closure = closing()

@functools.lru_cache(None)
def remember(number):
    return complex(number, 1)

for i in range(1500):
    remember(i)

def running():
    rows = json.loads(json.dumps([{"route": str(i % 10), "count": i} for i in range(30_000)]))
    weigh.snapshot("before.heap")
    print(id(cache), id(rows[7]))
    rows.extend(Row(more=str(i)) for i in range(4000))
    cache.clear()
    weigh.snapshot("after.heap")

thread = threading.Thread(target=running, name="worker")
thread.start()
thread.join()
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Where the program ran, and the addresses that it printed."""
    folder = tmp_path_factory.mktemp("ways")
    (folder / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=folder, capture_output=True, text=True, timeout=120, check=True
    )
    return folder, [int(word) for word in done.stdout.split()]


@pytest.fixture
def heap(weigh, program):
    def run(*options):
        folder, _ = program
        ending = weigh("heap", "--json", *options, cwd=folder)
        assert ending.status == 0, ending.err
        return json.loads(ending.out)

    return run


def paths(document):
    return {" > ".join(row["path"]): row for row in document["paths"]}


WAYS = {
    "Entry": ("__main__.cache > dict[*] > Entry", 2000),
    "Slotted": ("__main__.Entry.registry > list[*] > Slotted", 1000),
    "bytearray": ("__main__.Entry.registry > list[*] > Slotted.held > bytearray", 1000),
    "complex": ("__main__.remember > functools._lru_cache_wrapper(cache) > dict[*] > complex", 1500),
}


@pytest.mark.parametrize("type_name", WAYS)
def test_paths(heap, type_name):
    path, count = WAYS[type_name]
    found = paths(heap("before.heap", "--paths", type_name))
    assert path in found, list(found)[:5]
    assert found[path]["objects"] == count


def test_closures_and_chains(heap):
    found = paths(heap("before.heap", "--paths", "frozenset"))
    inside = "__main__.closure > function.__closure__ > tuple[*] > cell.cell_contents > list[*] > frozenset"
    assert found[inside]["objects"] == 2000
    found = paths(heap("before.heap", "--paths", "Entry"))
    assert found["__main__.chain > Entry.next... > Entry"]["objects"] == 2999
    # Both names of the cache are as near.
    assert found["__main__.alias > dict[*] > Entry"]["shared"] == 2000


def test_locals(heap):
    found = paths(heap("before.heap", "--paths", "dict"))
    assert found["running() rows > list[*] > dict"]["objects"] == 30_000


def test_single_objects(heap, program):
    cache, row = program[1]
    found = heap("before.heap", "--paths", hex(cache))
    assert {tuple(one["path"]) for one in found["paths"]} == {("__main__.cache", "dict"), ("__main__.alias", "dict")}
    assert found["target"]["id"] == hex(cache)
    assert found["target"]["elsewhere"] == 0
    assert found["target"]["references"] == 2
    found = heap("before.heap", "--paths", str(row))
    assert [one["path"] for one in found["paths"]] == [["running() rows", "list[7]", "dict"]]
    assert found["paths"][0]["ids"][-1] == hex(row)


def test_suspects(heap):
    suspects = heap("before.heap", "--suspects")["suspects"]
    assert suspects[0]["name"] == "running() rows"
    assert suspects[0]["types"][0]["type"] == "dict"
    assert suspects[0]["types"][0]["count"] == 30_000
    assert suspects[0]["share"] > 0.5
    kept = [step["retained"] for step in suspects[0]["dominators"]]
    assert kept == sorted(kept, reverse=True)


def test_retained(heap):
    rows = heap("before.heap", "--retained", "--limit", "12")["retained"]
    found = {" > ".join(row["path"]): row for row in rows}
    assert next(iter(found)) == "running() rows > list"
    # A chain is shown by its first link, which keeps them all: each with a list and a text, before 3.11 a dict.
    assert found["__main__.chain > Entry"]["objects"] == 3000 * (3 if sys.version_info >= (3, 11) else 4)
    assert not any("next..." in path for path in found)


def test_modules(heap):
    (module,) = heap("before.heap", "--module=__main__")["modules"]
    names = {row["name"]: row for row in module["names"]}
    assert names["closure"]["alone"]
    assert names["chain"]["alone"]
    # Deleting one of two names frees nothing.
    assert names["cache"]["within"] and not names["cache"]["alone"]
    assert names["cache"]["retained"] == names["alias"]["retained"]
    assert not names["json"]["within"]
    modules = heap("before.heap", "--module")["modules"]
    assert {"json", "threading", "__main__"} <= {row["module"] for row in modules}


def test_growth(heap):
    diff = heap("--diff", "before.heap", "after.heap")["diff"]
    assert diff["same_process"]
    types = {row["type"]: row for row in diff["types"]}
    assert types["Row"]["count_change"] == types["Row"]["born"] == 4000
    assert types["Entry"]["count_change"] == -2000
    assert types["Entry"]["born"] == 0
    holders = {" > ".join(row["path"]): row for row in diff["holders"]}
    assert holders["running() rows > list[*] > Row"]["born"] == 4000
    gone = sum(row["count_change"] for path, row in holders.items() if path.endswith("cache > dict[*] > Entry"))
    gone += sum(row["count_change"] for path, row in holders.items() if path.endswith("alias > dict[*] > Entry"))
    assert gone == -2000
    rows = holders["running() rows > list"]
    assert rows["retained_change"] > rows["gross_change"] > 0


def test_other_process(heap, program):
    folder, _ = program
    again = folder / "again"
    again.mkdir(exist_ok=True)
    subprocess.run([sys.executable, "../program.py"], cwd=again, capture_output=True, timeout=120, check=True)
    diff = heap("--diff", "before.heap", "again/before.heap")["diff"]
    assert not diff["same_process"]
    assert diff["born"] is None
    # The same program has the same objects.
    assert abs(diff["objects_change"]) < 100


def test_peak_and_end(run_quiet, script, weigh):
    # While the heap grows fast the snapshot of the peak is one on the way up.
    source = "import time\ndef main():\n    rows = [str(i) for i in range(300_000)]\n    time.sleep(0.5)\nmain()\n"
    assert run_quiet(script(source), options=["--heap=both"]).status == 0
    ending = weigh("heap", "--diff", "out.weigh", "--json")
    assert ending.status == 0, ending.err
    diff = json.loads(ending.out)["diff"]
    assert (diff["before_when"], diff["after_when"]) == ("peak", "end")
    assert diff["same_process"]
    types = {row["type"]: row for row in diff["types"]}
    assert types["str"]["count_change"] == pytest.approx(-300_000, abs=3_000)


REFUSALS = {
    "type": (["before.heap", "--paths", "NoSuchType"], "no object of such a type"),
    "line": (["before.heap", "--paths", "program.py:3"], "does not know which lines"),
    "address": (["before.heap", "--paths", "0x10"], "no object began at this address"),
    "module": (["before.heap", "--module=nosuch"], "no module of this name"),
    "one": (["--diff", "before.heap", "--at", "peak"], "leave --at out"),
    "mixed": (["--diff", "before.heap", "after.heap", "--types"], "nothing but what changed"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(weigh, program, case):
    words, says = REFUSALS[case]
    ending = weigh("heap", *words, cwd=program[0])
    assert (ending.status, ending.out) == (2, "")
    assert says in ending.err
    assert ending.err.count("\n") == 1
