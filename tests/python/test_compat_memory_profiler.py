"""weigh.compat.memory_profiler: what its own tests do not look at."""

import asyncio
import inspect
import io
import logging
import os
import re
import sys
import tarfile
import threading
import time
import warnings

import pytest
from conftest import execute

import weigh
from weigh.compat import memory_profiler as ours
from weigh.compat import mprof

MIB = 1 << 20


def allocate(mib):
    """A function of lines whose bytes are known, in a file of its own."""
    kept = bytearray(mib * MIB)
    for _ in range(3):
        passing = bytearray(2 * MIB)
    del kept
    return len(passing)


def table_of(text):
    """{source line: (memory, increment, occurrences)} of a printed table."""
    rows = {}
    for line in text.splitlines():
        found = re.match(r" *\d+ +([\d.]+) MiB +(-?[\d.]+) MiB +(\d+)   (.*)", line)
        if found:
            rows[found[4].strip()] = (float(found[1]), float(found[2]), int(found[3]))
    return rows


def test_table():
    out = io.StringIO()
    assert ours.profile(allocate, stream=out, precision=4)(16) == 2 * MIB
    text = out.getvalue()
    assert text.startswith(f"Filename: {__file__}\n\nLine #    Mem usage    Increment  Occurrences   Line Contents\n")
    rows = table_of(text)
    start = rows["def allocate(mib):"]
    assert start[0] == start[1] and start[2] == 1
    (resident,) = weigh.memory_usage()
    assert start[0] == pytest.approx(resident, abs=30)
    kept = rows["kept = bytearray(mib * MIB)"]
    assert kept[1] == pytest.approx(16, abs=0.1) and kept[2] == 1
    assert kept[0] == pytest.approx(start[0] + 16, abs=0.1)
    assert rows["for _ in range(3):"][2] == 4
    assert rows["passing = bytearray(2 * MIB)"][1:] == (pytest.approx(2, abs=0.1), 3)
    assert rows["del kept"][1] == pytest.approx(-16, abs=0.1)


def test_each_call_has_its_table():
    out = io.StringIO()
    profiled = ours.profile(stream=out)(allocate)
    profiled(8)
    profiled(4)
    tables = out.getvalue().split("Filename:")[1:]
    increments = [table_of(text)["kept = bytearray(mib * MIB)"][1] for text in tables]
    assert increments == [8.0, 4.0]


def test_exception_passes_and_the_table_comes():
    out = io.StringIO()

    @ours.profile(stream=out)
    def fall():
        kept = bytearray(4 * MIB)
        raise KeyError(len(kept))

    with pytest.raises(KeyError):
        fall()
    assert table_of(out.getvalue())["kept = bytearray(4 * MIB)"][1] == pytest.approx(4, abs=0.1)


def test_recursion_has_one_table():
    out = io.StringIO()

    @ours.profile(stream=out)
    def descend(depth):
        held = bytearray(MIB)
        return descend(depth - 1) if depth else len(held)

    assert descend(3) == MIB
    assert out.getvalue().count("Filename:") == 1
    assert table_of(out.getvalue())["held = bytearray(MIB)"][1:] == (pytest.approx(4, abs=0.1), 4)


def test_kinds_stay():
    @ours.profile(stream=io.StringIO())
    async def coroutine():
        return 1

    @ours.profile(stream=io.StringIO())
    def generator():
        yield 1

    assert inspect.iscoroutinefunction(coroutine) and inspect.isgeneratorfunction(generator)
    assert asyncio.run(coroutine()) == 1 and list(generator()) == [1]


def test_no_python_code():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert ours.LineProfiler()(len) is len
    assert "no Python code" in str(caught[0].message)


def test_run_in_namespaces():
    profiler = ours.LineProfiler()
    profiler.add_function(allocate)
    names = {"allocate": allocate}
    assert profiler.runctx("result = allocate(4)", names, names) is profiler
    assert names["result"] == 2 * MIB
    (lines,) = profiler.code_map.values()
    assert list(lines) == sorted(lines)
    increment, memory, occurrences = lines[allocate.__code__.co_firstlineno + 2]
    assert increment == pytest.approx(4, abs=0.1) and memory > increment and occurrences == 1
    ((file, numbered),) = profiler.code_map.items()
    assert file == __file__ and len(list(numbered)) == len(inspect.getsource(allocate).splitlines())


def test_not_run_no_table():
    out = io.StringIO()

    def never():
        pass

    profiler = ours.LineProfiler()
    profiler(never)
    ours.show_results(profiler, out)
    assert out.getvalue() == ""


@pytest.mark.parametrize("backend", [None, "psutil", "psutil_pss", "psutil_uss", "posix", "tracemalloc"])
def test_backends(backend):
    assert ours.choose_backend(backend) == (backend or "psutil")
    assert ours.LineProfiler(backend=backend).backend == (backend or "psutil")


def test_tracemalloc_counts_what_was_asked_for():
    import tracemalloc

    out = io.StringIO()
    try:
        ours.profile(allocate, stream=out, precision=6, backend="tracemalloc")(5)
    finally:
        tracemalloc.stop()
    rows = table_of(out.getvalue())
    # A bytearray asks for one byte more than it has, and for 56 of its own.
    assert rows["kept = bytearray(mib * MIB)"][1] == pytest.approx(5 + 57 / MIB, abs=200 / MIB)
    assert rows["del kept"][1] == pytest.approx(-5 - 57 / MIB, abs=200 / MIB)
    assert sys.gettrace() is None or "coverage" in repr(sys.gettrace())


def test_debugger_is_refused():
    with pytest.raises(weigh.WeighError, match="max_mem"):
        ours.LineProfiler(max_mem=100)


def stamped(stamper):
    out = io.StringIO()
    stamper.show_results(out)
    return [re.fullmatch(r"FUNC (\S+) ([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) (\d+)", line).groups()
            for line in out.getvalue().splitlines()]


def test_stamps():
    stamper = ours.TimeStamper("psutil")

    @stamper
    def inner():
        time.sleep(0.05)

    @stamper(precision=3)
    def outer():
        inner()
        with stamper.timestamp("block"):
            inner()

    outer()
    calls = stamped(stamper)
    assert [(name.rpartition(".")[2], level) for name, *_, level in calls] == [
        ("inner", "1"), ("inner", "2"), ("outer", "0"), ("block", "1"),
    ]
    for _, _, start, _, end, _ in calls:
        assert 0.0499 < float(end) - float(start) < 5


def test_stamps_of_threads_and_coroutines():
    stamper = ours.TimeStamper("psutil")

    @stamper
    def work():
        time.sleep(0.1)

    @stamper
    async def wait():
        await asyncio.sleep(0.1)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(wait())
    calls = stamped(stamper)
    assert [level for *_, level in calls] == ["0"] * 4
    assert all(float(end) - float(start) >= 0.1 for _, _, start, _, end, _ in calls)
    with pytest.raises(ValueError):
        stamper(5)


def test_log(caplog):
    caplog.set_level(logging.INFO)
    log = ours.LogFile("table", reportIncrementFlag=True)
    ours.profile(allocate, stream=log)(3)
    log.flush()
    said = "".join(record.getMessage() for record in caplog.records)
    assert "Filename:" in said and "kept = bytearray(mib * MIB)" in said
    assert "del kept" not in said
    caplog.clear()
    ours.LogFile("table").write("anything")
    assert caplog.records[0].getMessage() == "anything"


def test_labels():
    names = ["x.z", "x.y", "x.b", "f.a.b", "g.a.b", "g.a.c", "b.c"]
    assert list(mprof.function_labels(names).values()) == ["z", "y", "x.b", "f.a.b", "g.a.b", "a.c", "b.c"]


@pytest.mark.parametrize(
    "words, status, says",
    [
        (["--pdb-mmem", "100", "x.py"], 2, "weigh: --pdb-mmem: stepping into the debugger is not there"),
        ([], 1, "weigh: program: nothing to run: give a script or a module"),
        (["absent.py"], 1, "weigh: absent.py: there is no such script: check the path"),
    ],
)
def test_command_refuses(words, status, says):
    done = execute([sys.executable, "-m", "weigh.compat.memory_profiler", *words])
    assert done.status == status and says in done.err and "Traceback" not in done.err


def test_command(script, tmp_path):
    name = script("import os, sys\n@profile\ndef f():\n    os.chdir('/')\n    sys.exit(5)\nf()\n")
    done = execute(
        [sys.executable, "-m", "weigh.compat.memory_profiler", "-o", "table.txt", "--precision", "2", name]
    )
    assert (done.status, done.out) == (5, "")
    assert re.search(r"\d\.\d\d MiB +\d+\.\d\d MiB +1   @profile", (tmp_path / "table.txt").read_text())


SIGNATURES = ["memory_usage", "profile", "show_results", "choose_backend", "exec_with_profiler"]


def test_signatures():
    """As the sources of memory_profiler have them, which need psutil to be imported."""
    path = os.path.join(sys.prefix, "peers", "memory_profiler-0.61.0.tar.gz")
    if not os.path.exists(path):
        pytest.skip("memory_profiler's sources could not be fetched: see requirements/peers.txt")
    import ast

    with tarfile.open(path) as archive:
        tree = ast.parse(archive.extractfile("memory_profiler-0.61.0/memory_profiler.py").read())
    functions = {node.name: node.args for node in tree.body if isinstance(node, ast.FunctionDef)}
    for name in SIGNATURES:
        theirs = functions[name]
        mine = inspect.signature(getattr(ours, name)).parameters
        assert list(mine) == [argument.arg for argument in theirs.args]
        defaults = [p.default for p in mine.values() if p.default is not p.empty]
        wanted = [ast.literal_eval(default) for default in theirs.defaults]
        # What could be changed by a call is a tuple here.
        assert [list(value) if isinstance(value, tuple) else value for value in defaults] == wanted
