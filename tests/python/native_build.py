"""Builds the C and C++ helpers of the tests for the interpreter that runs them."""

import functools
import os
import pathlib
import shutil
import subprocess
import sysconfig
import tempfile

SOURCES = pathlib.Path(__file__).parent / "native"


@functools.lru_cache(maxsize=None)
def folder():
    """Where the helpers of this test run are built; removed at its end."""
    import atexit

    made = tempfile.mkdtemp(prefix="weigh-native-")
    atexit.register(shutil.rmtree, made, True)
    return pathlib.Path(made)


@functools.lru_cache(maxsize=None)
def build(source, name=None):
    """The path of a shared object made of a file in native/."""
    path = SOURCES / source
    target = folder() / ((name or path.stem) + ".so")
    compiler = os.environ.get("CXX", "c++") if path.suffix == ".cpp" else os.environ.get("CC", "cc")
    include = sysconfig.get_paths()["include"]
    command = [compiler, "-O1", "-g", "-fPIC", "-shared", "-Wall", "-Werror", f"-I{include}"]
    done = subprocess.run([*command, "-o", target, path, "-pthread"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return target


def build_on_path(source):
    """Builds an extension; the folder to put on a program's path."""
    return str(build(source).parent)
