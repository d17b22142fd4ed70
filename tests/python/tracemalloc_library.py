"""Runs the interpreter's own test_tracemalloc with its import changed: CLASS...; prints {test: outcome} as JSON.

The file is read from the running interpreter and changed in memory; "absent"
stands for an interpreter that came without it.
"""

import importlib.util
import json
import sys
import types
import unittest

NAME = "test_tracemalloc"


def changed(source):
    """The source with weigh's module in the place of the standard library's."""
    ours = "weigh.compat.tracemalloc"
    plain = "import tracemalloc\n"
    patched = "patch('tracemalloc."
    assert source.count(plain) == 1 and source.count(patched) >= 1
    return source.replace(plain, "from weigh.compat import tracemalloc\n").replace(patched, f"patch('{ours}.")


def load(spec):
    with open(spec.origin, encoding="utf-8") as file:
        source = changed(file.read())
    module = types.ModuleType(NAME)
    module.__file__ = spec.origin
    sys.modules[NAME] = module
    exec(compile(source, spec.origin, "exec"), vars(module))
    return module


class Outcomes(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.found = {}

    def note(self, test, outcome):
        _, kind, name = test.id().rsplit(".", 2)
        self.found[f"{kind}.{name}"] = outcome

    def addSuccess(self, test):
        self.note(test, "passed")

    def addSkip(self, test, reason):
        self.note(test, f"skipped: {reason}")

    def addFailure(self, test, error):
        self.note(test, self._exc_info_to_string(error, test))

    addError = addFailure


def find():
    try:
        return importlib.util.find_spec(f"test.{NAME}")
    except ModuleNotFoundError:
        return None


def main(classes):
    spec = find()
    if spec is None:
        return "absent"
    outcomes = Outcomes()
    loader = unittest.defaultTestLoader
    module = load(spec)
    for name in classes:
        loader.loadTestsFromName(name, module).run(outcomes)
    return outcomes.found


def below(frames, function, *arguments):
    """One of the tests wants more than ten frames below its own."""
    return below(frames - 1, function, *arguments) if frames else function(*arguments)


if __name__ == "__main__":
    print(json.dumps(below(10, main, sys.argv[1:])))
