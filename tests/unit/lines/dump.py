"""Writes the line tables of program.py as this interpreter makes them.

    python3.13 dump.py >3.13.txt

A line for each code object: its first line, its table in hexadecimal, and the
line of each instruction as runs "COUNTxLINE", "-" where there is none.
"""

import itertools
import pathlib
import types


def code_objects(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from code_objects(constant)


def instruction_lines(code):
    for start, end, line in code.co_lines():
        for _ in range(start, end, 2):
            yield "-" if line is None else line


source = pathlib.Path(__file__).with_name("program.py")
for code in code_objects(compile(source.read_text(), "program.py", "exec")):
    runs = ((len(list(group)), line) for line, group in itertools.groupby(instruction_lines(code)))
    print(code.co_firstlineno, code.co_linetable.hex(), *(f"{count}x{line}" for count, line in runs))
