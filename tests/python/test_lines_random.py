"""Random programs, bare and followed: they do the same, say the same of their errors, and their lines are counted right.

WEIGH_RANDOM_PROGRAMS=100000 runs so many; WEIGH_RANDOM_FIRST=N starts there.
"""

import linecache
import os
import sys
import traceback
import types
from collections import Counter

import pytest
from random_programs import program
from weigh import _weigh
from weigh._lines import LineProfiler

COUNT = int(os.environ.get("WEIGH_RANDOM_PROGRAMS", 120))
FIRST = int(os.environ.get("WEIGH_RANDOM_FIRST", 0))
BATCH = 20
CALLS_MAX = 150
STEPS_MAX = 40
MONITORED = sys.version_info >= (3, 12)


class Tired(BaseException):
    """Ends a program that would go on for long."""


class World:
    """What a program sees and does: its calls, with the place each came from."""

    def __init__(self, fails):
        self.calls = []
        self.fails = fails  # which calls raise
        self.names = {"say": self.say, "pause": pause, "later": later, "Held": self.held}

    def say(self, value):
        frame = sys._getframe(1)
        self.calls.append((value, frame.f_code.co_name, frame.f_lineno, place_of(frame.f_code, frame.f_lasti)))
        if len(self.calls) > CALLS_MAX:
            raise Tired
        if len(self.calls) in self.fails:
            raise (ValueError, KeyError, TypeError)[len(self.calls) % 3](len(self.calls))
        return value

    def held(self, keeps):
        return Held(self, keeps)


class Held:
    def __init__(self, world, keeps):
        self.world, self.keeps = world, keeps

    def __enter__(self):
        return self.world.say(self.keeps)

    def __exit__(self, kind, error, trace):
        self.world.calls.append(kind)
        return bool(self.keeps) and kind in (ValueError, KeyError)

    async def __aenter__(self):
        return await pause(self.keeps)

    async def __aexit__(self, *error):
        return self.__exit__(*error)


@types.coroutine
def pause(value):
    sent = yield value
    return value if sent is None else sent


async def later(values):
    for value in values:
        await pause(value)
        yield value


def place_of(code, instruction):
    if sys.version_info < (3, 11):
        return None
    return list(code.co_positions())[instruction // 2]


def drive(target, kind, numbers):
    """Runs what a call returned to its end: sends, throws and closes as the numbers say."""
    if kind == "function":
        return target
    if kind == "async generator":
        return [drive_one(step, numbers) for step in steps_of(target, numbers)]
    return drive_one(target, numbers)


def steps_of(values, numbers):
    for step in range(STEPS_MAX):
        number = numbers[step % len(numbers)]
        if number == 0:
            yield values.asend(None if step == 0 else step)
        elif number == 1 and step:
            yield values.athrow(ValueError(step))
        elif number == 2 and step > 3:
            yield values.aclose()
        else:
            yield values.__anext__()


def drive_one(target, numbers):
    seen = []
    try:
        for step in range(STEPS_MAX):
            number = numbers[-step % len(numbers)]
            if number == 1 and step:
                seen.append(target.throw(KeyError(step)))
            elif number == 0 and step:
                seen.append(target.send(step))
            else:
                seen.append(target.send(None))
        target.close()
    except StopIteration as end:
        seen.append(end.value)
    except StopAsyncIteration:
        seen.append("end")
    return seen


def said_of(error):
    """All that is told of an exception, without what differs from run to run."""
    return traceback.format_exception(type(error), error, error.__traceback__), places_of(error)


def places_of(error):
    places = []
    while error is not None and len(places) < 100:
        trace = error.__traceback__
        while trace:
            code = trace.tb_frame.f_code
            places.append((code.co_filename, code.co_name, trace.tb_lineno, place_of(code, trace.tb_lasti)))
            trace = trace.tb_next
        error = error.__context__
    return places


def _call(call):
    return call()


class Run:
    """One run of a program."""

    def __init__(self, text, kind, seed, follow=None, how="bare"):
        self.file = f"<random {seed}>"
        self.events, self.starts = [], Counter()
        numbers = [seed // 3 % 7, seed // 5 % 3, 5, seed % 4, 5, 5]
        world = World({seed % 11 + 1, seed % 23 + 4, seed % 5 + 14} if seed % 3 else set())
        namespace = dict(world.names)
        linecache.cache[self.file] = len(text), None, text.splitlines(True), self.file
        exec(compile(text, self.file, "exec"), namespace)
        self.original = namespace["main"]
        main = follow(self.original) if follow else self.original
        self.copied = main.__code__ is not self.original.__code__
        self.result = self.error = None
        run = {"bare": _call, "counted": self.run_counted, "traced": self.run_traced}[how]
        try:
            self.result = run(lambda: drive(main(seed % 5), kind, numbers))
        except (Exception, Tired) as error:
            self.error = said_of(error)
        self.calls = world.calls

    def trace(self, frame, event, argument):
        if frame.f_code.co_filename != self.file:
            return None
        kind = argument[0] if event == "exception" else None
        # Told of the end of a generator or not, by whether the loop over it has been specialised.
        if kind is not StopIteration:
            self.events.append((event, frame.f_code.co_name, frame.f_lineno, kind))
        if event == "line":
            self.count(frame.f_code, frame.f_lineno)
        return self.trace

    def count(self, code, line):
        if code.co_filename == self.file:
            self.starts[line] += 1

    def run_counted(self, call):
        """Calls with every start of a line counted by the interpreter's own means."""
        if not MONITORED:
            return self.run_traced(call)
        monitoring = sys.monitoring
        tool = next(tool for tool in range(6) if monitoring.get_tool(tool) is None)
        monitoring.use_tool_id(tool, "counts")
        monitoring.register_callback(tool, monitoring.events.LINE, self.count)
        # With the latter a line starts, as for sys.settrace, where something is thrown into an `async for`.
        monitoring.set_events(tool, monitoring.events.LINE | monitoring.events.PY_RESUME)
        try:
            return call()
        finally:
            monitoring.set_events(tool, 0)
            monitoring.register_callback(tool, monitoring.events.LINE, None)
            monitoring.free_tool_id(tool)

    def run_traced(self, call):
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            return call()
        finally:
            sys.settrace(before)


def codes_of(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes_of(constant)


def counted(profiler):
    (table,) = profiler.tables()
    return {line.lineno: line.occurrences for line in table.lines if line.occurrences}


def by_events(profiler):
    """The function itself, every line told of by the interpreter."""

    def follow(function):
        profiler.add_function(function)
        return function

    return follow


def check(seed):
    text, kind = program(seed)
    same = {how: Run(text, kind, seed, how=how) for how in ("bare", "traced")}
    expected = Run(text, kind, seed, how="counted").starts
    # On the first line of a function its calls are counted.
    firsts = {code.co_firstlineno for code in codes_of(same["bare"].original.__code__)}
    expected = {line: count for line, count in expected.items() if line not in firsts}
    copied = 0
    for engine in ["its own", "events"] if MONITORED else ["its own"]:
        for how in ("bare", "traced"):
            profiler = LineProfiler()
            follow = profiler if engine == "its own" else by_events(profiler)
            run = Run(text, kind, seed, follow, how)
            about = f"program {seed}, {engine}, {how}\n{text}"
            assert (run.result, run.calls) == (same[how].result, same[how].calls), about
            assert strip(run.error) == strip(same[how].error), about
            found = {line: count for line, count in counted(profiler).items() if line not in firsts}
            assert untold(found, expected, text) == expected, about
            if MONITORED:
                assert run.events == same[how].events, about
            copied += run.copied
            for code in profiler.codes:
                _weigh.lines_remove(code)
    return copied > 0


def untold(found, expected, text):
    """Without what 3.14 does not tell of: what leaves the function after a loop that ran out, if a break leads there too."""
    if sys.version_info < (3, 14):
        return found
    leaving = {at for at, line in enumerate(text.splitlines(), 1) if line.lstrip().startswith(("return", "raise"))}
    return {line: count for line, count in found.items() if line in expected or line not in leaving}


def strip(error):
    """Without the frames that step through what runs, where there are any."""
    if error is None or MONITORED:
        return error
    return [place for place in error[1] if place[0].startswith("<random")]


@pytest.mark.parametrize("first", range(FIRST, FIRST + COUNT, BATCH))
def test_programs_do_the_same(first):
    copied = sum(check(seed) for seed in range(first, min(first + BATCH, FIRST + COUNT)))
    if MONITORED:
        assert copied >= BATCH // 4  # or nothing was proved
