"""weigh lines and @profile: what is followed, how often lines start, and input that is none."""

import inspect
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from types import FunctionType

import pytest
import weigh as package
from conftest import WEIGH, clean_environment
from weigh import _weigh
from weigh._lines import LineProfiler

MONITORED = sys.version_info >= (3, 12)


@pytest.fixture
def run_lines(weigh):
    return lambda *words, **options: weigh("lines", "--python", sys.executable, *words, **options)


def tables(text):
    """Function to {line: cells} of printed tables."""
    found = {}
    for part in text.split("Filename: ")[1:]:
        rows = [line for line in part.splitlines()[4:] if line[:6].strip().isdigit()]
        found[rows[0].split("   ")[-1].strip()] = {int(row[:6]): row for row in rows}
    return found


def occurrences_by_trace(function, *arguments):
    """How often lines start, by the interpreter's own tracing."""
    found = {}

    def trace(frame, event, argument):
        if frame.f_code is function.__code__ and event == "line":
            found[frame.f_lineno] = found.get(frame.f_lineno, 0) + 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(*arguments)
    except ValueError:
        pass
    finally:
        sys.settrace(before)
    return found


def fail_at(turn):
    fail_at.turn -= 1
    if fail_at.turn == 0:
        raise ValueError
    return turn


def loops(count):
    total = 0
    for i in range(count):
        if i % 3 == 0:
            continue
        total += fail_at(i)
        while total > 20:
            total -= 7
            if total == 9:
                break
        else:
            total += 1
    else:
        fail_at(0)
    return total


def handlers(count):
    done = []
    for i in range(count):
        try:
            fail_at(i)
            if i == 3:
                raise KeyError
            done.append(i)
        except KeyError:
            done.append(None)
        else:
            fail_at(i)
        finally:
            done.append(0)
            fail_at(i)
    return done


def matches(count):
    found = 0
    for i in range(count):
        match fail_at(i):
            case 0:
                found += 1
            case 1 | 2 if i != 2:
                found += 2
            case _:
                with io.StringIO() as out:
                    out.write("x")
                    fail_at(i)
                if i > 5:
                    return found
    return found


@pytest.mark.parametrize("function", [loops, handlers, matches])
@pytest.mark.parametrize("turn", range(-1, 14))
def test_lines_start_as_often_as_tracing_tells(function, turn):
    """With an exception at every call in turn."""
    namespace = {"fail_at": fail_at, "io": io}
    exec(compile(inspect.getsource(function), __file__, "exec"), namespace)
    fresh = namespace[function.__name__]
    fail_at.turn = turn
    expected = occurrences_by_trace(fresh, 8)
    profiler = LineProfiler()
    followed = profiler(fresh)
    fail_at.turn = turn
    try:
        followed(8)
    except ValueError:
        pass
    (table,) = profiler.tables()
    counted = {line.lineno: line.occurrences for line in table.lines[1:] if line.occurrences}
    assert counted == expected


@pytest.mark.skipif(not MONITORED, reason="lines are counted one by one")
@pytest.mark.parametrize("copies, least, most", [(False, 100, 110), (True, 0, 10)])
def test_most_lines_of_a_loop_cost_no_event(copies, least, most):
    told = []

    def loop(count):
        for i in range(count):
            a = i
            b = a
            c = b
        return c

    profiler = LineProfiler()
    loop = FunctionType(loop.__code__.replace(), globals())
    if not copies:
        profiler.add_function(loop)
    followed = profiler(loop)
    if copies and followed is loop:
        pytest.skip("functions are not copied here")
    followed(2)
    monitoring = sys.monitoring
    tool = next(i for i in range(6) if monitoring.get_tool(i) == "weigh")
    before = monitoring.register_callback(tool, monitoring.events.LINE, lambda code, line: told.append(line))
    followed(100)
    monitoring.register_callback(tool, monitoring.events.LINE, before)
    assert least <= len(told) <= most
    if copies:
        assert [line.occurrences for line in profiler.tables()[0].lines] == [2, 104, 102, 102, 102, 2]


def test_an_iterator_that_ends_by_an_exception_raises_none():
    class Two:
        def __init__(self):
            self.left = 2

        def __iter__(self):
            return self

        def __next__(self):
            if not self.left:
                raise StopIteration
            self.left -= 1
            return self.left

    def loop():
        total = 0
        for i in Two():
            total += i
        return total

    profiler = LineProfiler()
    assert profiler(loop)() == 1
    if MONITORED:
        profiler.add_function(loop)
        assert loop() == 1
    for table in profiler.tables():
        assert [line.occurrences for line in table.lines if line.occurrences][-4:] == [1, 3, 2, 1]


@pytest.mark.skipif(not MONITORED, reason="functions are not copied")
def test_a_copy_is_the_function_but_for_its_code():
    def outer():
        held = [1]

        def loop(a, b=2, *, c: int = 3) -> int:
            """Said."""
            for held[0] in range(a):
                b += c
            return b

        loop.mark = held
        return loop

    original = outer()
    code = original.__code__
    copy = _weigh.lines_copy(original)
    assert copy is not original and original.__code__ is code and copy(2) == original(2) == 8
    assert copy.__closure__ == original.__closure__ and copy.__dict__ is original.__dict__
    assert copy.__annotations__ == original.__annotations__
    for name in "defaults doc globals builtins kwdefaults module name qualname type_params".split():
        assert getattr(copy, f"__{name}__") is getattr(original, f"__{name}__"), name
    for name in "argcount cellvars filename firstlineno flags freevars name names qualname stacksize varnames".split():
        assert getattr(copy.__code__, f"co_{name}") == getattr(code, f"co_{name}"), name
    assert _weigh.lines_copy(outer()).__code__ is copy.__code__
    assert _weigh.lines_copy(copy) is copy
    assert inspect.getsource(copy) == inspect.getsource(original)
    counter = copy.__code__.co_consts[-1]
    assert pickle.loads(pickle.dumps(counter)) == 0 and -counter is None


@pytest.mark.parametrize("lines", [1, 30, 60, 120, 400])
def test_long_jumps_and_many_constants(lines):
    """Loops whose jumps get longer by what is put in, and counters beyond the 256th constant."""
    body = "".join(
        f"        if a > {1000 + i}:\n            a = {2000 + i}\n            continue\n        a += {i % 3}\n"
        for i in range(lines)
    )
    text = f"def long(a):\n    for i in range(9):\n{body}    return a\n"
    fresh = {}
    exec(compile(text, "long", "exec"), fresh)
    expected = occurrences_by_trace(fresh["long"], 990)
    profiler = LineProfiler()
    followed = profiler(fresh["long"])
    assert followed(990) == fresh["long"](990)
    if MONITORED:
        assert followed is not fresh["long"]
    (table,) = profiler.tables()
    assert {line.lineno: line.occurrences for line in table.lines[1:] if line.occurrences} == expected


PROGRAM = """\
import sys
@profile
def work(n):
    keep = [bytes(1000) for i in range(n)]
    return keep
def other():
    return work(3)
other()
sys.exit(7)
"""


def test_a_script(run_lines, script):
    ending = run_lines(script(PROGRAM))
    assert ending.status == 7 and ending.out == ""
    head = ending.err.splitlines()
    assert head[0].startswith("Filename: ") and head[0].endswith("script.py")
    assert head[2].split()[:6] == ["Line", "#", "Mem", "usage", "Increment", "Occurrences"]
    (table,) = tables(ending.err).values()
    assert list(table) == [2, 3, 4, 5]
    assert table[5].split()[-2:] == ["return", "keep"]


def test_all_functions_of_the_script_alone(run_lines, script):
    ending = run_lines("--all", "--json", script("import json\n" + PROGRAM + "json.dumps([1])\n"))
    functions = {part["function"] for part in json.loads(ending.err)["functions"]}
    assert functions == {"work", "other"}


def test_functions_by_pattern(run_lines, script):
    text = PROGRAM.replace("@profile\n", "")
    ending = run_lines("--function", "script.py:oth*", "--json", "-o", "out.json", script(text))
    assert ending.err == ""
    with open("out.json") as file:
        (function,) = json.load(file)["functions"]
    assert function["function"] == "other"
    assert [line["occurrences"] for line in function["lines"]] == [1, 1]


def test_imported_profile_gathers_too(run_lines, script):
    ending = run_lines(script("from weigh import profile\n" + PROGRAM))
    assert ending.status == 7 and ending.out == "" and ending.err.count("Filename:") == 1


def test_the_environment_is_the_programs_own(run_lines, script):
    name = script("import os, sys\nprint([k for k in os.environ if 'WEIGH' in k], sys.path[0], sys.gettrace())\n")
    assert run_lines(name).out == f"[] {os.getcwd()} None\n"


@pytest.mark.parametrize(
    "words, said",
    [
        (["-c", "pass"], "weigh: pass: no profiled function ran: put @profile on one, or give --all\n"),
        (["-c", "import os; os._exit(3)"], "it ended at once, by a signal, os._exit or exec"),
        (["--limit", "0", "-c", "pass"], "--limit"),
        (["--sort", "size", "-c", "pass"], "--sort"),
        ([], "weigh: lines: nothing to run: give a script, -m MODULE or -c CODE\n"),
        (["none.py"], "weigh: none.py: no such script: check the path\n"),
    ],
)
def test_nothing_to_show(run_lines, words, said):
    ending = run_lines(*words)
    assert said in ending.err and ending.err.count("\n") == 1


def test_an_interrupted_run_shows_what_there_is(script):
    name = script(
        "import time\n@profile\ndef work():\n    held = bytes(1 << 20)\n    print('now', flush=True)\n    time.sleep(60)\n"
        "work()\n"
    )
    command = [WEIGH, "lines", "--python", sys.executable, name]
    program = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
    )
    assert program.stdout.readline() == "now\n"
    time.sleep(0.1)
    program.send_signal(signal.SIGINT)
    said = program.communicate(timeout=60)[1]
    assert program.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in said
    assert "1.0 MiB" in list(tables(said).values())[0][4]


def test_a_forked_child_prints_nothing(run_lines, script):
    text = PROGRAM.replace("other()\n", "import os\npid = os.fork()\nother()\nif pid: os.waitpid(pid, 0)\n")
    ending = run_lines(script(text))
    assert ending.status == 7 and ending.err.count("Filename:") == 1


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    "stream, environment, colored",
    [
        (Terminal, {"TERM": "xterm"}, True),
        (Terminal, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Terminal, {"TERM": "dumb"}, False),
        (io.StringIO, {"TERM": "xterm"}, False),
    ],
)
def test_a_terminal_gets_colours(stream, environment, colored, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = stream()

    @package.profile(stream=out)
    def work(wanted):
        kept = [wanted] * 1000
        if not wanted:
            kept = None
        return kept

    work(1)
    text = out.getvalue()
    bold = [line for line in text.splitlines() if line.startswith("\033[1m")]
    assert ("\033[" in text) is colored
    assert [line.split()[-1].removesuffix("\033[0m") for line in bold] == (["Contents", "1000"] if colored else [])
    # The rule, the line of `def` below its decorator, and one that never ran.
    assert text.count("\033[2m") == 3 * colored


def test_weigh_lines_in_colour_on_a_terminal_alone(script):
    import pty

    def said_on_a_terminal(**environment):
        ours, theirs = pty.openpty()
        command = [WEIGH, "lines", "--python", sys.executable, script(PROGRAM)]
        subprocess.run(command, stderr=theirs, env={**clean_environment(), "TERM": "xterm", **environment}, check=False)
        os.close(theirs)
        text = b""
        try:
            while piece := os.read(ours, 65536):
                text += piece
        except OSError:
            pass
        os.close(ours)
        return text.decode()

    plain = said_on_a_terminal(NO_COLOR="1")
    colored = said_on_a_terminal()
    assert "\033[" not in plain and "\033[1m" in colored


def test_each_outermost_call_prints(capsys):
    @package.profile
    def down(n):
        return n and down(n - 1)

    assert down(3) == 0
    first = capsys.readouterr().out
    assert first.count("Filename:") == 1
    assert list(tables(first).values())[0][inspect.getsourcelines(down)[1]].split()[5] == "4"
    down(0)
    again = capsys.readouterr().out
    assert list(tables(again).values())[0][inspect.getsourcelines(down)[1]].split()[5] == "1"


def test_an_exception_passes_and_the_table_is_printed():
    out = io.StringIO()

    @package.profile(stream=out, precision=3)
    def fails():
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        fails()
    assert "Filename:" in out.getvalue() and ".000 MiB" in out.getvalue()


def test_functions_stay_what_they_are():
    out = io.StringIO()
    profile = package.profile(stream=out)

    class Kinds:
        @profile
        def method(self, a, *, b=2):
            "Said."
            return a, b

        @profile
        @classmethod
        def of_class(cls):
            return cls

        @profile
        @staticmethod
        def static():
            return 1

        @profile
        @property
        def value(self):
            return 2

        @profile
        async def later(self):
            return 3

        @profile
        def many(self):
            got = yield 4
            yield got

        @profile
        async def each(self):
            yield 5

    kinds = Kinds()
    assert kinds.method(1) == (1, 2) and Kinds.of_class() is Kinds and Kinds.static() == 1 and kinds.value == 2
    assert str(inspect.signature(Kinds.method)) == "(self, a, *, b=2)" and Kinds.method.__doc__ == "Said."
    assert inspect.iscoroutinefunction(Kinds.later)
    assert inspect.isgeneratorfunction(Kinds.many)
    assert inspect.isasyncgenfunction(Kinds.each)
    values = kinds.many()
    assert next(values) == 4 and values.send(6) == 6 and list(values) == []
    with pytest.raises(StopIteration) as ended:
        kinds.later().send(None)
    assert ended.value.value == 3
    assert out.getvalue().count("Filename:") == 6


def test_a_class_has_its_methods_profiled():
    out = io.StringIO()

    @package.profile(stream=out)
    class Both:
        def one(self):
            return 1

        def two(self):
            return 2

    assert isinstance(Both, type) and Both().one() + Both().two() == 3
    assert "return 1" in out.getvalue() and "return 2" in out.getvalue()


@pytest.mark.parametrize("thing", [len, 5, print.__call__, dict])
def test_what_has_no_python_code_is_returned_with_a_word(thing, capsys):
    assert package.profile(thing) is thing
    said = capsys.readouterr().err
    assert said.startswith("weigh: profile: ") and said.count("\n") == 1


def test_without_source():
    namespace = {}
    exec("def made(n):\n    kept = [n] * 1000\n    return kept\n", namespace)
    profiler = LineProfiler()
    profiler(namespace["made"])(1)
    (table,) = profiler.tables()
    assert [line.lineno for line in table.lines] == [1, 2, 3] and table.lines[1].peak >= 8000
    assert "no source" in table.notes[0]


def test_a_file_that_changes_is_told(tmp_path, monkeypatch):
    (tmp_path / "changing.py").write_text("def work():\n    return 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    import changing

    profiler = LineProfiler()
    profiler(changing.work)()
    (tmp_path / "changing.py").write_text("\n\n\ndef work():\n    return 1\n")
    assert "changed" in profiler.tables()[0].notes[0]


def test_two_functions_of_one_code():
    def make():
        def shared():
            return bytes(1000)

        return shared

    profiler = LineProfiler()
    one, other = profiler(make()), profiler(make())
    one(), other(), other()
    (table,) = profiler.tables()
    assert table.lines[-1].occurrences == 3


def test_a_debugger_goes_on():
    """Its own trace function is called as ever, and lines are counted beside it."""
    seen = []

    def trace(frame, event, argument):
        if frame.f_code.co_name == "traced":
            seen.append((event, frame.f_lineno))
        return trace

    def traced():
        a = 1
        return a

    profiler = LineProfiler()
    followed = profiler(traced)
    sys.settrace(trace)
    try:
        followed()
        assert sys.gettrace() is trace
    finally:
        sys.settrace(None)
    first = traced.__code__.co_firstlineno
    assert seen == [("call", first), ("line", first + 1), ("line", first + 2), ("return", first + 2)]
    assert [line.occurrences for line in profiler.tables()[0].lines] == [1, 1, 1]


def test_a_generator_left_behind():
    def values():
        kept = bytes(2000)
        yield kept

    profiler = LineProfiler()
    abandoned = profiler(values)()
    next(abandoned)
    del abandoned
    assert profiler.tables()[0].lines[-1].occurrences == 1


def test_a_function_that_runs_already():
    """Its call under way is not followed; the next one is."""
    profiler = LineProfiler()

    def late(first):
        if first:
            profiler.add_function(late)
            late(False)
        return bytes(100)

    late(True)
    if MONITORED:
        assert profiler.tables()[0].lines[-1].occurrences == 1


def test_a_tracker_takes_over_and_hands_back(tmp_path):
    def work():
        return bytes(5000)

    profiler = LineProfiler()
    followed = profiler(work)
    with package.Tracker(tmp_path / "t.weigh"):
        followed()
    followed()
    line = profiler.tables()[0].lines[-1]
    assert line.occurrences == 2 and 10_000 < line.allocated < 11_000
    assert not _weigh.recording()
