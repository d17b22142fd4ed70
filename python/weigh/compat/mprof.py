"""The place of memory_profiler's module mprof: its actions, by `weigh mprof`.

    from weigh.compat import mprof
    mprof.main()
"""

import os
import subprocess
import sys

import weigh
from weigh.__main__ import find_program

__all__ = [
    "attach_action",
    "clean_action",
    "function_labels",
    "list_action",
    "main",
    "peak_action",
    "plot_action",
    "rm_action",
    "run_action",
]


def function_labels(dotted_function_names):
    """For each dotted name as few of its last words as no other name ends with."""
    names = [name.split(".") for name in dotted_function_names]
    labels = {}
    for name in names:
        words = 1
        while words < len(name) and any(
            other != name and other[-words:] == name[-words:] for other in names
        ):
            words += 1
        labels[".".join(name)] = ".".join(name[-words:])
    return labels


def _perform(action, arguments):
    package = os.path.dirname(os.path.abspath(weigh.__file__))
    program = find_program(package)
    if program is None:
        raise weigh.WeighError(f"{package}: the weigh program is missing: install weigh again")
    environment = {**os.environ, "WEIGH_PYTHON": sys.executable, "WEIGH_PACKAGE": package}
    sys.stdout.flush()
    return subprocess.run([program, "mprof", action, *arguments], env=environment).returncode


def _action(name):
    def act():
        arguments = sys.argv[1:]
        status = _perform(name, arguments)
        if status or "--exit-code" in arguments or "-E" in arguments:
            sys.exit(status)

    act.__name__ = act.__qualname__ = f"{name}_action"
    act.__doc__ = f"`weigh mprof {name}` with the words of sys.argv."
    return act


run_action = _action("run")
attach_action = _action("attach")
plot_action = _action("plot")
peak_action = _action("peak")
list_action = _action("list")
rm_action = _action("rm")
clean_action = _action("clean")


def main():
    """`weigh mprof` with the words of sys.argv; ends with its status."""
    if len(sys.argv) > 1:
        sys.exit(_perform(sys.argv[1], sys.argv[2:]))
    sys.exit(_perform("--help", []))


if __name__ == "__main__":
    main()
