"""Builds the tests' own extension modules with the C compiler of the system."""

import os
import shlex
import subprocess
import sysconfig

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
