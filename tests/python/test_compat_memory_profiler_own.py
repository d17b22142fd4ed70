"""memory_profiler's own tests, taken from its source distribution, with only their imports changed.

docs/compat.md lists what does not hold, and why.
"""

import os
import re
import sys
import tarfile

import pytest
from conftest import clean_environment, execute

SOURCE = os.path.join(sys.prefix, "peers", "memory_profiler-0.61.0.tar.gz")
if not os.path.exists(SOURCE):
    pytest.skip("memory_profiler's sources could not be fetched: see requirements/peers.txt", allow_module_level=True)

IMPORTS = [
    (r"\bfrom memory_profiler import", "from weigh.compat.memory_profiler import"),
    (r"^import mprof$", "from weigh.compat import mprof"),
    (r"\bfrom mprof import", "from weigh.compat.mprof import"),
]

# Gone from unittest with Python 3.12: the test itself fails there, whatever it tests.
GONE = "import unittest\nunittest.TestCase.assertRaisesRegexp = unittest.TestCase.assertRaisesRegex\n"


def read_tests():
    tests = {}
    with tarfile.open(SOURCE) as archive:
        for member in archive.getmembers():
            name = os.path.basename(member.name)
            if "/test/" in member.name and name.endswith(".py"):
                tests[name] = archive.extractfile(member).read().decode()
    return tests


TESTS = read_tests()
IMPORTING = sorted(name for name, text in TESTS.items() if re.search("from memory_profiler import", text))
DECORATED = sorted(name for name, text in TESTS.items() if name not in IMPORTING and "@profile" in text)
TESTED = sorted(name for name, text in TESTS.items() if re.search(r"unittest|^def test_.*\(\):", text, re.MULTILINE))


@pytest.fixture
def change(tmp_path):
    def write(name):
        text = TESTS[name]
        for old, new in IMPORTS:
            text = re.sub(old, new, text, flags=re.MULTILINE)
        if "assertRaisesRegexp" in text and sys.version_info >= (3, 12):
            text = GONE + text
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return write


def passes(*words):
    folder = os.path.dirname(sys.executable)
    done = execute(
        [sys.executable, *words], env=clean_environment(PATH=folder + os.pathsep + os.environ["PATH"])
    )
    assert done.status == 0, done.out + done.err
    return done.out


def test_all_are_there():
    assert len(TESTS) == 21
    assert len(IMPORTING) >= 7 and len(DECORATED) >= 9 and len(TESTED) >= 4


@pytest.mark.parametrize("name", IMPORTING)
def test_script(name, change):
    out = passes(change(name))
    # One calls nothing, two print somewhere else.
    if "@profile" in TESTS[name] and "stream=" not in TESTS[name] and name != "test_attributes.py":
        assert "Occurrences   Line Contents" in out


@pytest.mark.parametrize("name", sorted({*TESTS} - {*IMPORTING}))
def test_under_the_profiler(name, change):
    out = passes("-m", "weigh.compat.memory_profiler", change(name))
    if name in DECORATED:
        assert "Occurrences   Line Contents" in out


@pytest.mark.parametrize("name", TESTED)
def test_by_pytest(name, change):
    if name in DECORATED or name == "test_tracemalloc.py":
        pytest.skip("its functions take arguments, or profile from the builtins: no test of pytest's")
    out = passes("-m", "pytest", "-q", "-p", "no:cacheprovider", change(name))
    assert re.search(r"\d+ passed", out)


@pytest.mark.parametrize("name", DECORATED)
def test_over_time(name, change, weigh, tmp_path):
    done = weigh("mprof", "run", "--exit-code", "-o", "x.dat", change(name))
    assert done.status == 0, done.err
    lines = (tmp_path / "x.dat").read_text().splitlines()
    assert lines[0].startswith("CMDLINE ") and lines[0].endswith(name)
    assert any(line.startswith("FUNC __main__.") for line in lines)
    assert any(line.startswith("MEM ") for line in lines)
