"""The short walk of the stack against the full one, on random programs."""

import os
import sys

import pytest
from conftest import clean_environment, execute
from native_build import build_extension

HERE = os.path.dirname(os.path.abspath(__file__))


@pytest.fixture(scope="module")
def walkcheck(tmp_path_factory):
    folder = tmp_path_factory.mktemp("walkcheck")
    build_extension(folder, "walkcheck", "native/walkcheck.c", "../../cpython/walk.c")
    return folder


@pytest.mark.parametrize("seed", range(1, 7))
def test_short_walk_sums_what_the_full_walk_sums(walkcheck, seed):
    program = os.path.join(HERE, "walk_program.py")
    environment = clean_environment(PYTHONPATH=os.fspath(walkcheck))
    done = execute([sys.executable, program, str(seed)], env=environment)
    assert done.status == 0, done.err
    events, differences = map(int, done.out.split())
    assert events > 10_000
    assert differences == 0
