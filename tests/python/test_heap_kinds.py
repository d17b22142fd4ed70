"""References of every kind of object: those that a snapshot has are all that the reference counts know of."""

import json
import pathlib
import subprocess
import sys

import heap_kinds_program
import pytest

PROGRAM = pathlib.Path(__file__).parent / "heap_kinds_program.py"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The folder of kinds.heap, and the addresses in it."""
    folder = tmp_path_factory.mktemp("kinds")
    done = subprocess.run(
        [sys.executable, PROGRAM, "kinds.heap"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return folder, json.loads(done.stdout)


@pytest.mark.parametrize("kind", heap_kinds_program.KINDS)
def test_all_references_are_known(weigh, program, kind):
    folder, addresses = program

    def look_at(which):
        said = weigh("heap", "kinds.heap", "--json", "--paths", hex(addresses[kind][which]), cwd=folder)
        assert said.status == 0, said.err
        return json.loads(said.out)

    holder, held = look_at("holder")["target"], look_at("held")
    for target in holder, held["target"]:
        assert target["references"] > 0
        assert target["elsewhere"] == 0, target
    # Whatever way it is reached, it is by the holder; and it goes with it.
    assert any(holder["id"] in path["ids"] for path in held["paths"]), held
    assert holder["retained"] >= holder["gross"] + held["target"]["gross"]
