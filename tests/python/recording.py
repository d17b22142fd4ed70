"""A program recorded, and its capture read: what most tests of the recorder do."""

import textwrap

import pytest
from capture_reader import Capture, marks
from conftest import clean_environment
from native_build import build_on_path


@pytest.fixture
def record(run_quiet, script):
    """Runs a program in exact mode with the helpers on its path; the capture and its marked lines."""

    def run(source, *words, options=("--exact",), **more):
        source = textwrap.dedent(source).lstrip("\n")
        environment = clean_environment(PYTHONPATH=build_on_path("allocate.c"), **more.pop("env", {}))
        ending = run_quiet(script(source), *words, options=options, env=environment, **more)
        assert ending.status == 0, ending.err
        return Capture("out.weigh"), marks(source), ending

    return run
