"""Builds the tests' own extension modules and libraries with the compilers of the system."""

import atexit
import functools
import os
import pathlib
import shlex
import shutil
import subprocess
import sysconfig
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))


def build_extension(folder, name, *sources, compiler="cc", flags=()):
    """Compiles sources (paths from this folder) into folder/name.so, importable as `name`."""
    target = os.path.join(folder, name + ".so")
    includes = [TOP, os.path.join(TOP, "include"), sysconfig.get_path("include"), sysconfig.get_path("platinclude")]
    command = shlex.split(os.environ.get("CC", compiler)) if compiler == "cc" else [compiler]
    command += ["-O2", "-g", "-shared", "-fPIC", "-ftls-model=initial-exec", "-D_GNU_SOURCE", "-w"]
    command += ["-std=gnu11"] if compiler == "cc" else []
    command += [f"-I{path}" for path in includes] + list(flags)
    command += [os.path.join(HERE, source) for source in sources] + ["-o", target, "-lm", "-lpthread"]
    subprocess.run(command, check=True)
    return target


@functools.lru_cache(maxsize=None)
def session_folder():
    """Where the helpers of this test run are built; removed at its end."""
    made = tempfile.mkdtemp(prefix="weigh-native-")
    atexit.register(shutil.rmtree, made, True)
    return made


@functools.lru_cache(maxsize=None)
def build(source, flags=()):
    """The path of a shared object made, once, of a file in native/."""
    path = pathlib.PurePath(source)
    compiler = "c++" if path.suffix == ".cpp" else "cc"
    return build_extension(session_folder(), path.stem, os.path.join("native", source), compiler=compiler, flags=flags)


def build_on_path(source):
    """Builds an extension; the folder to put on a program's path."""
    return os.path.dirname(build(source))
