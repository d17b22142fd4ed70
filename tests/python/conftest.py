"""What the Python tests share: the program under test, and captures read by hand.

The tests run on the interpreter that weigh was built for, whose environment
holds both the package and the native program.
"""

import os
import re
import shutil
import signal
import struct
import subprocess
import sys
from collections import namedtuple

import pytest

Ending = namedtuple("Ending", "status out err")

HEADER = struct.Struct("<8sIIIIQQIIIIIIi")
HEADER_FIELDS = (
    "magic version byte_order header_size state file_size seal"
    " mode mode_forced python pid page_size exit exit_value"
)
Header = namedtuple("Header", HEADER_FIELDS)

# What the native program works out is the same for all: its tests run on the oldest and newest layouts that its
# predictions tell apart, and those that take longest on one. WEIGH_TEST_ALL=1 runs them on each.
if "WEIGH_TEST_ALL" not in os.environ:
    collect_ignore_glob = []
    if sys.version_info[:2] not in ((3, 11), (3, 13)):
        collect_ignore_glob += ["test_advice_*", "test_mprof*"]
    if sys.version_info[:2] not in ((3, 10), (3, 13)):
        collect_ignore_glob += ["test_compat_memory_profiler_own*"]
    if sys.version_info[:2] == (3, 11):
        collect_ignore_glob += ["test_advice_quiet*"]


def pytest_collection_modifyitems(items):
    """Tests that walk all objects of this process come before those that fill it."""
    items.sort(key=lambda item: not item.path.name.startswith("test_compat_muppy"))


RECORDING, ENDED = 1, 2
SAMPLED, EXACT = 1, 2
EXIT_UNKNOWN, EXIT_STATUS, EXIT_SIGNAL = 0, 1, 2


def find_weigh():
    beside = os.path.join(os.path.dirname(sys.executable), "weigh")
    return beside if os.path.exists(beside) else shutil.which("weigh")


WEIGH = find_weigh()


def clean_environment(**more):
    """An environment without what a test run adds to it."""
    unwanted = ("PYTEST_", "COV_", "WEIGH_", "PYTHON")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(unwanted)}
    return {**kept, **more}


def execute(command, **options):
    options.setdefault("env", clean_environment())
    options.setdefault("timeout", 120)
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run([os.fspath(word) for word in command], capture_output=True, text=True, **options)
    return Ending(done.returncode, done.stdout, done.stderr)


def without_addresses(ending):
    return ending._replace(err=re.sub(r"0x[0-9a-f]+", "0x...", ending.err))


# A job in the background of a shell ignores SIGINT, and so would every program under test.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def count_no_more():
    """Blocks that a test had counted for its lines are not counted in the next."""
    yield
    recorder = sys.modules.get("weigh._weigh")
    if recorder and not recorder.recording():
        recorder.stop()


@pytest.fixture(scope="session")
def weigh():
    """Runs the weigh program: weigh("run", "-q", "x.py")."""
    assert WEIGH, "no weigh program beside this Python: run the tests by `make test-python`"
    return lambda *words, **options: execute([WEIGH, *words], **options)


@pytest.fixture
def run_quiet(weigh, tmp_path):
    """Runs a program under weigh without the summary; its capture is out.weigh."""

    def run(*words, options=(), **more):
        command = ["run", "-q", "-f", "-o", tmp_path / "out.weigh", "--python", sys.executable]
        return weigh(*command, *options, *words, **more)

    return run


@pytest.fixture
def run_alike(run_quiet):
    """Runs a program bare and under weigh, which must end alike; returns how."""

    def run(*words, **options):
        bare = execute([sys.executable, *words], **options)
        weighed = run_quiet(*words, **options)
        assert without_addresses(weighed) == without_addresses(bare)
        return bare

    return run


@pytest.fixture
def header(tmp_path):
    """Reads the header of a capture, out.weigh by default."""

    def read(name="out.weigh"):
        data = (tmp_path / name).read_bytes()
        found = Header(*HEADER.unpack_from(data))
        assert found.magic == b"WEIGHCAP"
        assert found.file_size == len(data) or found.seal  # snapshots may follow
        return found

    return read


@pytest.fixture
def script(tmp_path):
    """Writes a script and returns its name."""

    def write(text, name="script.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return name

    return write
