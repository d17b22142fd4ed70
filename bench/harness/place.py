"""Where the benchmarks find interpreters, weigh and room for their files.

What is measured is a copy of weigh taken at the start, so that a build or
another benchmark that goes on beside this one changes nothing under it.
"""

import atexit
import json
import os
import pathlib
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
BENCH = TOP / "bench"
BUILD = TOP / "build" / "bench"
RESULTS = BUILD / "results"


class Place:
    """One version of Python: its environments, the copy of weigh, helpers in C."""

    def __init__(self, version, peers=True):
        self.version = version
        self.python = TOP / ".venvs" / (f"bench-{version}" if peers else version) / "bin" / "python"
        self.folder = BUILD / version
        self.own = self.folder / f"run-{os.getpid()}"
        self.scratch = self.own / "scratch"
        self.data = BUILD / "data"
        for folder in (self.scratch, self.data):
            folder.mkdir(parents=True, exist_ok=True)
        atexit.register(shutil.rmtree, self.own, ignore_errors=True)
        if not self.python.exists():
            fail(self.python, "no such interpreter", f"make .venvs/bench-{version}/.made")
        self._copy_weigh()
        self.spawn = self._compile_program(BENCH / "harness" / "spawn.c")

    def _copy_weigh(self):
        built = TOP / ".venvs" / self.version
        package = built / "lib" / f"python{self.version}" / "site-packages" / "weigh"
        if not package.is_dir() or not (built / "bin" / "weigh").exists():
            fail(built, "weigh is not built there", f"make build-{self.version}")
        copy = self.own / "weigh"
        shutil.copytree(package, copy / "lib" / "weigh")
        shutil.copy2(built / "bin" / "weigh", copy / "weigh")
        self.weigh = copy / "weigh"
        self.package = copy / "lib" / "weigh"

    def environment(self):
        """For every command: the same hashes, the copy of weigh, our helpers importable."""
        found = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return {
            **found,
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": str(self.helpers()),
            "WEIGH_PYTHON": str(self.python),
            "WEIGH_PACKAGE": str(self.package),
        }

    def child_command(self, folder, *words):
        """The measured program bench/FOLDER/child.py with its words, and its environment: it can import weigh and harness."""
        environment = self.environment()
        environment["PYTHONPATH"] = f"{self.package.parent}:{BENCH}:{environment['PYTHONPATH']}"
        return [self.python, BENCH / folder / "child.py", *map(str, words)], environment

    def ask_child(self, folder, *words, trouble, limit):
        """What it prints, as JSON; when it fails, `trouble` is what the benchmark says."""
        command, environment = self.child_command(folder, *words)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=limit)
        if done.returncode:
            fail(words[0], trouble, done.stderr.strip().splitlines()[-1])
        return json.loads(done.stdout)

    def helpers(self):
        """The folder of the extension modules that the programs import."""
        folder = self.folder / "modules"
        folder.mkdir(exist_ok=True)
        return folder

    def compile_module(self, source):
        """Compile an extension module of one C file for this Python."""
        out = self.helpers() / (source.stem + ".so")
        include = self.ask("import sysconfig; print(sysconfig.get_paths()['include'])")
        self._compile(source, out, "-shared", "-fPIC", f"-I{include}", "-pthread")
        return out

    def _compile_program(self, source):
        out = self.folder / source.stem
        self._compile(source, out)
        return out

    def _compile(self, source, out, *options):
        if out.exists() and out.stat().st_mtime > source.stat().st_mtime:
            return
        command = [os.environ.get("CC", "cc"), "-O2", "-g", "-D_GNU_SOURCE", "-Wall", "-o", out, source, *options]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            fail(source, "does not compile", done.stdout.strip())

    def ask(self, code):
        """What a line of Python prints in the measured interpreter."""
        return subprocess.run([self.python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()

    def versions(self, names):
        """Installed versions of distributions, None where absent."""
        code = (
            "import importlib.metadata as m\n"
            "def v(n):\n"
            "    try: return m.version(n)\n"
            "    except m.PackageNotFoundError: return '-'\n"
            f"print(*[v(n) for n in {list(names)!r}])"
        )
        found = self.ask(code).split()
        return {name: None if version == "-" else version for name, version in zip(names, found)}


def fail(where, what, remedy):
    sys.exit(f"bench: {where}: {what}: {remedy}")
