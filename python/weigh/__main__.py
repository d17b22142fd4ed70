"""`python -m weigh`: the weigh command, with this interpreter for `weigh run`."""

import os
import sys
import sysconfig


def candidates(package):
    """Where an installer may have put the native program, nearest first."""
    site = os.path.dirname(package)
    prefix = os.path.dirname(os.path.dirname(os.path.dirname(site)))
    yield os.path.join(prefix, "bin")
    yield os.path.join(site, "bin")  # pip install --target
    yield sysconfig.get_path("scripts")
    yield os.path.dirname(sys.executable)
    yield sysconfig.get_path("scripts", os.name + "_user")


def find_program(package):
    for folder in candidates(package):
        path = os.path.join(folder, "weigh")
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def main():
    package = os.path.dirname(os.path.abspath(__file__))
    program = find_program(package)
    if program is None:
        sys.exit(f"weigh: {package}: the weigh program is missing: install weigh again for {sys.executable}")
    # The launcher takes both out of the environment of what it runs.
    environment = {**os.environ, "WEIGH_PYTHON": sys.executable, "WEIGH_PACKAGE": package}
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(program, ["weigh", *sys.argv[1:]], environment)


if __name__ == "__main__":
    main()
