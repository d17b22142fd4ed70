"""Stacks and code objects: what the recorder saw against what Python says."""

import collections
import json
import pathlib
import sys

from capture_reader import Capture
from conftest import clean_environment
from native_build import build_on_path
from recording import record  # noqa: F401: a fixture

HERE = pathlib.Path(__file__).parent


def test_every_kind_of_stack(run_quiet, tmp_path):
    program = HERE / "stacks_program.py"
    environment = clean_environment(PYTHONPATH=build_on_path("allocate.c"))
    ending = run_quiet(program, tmp_path / "notes", options=["--exact"], env=environment)
    assert ending.status == 0, ending.err
    noted = json.loads((tmp_path / "notes").read_text())
    assert len(noted) > 1000
    expected = collections.Counter(tuple(map(tuple, frames)) for frames in noted)
    capture = Capture("out.weigh")
    assert capture.lost == 0
    found = collections.Counter()
    for site in capture.sites:
        if site.domain == "malloc" and site.top.function == "mark":
            assert site.total.bytes == 100_000 * site.total.blocks
            found[tuple(map(tuple, site.stack))] += site.total.blocks
    for stack in expected.keys() - found.keys():
        near = max(found, key=lambda other: len(set(other) & set(stack)))
        assert near == stack
    assert found == expected


def test_exec_made_functions_keep_their_names(record):
    """Code objects come and go, at addresses used before."""
    capture, _, _ = record(
        """
        from allocate import call
        addresses = set()
        for i in range(1000):
            names = {'call': call}
            source = '\\n' * i + f'def made_{i}(): return call("malloc", 0, 50_000 + {i})'
            exec(compile(source, f'made_{i % 10}.py', 'exec'), names)
            names[f'made_{i}']()
            addresses.add(id(names[f'made_{i}'].__code__))
            del names
        print(len(addresses))
        """
    )
    found = {
        (site.top.file, site.top.function, site.top.line): site.live.bytes
        for site in capture.sites
        if site.domain == "malloc" and site.top.function.startswith("made_")
    }
    expected = {(f"made_{i % 10}.py", f"made_{i}", i + 1): 50_000 + i for i in range(1000)}
    assert found == expected


def test_addresses_are_reused(record):
    _, _, ending = record(
        """
        addresses = set()
        for i in range(1000):
            names = {}
            exec(f'def made(): return {i}', names)
            addresses.add(id(names['made'].__code__))
            del names
        print(len(addresses))
        """
    )
    assert int(ending.out) < (900 if sys.version_info < (3, 15) else 990)


def test_lambdas_on_one_line_are_apart(record):
    capture, lines, _ = record(
        """
        from allocate import call
        a = lambda: call('malloc', 0, 11_111); b = lambda: call('malloc', 0, 22_222)  # LINE pair
        a(), b(), b()
        """
    )
    sizes = sorted(
        site.live.bytes
        for site in capture.sites
        if site.domain == "malloc" and site.top.line == lines["pair"] and site.live.bytes > 10_000
    )
    assert sizes == [11_111, 22_222, 22_222]


def test_names_that_are_not_ascii(record):
    capture, _, _ = record(
        """
        from allocate import call
        def größe_日本(): call('malloc', 0, 33_333)
        größe_日本()
        exec(compile('call("malloc", 0, 44_444)', 'Ordner/ƒ\\U0001F600.py', 'exec'))
        exec(compile('call("malloc", 0, 55_555)', 'odd\\udc80.py', 'exec'))
        """
    )
    names = {s.live.bytes: (s.top.file, s.top.function) for s in capture.sites if s.domain == "malloc"}
    assert names[33_333][1] == "größe_日本"
    assert names[44_444][0] == "Ordner/ƒ\U0001f600.py"
    assert names[55_555][0] == "odd\ufffd.py"
