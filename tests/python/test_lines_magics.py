"""%memit and %mprun, in a shell of a few lines."""

import sys

import pytest
import weigh


class Shell:
    """What the magics use of IPython's."""

    def __init__(self):
        self.user_ns = {}
        self.magics = {}

    def register_magic_function(self, function, kind, name):
        self.magics[name] = function

    def transform_cell(self, text):
        return text


@pytest.fixture
def shell():
    made = Shell()
    weigh.load_ipython_extension(made)
    return made


def test_memit_tells_peak_and_what_stays(shell, capsys):
    shell.magics["memit"]("-r 2 kept = bytes(3 << 20); gone = bytes(1 << 20); del gone")
    said = capsys.readouterr().out
    assert said.startswith("peak: ") and "kept: " in said and said.endswith("(2 runs)\n")
    assert len(shell.user_ns["kept"]) == 3 << 20


def test_memit_of_a_cell(shell, capsys):
    shell.magics["memit"]("size = 1 << 21", "kept = bytes(size)\nmore = bytes(size)\n")
    assert capsys.readouterr().out == "peak: 4.0 MiB, kept: 4.0 MiB (1 run)\n"


def test_mprun_prints_the_functions_named(shell, capsys):
    exec(compile("def one(n):\n    return bytes(n)\ndef other(): return one(5000)\n", __file__, "exec"), shell.user_ns)
    shell.magics["mprun"]("-f one other(); result = other()")
    said = capsys.readouterr().out
    assert said.count("Filename:") == 1 and "9.9 KiB" in said
    assert len(shell.user_ns["result"]) == 5000
    assert sys.gettrace() is None


def test_mprun_of_what_has_no_code(shell, capsys):
    shell.magics["mprun"]("-f len len('abc')")
    assert "weigh: profile: len: no Python code" in capsys.readouterr().err
