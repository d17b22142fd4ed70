"""Random programs for what must not change by being followed: every kind of control flow, errors at random."""

import random
import sys

KINDS = ("function", "generator", "coroutine", "async generator")
HANDLED = ("ValueError", "KeyError", "LookupError", "(TypeError, ValueError)", "Exception")
LINES_MAX = 70


class Writer:
    """One program, the text of a function `main`, from a number."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.kind = KINDS[seed % len(KINDS)]
        self.lines = []
        self.functions = 0
        self.loops = 0

    def text(self):
        prefix = "async " if "async" in self.kind or self.kind == "coroutine" else ""
        self.put(0, f"{prefix}def main(a, b=3):")
        if self.random.random() < 0.3:
            self.put(1, '"""Said."""')
        self.put(1, "c = d = 1")
        self.block(1, self.kind, False)
        if "generator" in self.kind:
            self.put(1, "yield a")
        elif self.random.random() < 0.8:
            self.put(1, "return a, b, c, d")
        return "\n".join(self.lines) + "\n"

    def put(self, depth, text):
        self.lines.append("    " * depth + text)

    def chance(self, share):
        return self.random.random() < share

    def name(self):
        return self.random.choice("abcd")

    def value(self):
        r = self.random
        if self.chance(0.06):
            return "("
        return r.choice(
            [
                self.name(),
                str(r.randrange(400)),
                f"{self.name()} + {r.randrange(3)}",
                f"say({self.name()})",
                f"say({r.randrange(9)})",
                f"-{self.name()}",
                f"({self.name()} if {self.name()} > {r.randrange(5)} else say({self.name()}))",
                f"({self.name()} and say({self.name()}) or {self.name()})",
                f"len([i for i in range({r.randrange(4)}) if i != {self.name()}])",
                f"sum(say(i) for i in range({r.randrange(3)}))",
                f"(lambda x: x % 7)({self.name()})",
                f"len(f'{{{self.name()}}}{{say({self.name()})!r}}')",
                f"[{self.name()}, 2, 3][{self.name()} % 4]",
                f"{{1: {self.name()}, 2: 5}}[{self.name()} % 3 + 1]",
                f"({self.name()} // ({self.name()} % 3))",
            ]
        )

    def expression(self, depth, kind):
        """A value, perhaps one over several lines."""
        value = self.value()
        if value == "(":
            inner, other = self.value(), self.value()
            if "(" in (inner, other):
                return "0"
            margin = "\n" + "    " * (depth + 1)
            return f"say({margin}{inner} +{margin}{other}\n{'    ' * depth})"
        if kind in ("coroutine", "async generator") and self.chance(0.2):
            return f"await pause({value})"
        if "generator" in kind and self.chance(0.15):
            return f"(yield {value})"
        return value

    def test(self):
        return self.random.choice(
            [
                f"{self.name()} > {self.random.randrange(6)}",
                f"{self.name()} % 2",
                f"{self.name()} < {self.name()} < 9",
                f"not say({self.name()} % 3)",
                f"{self.name()} is None or {self.name()}",
                f"(e := {self.name()}) != 4",
            ]
        )

    def block(self, depth, kind, in_loop):
        for _ in range(self.random.randrange(1, 5 if depth < 3 else 3)):
            if depth > 5 or len(self.lines) > LINES_MAX:
                break
            self.statement(depth, kind, in_loop)
        else:
            return
        self.put(depth, self.random.choice(["pass", f"{self.name()} = 2"]))

    def statement(self, depth, kind, in_loop):
        choices = [self.assign] * 5 + [self.branch] * 3 + [self.loop] * 3 + [self.turn] * 2
        choices += [self.guard] * 3 + [self.context, self.match, self.define, self.end, self.small]
        if in_loop:
            choices += [self.leave] * 2
        self.random.choice(choices)(depth, kind, in_loop)

    def assign(self, depth, kind, in_loop):
        target = self.random.choice(["{0} = ", "{0} += ", "{0} = {1} = ", "{0}, {1} = 1, "]).format(*self.two())
        self.put(depth, target + self.expression(depth, kind))

    def two(self):
        return self.random.sample("abcd", 2)

    def small(self, depth, kind, in_loop):
        self.put(
            depth,
            self.random.choice(
                ["pass", f"del {self.name()}", f"assert {self.name()} != 3, say(1)", f"say({self.name()})", "..."]
            ),
        )

    def branch(self, depth, kind, in_loop):
        self.put(depth, f"if {self.test()}:")
        self.block(depth + 1, kind, in_loop)
        if self.chance(0.3):
            self.put(depth, f"elif {self.test()}:")
            self.block(depth + 1, kind, in_loop)
        if self.chance(0.4):
            self.put(depth, "else:")
            self.block(depth + 1, kind, in_loop)

    def loop(self, depth, kind, in_loop):
        turns = self.random.choice(["range(3)", "range(2)", "[1, 300]", f"range({self.name()} % 4)", "()"])
        if kind in ("coroutine", "async generator") and self.chance(0.3):
            self.put(depth, f"async for {self.name()} in later({turns}):")
        elif self.chance(0.15):
            self.put(depth, f"for {self.name()} in {turns}: {self.name()} = say({self.name()})")
            return
        else:
            self.put(depth, f"for {self.name()} in {turns}:")
        self.block(depth + 1, kind, True)
        self.otherwise(depth, kind, in_loop)

    def turn(self, depth, kind, in_loop):
        """A loop by hand, that ends."""
        self.loops += 1
        left = f"left{self.loops}"
        self.put(depth, f"{left} = {self.random.randrange(4)}")
        test = self.random.choice([left, f"{left} > 0", f"{left} and ({self.test()})", "True"])
        self.put(depth, f"while {test}:")
        self.put(depth + 1, f"{left} -= 1")
        if test == "True":
            self.put(depth + 1, f"if {left} < 0:")
            self.put(depth + 2, "break")
        self.block(depth + 1, kind, True)
        self.otherwise(depth, kind, in_loop)

    def otherwise(self, depth, kind, in_loop):
        if self.chance(0.25):
            self.put(depth, "else:")
            self.block(depth + 1, kind, in_loop)

    def guard(self, depth, kind, in_loop):
        self.put(depth, "try:")
        self.block(depth + 1, kind, in_loop)
        star = sys.version_info >= (3, 11) and self.chance(0.1)
        handlers = self.random.choice([0, 1, 1, 2])
        for _ in range(handlers):
            caught = self.random.choice(HANDLED)
            if star:
                self.put(depth, f"except* {caught}:")
                self.put(depth + 1, f"{self.name()} = say(5)")
                continue
            self.put(depth, f"except {caught}" + self.random.choice([":", " as error:"]))
            self.block(depth + 1, kind, in_loop)
            if self.chance(0.2):
                self.put(depth + 1, self.random.choice(["raise", "raise ValueError(1) from None"]))
        if handlers and self.chance(0.3):
            self.put(depth, "else:")
            self.block(depth + 1, kind, in_loop)
        if not handlers or self.chance(0.3):
            self.put(depth, "finally:")
            self.block(depth + 1, kind, False)

    def context(self, depth, kind, in_loop):
        waits = kind in ("coroutine", "async generator") and self.chance(0.5)
        second = f", Held({self.random.randrange(2)})" if self.chance(0.3) else ""
        self.put(depth, f"{'async ' * waits}with Held({self.name()} % 2) as {self.name()}{second}:")
        self.block(depth + 1, kind, in_loop)

    def match(self, depth, kind, in_loop):
        self.put(depth, f"match {self.random.choice([self.name(), f'({self.name()}, {self.name()})'])}:")
        for case in self.random.sample(["0 | 1", "2 if say(b)", "(x, 1)", "[x, y]", "int(x)", "{'k': x}"], 2):
            self.put(depth + 1, f"case {case}:")
            self.block(depth + 2, kind, in_loop)
        if self.chance(0.5):
            self.put(depth + 1, "case _:")
            self.block(depth + 2, kind, in_loop)

    def define(self, depth, kind, in_loop):
        """A function or generator within, that is run where it stands."""
        self.functions += 1
        name = f"inner{self.functions}"
        inner = self.random.choice(["function", "generator"])
        self.put(depth, f"def {name}(a, b=2):")
        if self.chance(0.4):
            self.put(depth + 1, "nonlocal c")
            self.put(depth + 1, "d = a")
        else:
            self.put(depth + 1, "c = d = b")
        self.block(depth + 1, inner, False)
        if inner == "function":
            self.put(depth + 1, f"return {self.name()}")
            self.put(depth, f"{self.name()} = {name}({self.name()})")
        elif kind == "generator" and self.chance(0.5):
            self.put(depth + 1, f"yield {self.name()}")
            self.put(depth, f"{self.name()} = yield from {name}({self.name()})")
        else:
            self.put(depth + 1, f"yield {self.name()}")
            self.put(depth, f"for {self.name()} in {name}({self.name()}):")
            self.block(depth + 1, kind, True)

    def end(self, depth, kind, in_loop):
        if self.chance(0.5):
            self.put(depth, f"raise {self.random.choice(['ValueError', 'KeyError(1)', 'TypeError(a)'])}")
        elif kind == "async generator" or self.chance(0.3):
            self.put(depth, "return")
        else:
            self.put(depth, f"return {self.name()}")

    def leave(self, depth, kind, in_loop):
        self.put(depth, self.random.choice(["break", "continue"]))


def program(seed):
    """(text, kind) of a program that compiles."""
    for attempt in range(1000):
        writer = Writer(seed + 1_000_003 * attempt * len(KINDS))
        text = writer.text()
        try:
            compile(text, "program", "exec")
        except SyntaxError:
            continue
        return text, writer.kind
    raise AssertionError(f"{seed}: no program compiles")
