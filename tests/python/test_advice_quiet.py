"""Programs in which nothing is worth changing get no advice: no false alarm."""

import json

import pytest
from advice_quiet_programs import PROGRAMS

QUIET = {
    "a small script": "print(sum(range(1000)))",
    "machine numbers": """
from array import array
values = array("d", bytes(40_000_000))
for i in range(0, len(values), 1000):
    values[i] = i
print(sum(values))
""",
    "bytes": """
import hashlib
data = bytes(50_000_000)
print(hashlib.sha256(data).hexdigest())
""",
    "a preallocated buffer": """
buffer = bytearray(30_000_000)
view = memoryview(buffer)
for i in range(0, len(view), 4096):
    view[i] = 1
print(sum(buffer[::4096]))
""",
    "long texts, each another": """
texts = {i: ("%d " % i) * 200 for i in range(20_000)}
print(len(texts), texts[7][:3])
""",
    "a tree of slots": """
class Node:
    __slots__ = ("key", "left", "right")
    def __init__(self, key):
        self.key, self.left, self.right = key, None, None

def tree(low, high):
    if low >= high:
        return None
    middle = (low + high) // 2
    node = Node(middle)
    node.left, node.right = tree(low, middle), tree(middle + 1, high)
    return node

root = tree(0, 200_000)
print(root.key)
""",
    "a tree that takes its time": """
import time
class Node:
    __slots__ = ("name", "children")
    def __init__(self, name):
        self.name, self.children = name, ()

def tree(depth):
    time.sleep(0.001)
    size = depth * 1_000_000
    node = Node((size, size + 1, size + 2, size + 3))
    node.children = tuple(map(tree, [depth - 1] * 3)) if depth else ()
    return node

root = tree(7)
print(root.name)
""",
    "one text": """
text = "".join("line %d of many\\n" % i for i in range(1_000_000))
print(len(text))
""",
    "a bounded window": """
from collections import deque
window = deque(maxlen=1000)
total = 0
for i in range(300_000):
    window.append(i * 0.5)
    total += window[0]
print(total)
""",
    "a look-up by text": """
index = {"key %d of the index" % i: i for i in range(200_000)}
print(sum(index["key %d of the index" % i] for i in range(0, 200_000, 10)))
""",
    "a generator": """
def squares(count):
    for i in range(count):
        yield {"number": i, "square": i * i}
print(max(row["square"] for row in squares(200_000)))
""",
    "numpy": """
import numpy
rows = numpy.random.default_rng(1).random((2000, 1000))
total = numpy.zeros(1000)
for row in rows:
    numpy.add(total, row, out=total)
print(total.shape)
""",
}


ALL = QUIET | PROGRAMS


@pytest.fixture(params=ALL)
def program(request, tmp_path):
    for package in ("numpy", "pandas"):
        if f"import {package}" in ALL[request.param]:
            pytest.importorskip(package)
    path = tmp_path / "quiet.py"
    # The peak lasts long enough to be seen.
    path.write_text(ALL[request.param] + "\nimport time\ntime.sleep(0.5)\n")
    return path


def titles(done):
    assert done.status == 0, done.err
    return [finding["title"] for finding in json.loads(done.out)["findings"]]


def test_quiet(program, weigh, tmp_path):
    """By objects and stacks, at the peak and at the end."""
    capture = tmp_path / "quiet.weigh"
    done = weigh("run", "-q", "--heap=both", "-o", capture, program)
    assert done.status == 0, done.err
    for when in ("peak", "end"):
        done = weigh("advise", "--json", "--at", when, capture)
        if when == "peak" and done.status == 1:
            continue  # nothing grew enough to be looked at
        assert titles(done) == []


def test_quiet_by_stacks_alone(program, weigh, tmp_path):
    """Without a snapshot rules on stacks say what those on objects would have said first."""
    capture = tmp_path / "quiet.weigh"
    done = weigh("run", "-q", "--heap=no", "--exact", "-o", capture, program)
    assert done.status == 0, done.err
    assert titles(weigh("advise", "--json", capture)) == []


def test_the_gate_decides_the_status(weigh, tmp_path):
    program, capture = tmp_path / "loud.py", tmp_path / "loud.weigh"
    program.write_text("numbers = [i * 0.5 for i in range(500_000)]\nimport time\ntime.sleep(0.5)\n")
    assert weigh("run", "-q", "--heap=both", "-o", capture, program).status == 0
    assert weigh("advise", capture).status == 0
    assert weigh("advise", "--fail-over", "1M", capture).status == 3
    assert weigh("advise", "--fail-over", "1G", capture).status == 0
    assert weigh("advise", "--fail-over", "much", capture).status == 2
    assert weigh("advise", "--json", "--sarif", capture).status == 2


def test_forms_for_ci(weigh, tmp_path):
    program, capture = tmp_path / "it is loud.py", tmp_path / "loud.weigh"
    program.write_text("numbers = [i * 0.5 for i in range(500_000)]\nimport time\ntime.sleep(0.5)\n")
    assert weigh("run", "-q", "--heap=both", "-o", capture, program).status == 0
    (run,) = json.loads(weigh("advise", "--sarif", capture).out)["runs"]
    (result,) = [result for result in run["results"] if result["ruleId"] == "boxed-numbers"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "boxed-numbers"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("it%20is%20loud.py")
    assert place["region"]["startLine"] == 1
    lines = weigh("advise", "--github", capture).out.splitlines()
    assert any(line.startswith("::warning file=") and "line=1" in line for line in lines)
