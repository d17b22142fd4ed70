"""The Python API: a Tracker around a block or a function, and the figures."""

import os
import subprocess
import sys
import textwrap

import pytest
from conftest import ENDED, EXACT, EXIT_UNKNOWN, SAMPLED, clean_environment, execute

import weigh


@pytest.fixture
def program():
    """Runs a piece of code in an interpreter of its own."""

    def run(code, *words):
        return execute([sys.executable, "-c", textwrap.dedent(code), *words])

    return run


def test_block(header, tmp_path):
    with weigh.Tracker("out.weigh") as tracker:
        assert "recording" in repr(tracker)
        kept = [bytes(1000) for _ in range(1000)]
        live = weigh.live_bytes()
        assert 1_000_000 < live < 3_000_000
        assert weigh.peak_bytes() >= live
        del kept
        assert weigh.live_bytes() < live - 1_000_000
        assert weigh.peak_bytes() >= live
        weigh.reset_peak()
        assert weigh.peak_bytes() < live - 1_000_000
    assert "idle" in repr(tracker)
    found = header()
    assert (found.state, found.mode, found.exit) == (ENDED, SAMPLED, EXIT_UNKNOWN)
    assert found.seal != 0
    assert found.pid == os.getpid()
    assert os.listdir(tmp_path) == ["out.weigh"]


def test_exact(header):
    with weigh.Tracker("out.weigh", exact=True):
        pass
    assert header().mode == EXACT


def test_report_of_a_block(weigh):
    import weigh as module

    with module.Tracker("out.weigh"):
        kept = [str(i) for i in range(100_000)]
    del kept
    found = weigh("report", "out.weigh", "--json")
    assert found.status == 0, found.err
    assert __file__ in found.out


def test_figures_outside_a_recording():
    assert weigh.live_bytes() == 0
    assert weigh.peak_bytes() == 0
    weigh.reset_peak()


def test_one_after_the_other(header):
    tracker = weigh.Tracker("out.weigh", overwrite=True)
    for _ in range(20):
        with tracker:
            kept = [bytes(1000) for _ in range(100)]
            assert weigh.live_bytes() > 100_000
            del kept
    assert header().state == ENDED


def test_second_while_one_runs(header, tmp_path):
    with weigh.Tracker("out.weigh"):
        with pytest.raises(weigh.WeighError, match="recording runs already"):
            weigh.Tracker("second.weigh").__enter__()
        assert not (tmp_path / "second.weigh").exists()
        assert weigh.live_bytes() > 0
    assert header().state == ENDED


def test_inside_weigh_run(run_quiet, script, header):
    name = script(
        """
import weigh
try:
    with weigh.Tracker('inner.weigh'):
        print('no')
except weigh.WeighError as error:
    print(error)
print(weigh.live_bytes() > 0, weigh.peak_bytes() > 0)
"""
    )
    found = run_quiet(name)
    assert "recording runs already" in found.out and found.out.endswith("True True\n")
    assert found.err == ""
    assert header().state == ENDED
    assert not os.path.exists("inner.weigh")


def test_exception_passes_unchanged(header):
    error = KeyError("mine")
    with pytest.raises(KeyError) as caught:
        with weigh.Tracker("out.weigh"):
            raise error
    assert caught.value is error
    assert error.__context__ is None
    assert header().state == ENDED
    assert weigh.live_bytes() == 0


def test_existing_file_is_kept(tmp_path):
    (tmp_path / "kept").write_text("kept")
    with pytest.raises(weigh.WeighError, match="^kept: the file exists: "):
        weigh.Tracker("kept").__enter__()
    assert (tmp_path / "kept").read_text() == "kept"
    assert os.listdir(tmp_path) == ["kept"]


def test_overwrite(header, tmp_path):
    (tmp_path / "out.weigh").write_text("old")
    with weigh.Tracker("out.weigh", overwrite=True):
        pass
    assert header().state == ENDED
    assert os.listdir(tmp_path) == ["out.weigh"]


@pytest.mark.parametrize("path", ["no/such/out.weigh", "/proc/out.weigh"])
def test_no_place_for_the_file(path):
    with pytest.raises(weigh.WeighError, match=f"^{path}: .*: choose another place"):
        weigh.Tracker(path).__enter__()


def test_folder_and_device_are_not_replaced(tmp_path):
    for path in (tmp_path, "/dev/null"):
        with pytest.raises(weigh.WeighError, match="not a regular file"):
            weigh.Tracker(path, overwrite=True).__enter__()
    assert os.path.exists("/dev/null")


def test_paths(tmp_path):
    for path in ("a.weigh", b"b.weigh", tmp_path / "c.weigh"):
        with weigh.Tracker(path):
            pass
    assert sorted(os.listdir(tmp_path)) == ["a.weigh", "b.weigh", "c.weigh"]
    with pytest.raises(TypeError):
        weigh.Tracker(3)
    with pytest.raises(TypeError):
        weigh.Tracker("x", True)
    with pytest.raises(ValueError, match="heap"):
        weigh.Tracker("x", heap="start")


def test_changed_folder(header, tmp_path):
    (tmp_path / "other").mkdir()
    with weigh.Tracker("out.weigh"):
        os.chdir("other")
    assert header().seal != 0


def test_file_taken_away(tmp_path):
    with pytest.raises(weigh.WeighError, match="out.weigh"):
        with weigh.Tracker("out.weigh"):
            os.unlink("out.weigh")
    with weigh.Tracker("out.weigh"):
        pass


def test_error_is_a_runtime_error():
    assert issubclass(weigh.WeighError, RuntimeError)
    assert weigh.WeighError.__module__ == "weigh"


def test_function(header):
    @weigh.Tracker("out.weigh", overwrite=True)
    def add(a, *, b):
        """Adds."""
        assert weigh.live_bytes() >= 0
        return a + b

    assert (add.__name__, add.__doc__) == ("add", "Adds.")
    assert not os.path.exists("out.weigh")
    assert add(1, b=2) == 3
    assert header().state == ENDED
    assert add(3, b=4) == 7


def test_function_without_overwrite():
    @weigh.Tracker("out.weigh")
    def nothing():
        pass

    nothing()
    with pytest.raises(weigh.WeighError, match="exists"):
        nothing()


def test_recursive_function(header):
    @weigh.Tracker("out.weigh")
    def down(n):
        return down(n - 1) if n else weigh.peak_bytes()

    down(20)
    assert header().state == ENDED


def test_method(header):
    class Thing:
        @weigh.Tracker("out.weigh")
        def own(self):
            return self

    thing = Thing()
    assert thing.own() is thing
    assert header().state == ENDED


def test_generator(header):
    @weigh.Tracker("out.weigh")
    def values():
        got = yield 1
        yield got
        return 3

    steps = values()
    assert not os.path.exists("out.weigh")
    assert next(steps) == 1
    assert weigh.live_bytes() > 0
    assert steps.send(2) == 2
    with pytest.raises(StopIteration) as stop:
        next(steps)
    assert stop.value.value == 3
    assert header().state == ENDED


def test_generator_closed_early(header):
    closed = []

    @weigh.Tracker("out.weigh")
    def values():
        try:
            yield 1
        finally:
            closed.append(True)

    steps = values()
    next(steps)
    steps.close()
    assert closed == [True]
    assert header().state == ENDED


def test_coroutine(header):
    import asyncio
    import inspect

    @weigh.Tracker("out.weigh")
    async def work(n):
        await asyncio.sleep(0)
        assert weigh.peak_bytes() > 0
        return n

    async def main():
        # The second joins the recording of the first.
        return await asyncio.gather(work(1), work(2))

    assert inspect.iscoroutinefunction(work)
    assert asyncio.run(main()) == [1, 2]
    assert header().state == ENDED


def test_async_generator(header):
    import asyncio

    events = []

    @weigh.Tracker("out.weigh", overwrite=True)
    async def values():
        try:
            got = yield 1
            events.append(got)
            try:
                yield 2
            except KeyError:
                yield 3
        finally:
            events.append("closed")

    async def main():
        steps = values()
        found = [await steps.__anext__(), await steps.asend("sent"), await steps.athrow(KeyError)]
        assert weigh.live_bytes() > 0
        with pytest.raises(StopAsyncIteration):
            await steps.__anext__()
        assert weigh.live_bytes() == 0
        early = values()
        await early.__anext__()
        await early.aclose()
        return found, [value async for value in values()]

    assert asyncio.run(main()) == ([1, 2, 3], [1, 2])
    assert events == ["sent", "closed", "closed", None, "closed"]
    assert header().state == ENDED


def test_open_at_exit(program, header):
    found = program("import weigh; weigh.Tracker('out.weigh').__enter__(); x = [1] * 100000")
    assert found == (0, "", "")
    assert header().state == ENDED
    assert header().seal != 0


def test_open_in_a_forked_child(program, header):
    found = program(
        """
        import os, weigh
        with weigh.Tracker('out.weigh') as tracker:
            pid = os.fork()
            if pid == 0:
                assert weigh.live_bytes() == 0
                assert 'idle' in repr(tracker)
            else:
                os.waitpid(pid, 0)
        if pid == 0:
            print('child', flush=True)
            with weigh.Tracker('child.weigh'):
                x = [bytes(1000) for i in range(1000)]
                print(weigh.live_bytes() > 1000000, flush=True)
            raise SystemExit
        print('parent')
        """
    )
    assert found.err == ""
    assert found.out == "child\nTrue\nparent\n"
    assert header().state == ENDED
    assert header("child.weigh").state == ENDED
    assert header("child.weigh").pid != header().pid


def test_import_is_light(program):
    """Importing weigh loads neither the recorder nor anything else."""
    found = program(
        """
        import sys
        before = set(sys.modules)
        import weigh
        print(sorted(set(sys.modules) - before), weigh.__version__, sorted(weigh.__all__) == weigh.__all__)
        """
    )
    assert found.out == f"['weigh'] {weigh.__version__} True\n"


def test_names():
    assert {"Tracker", "WeighError", "live_bytes", "peak_bytes", "reset_peak"} <= set(dir(weigh))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        weigh.nothing


def test_package_is_typed():
    folder = os.path.dirname(weigh.__file__)
    for name in ("py.typed", "__init__.pyi", "_weigh.pyi"):
        assert os.path.exists(os.path.join(folder, name))


def test_stubs_name_what_there_is():
    import ast

    import weigh._weigh

    folder = os.path.dirname(weigh.__file__)
    for stub, module in (("__init__.pyi", weigh), ("_weigh.pyi", weigh._weigh)):
        with open(os.path.join(folder, stub)) as file:
            tree = ast.parse(file.read())
        names = {n.name for n in tree.body if isinstance(n, (ast.ClassDef, ast.FunctionDef))}
        names |= {a.asname for n in tree.body if isinstance(n, ast.ImportFrom) for a in n.names if a.asname}
        assert all(hasattr(module, name) for name in names)
        if module is weigh._weigh:
            variables = {n.target.id for n in tree.body if isinstance(n, ast.AnnAssign)}
            assert names | variables == {name for name in dir(module) if not name.startswith("__")}
        else:
            assert names == set(weigh.__all__)


def test_killed_inside(script, header):
    name = script(
        "import os, signal, weigh\n"
        "with weigh.Tracker('out.weigh'):\n"
        "    x = [bytes(1000) for i in range(1000)]\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    found = subprocess.run([sys.executable, name], env=clean_environment())
    assert found.returncode == -9
    assert header().state == 1
