"""Results of torch that keep the graph behind them; torch itself is large, and may stand aside for its blocks alone."""

import json
import pathlib
import sys

import pytest
from conftest import execute

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples" / "advice"
PASSES = 40

# The blocks that one operation leaves at one instruction: its data, and small ones beside it.
STAND_IN = """
class Tensor:
    def __init__(self, small):
        self.blocks = [bytes(size) for size in [200_000] + [100] * small]

    def item(self):
        return 1.0

    def __add__(self, other):
        return [self, other]

    __radd__ = __add__
"""

PROGRAM = """
import torch
import weigh

def model(batch):
    return torch.Tensor({small})

def measure(batches):
    losses, total = [], 0
    for batch in batches:
        loss = model(batch)
        {keep}
    return losses, total

with weigh.Tracker("{capture}", exact=True, overwrite=True):
    measure(range({passes}))
"""


@pytest.fixture
def advise(weigh):
    def run(capture):
        ending = weigh("advise", "--json", "--rejected", capture)
        assert ending.status == 0, ending.err
        return json.loads(ending.out)

    return run


def record(*words):
    done = execute([sys.executable, *words])
    assert done.status == 0, done.err


@pytest.fixture
def stand_in(advise, tmp_path):
    """Advice on a loop that keeps a result by one line."""

    def run(keep, small=7, more="", passes=PASSES):
        capture = tmp_path / "loop.weigh"
        (tmp_path / "torch.py").write_text(STAND_IN)
        path = tmp_path / "loop.py"
        path.write_text(PROGRAM.format(small=small, keep=keep, capture=capture, passes=passes) + more)
        record(path)
        return advise(capture)

    return run


def about(advice, kind="findings"):
    return [each for each in advice[kind] if each["rule"] == "retained-graph"]


@pytest.mark.parametrize(
    "keep, change",
    [
        ("losses.append(loss)", "losses.append(loss.detach())"),
        ("total += loss", "total += loss.detach()"),
        ("total = total + loss", "total = total + loss.detach()"),
        ("losses.append(loss + loss)", "losses.append((loss + loss).detach())"),
    ],
)
def test_what_is_kept_pass_after_pass(stand_in, keep, change):
    (finding,) = about(stand_in(keep))
    assert finding["change"]["before"] == keep
    assert finding["change"]["after"].split("  #")[0] == change
    assert finding["line"] == PROGRAM[: PROGRAM.index("{keep}")].count("\n") + 1
    # All passes but the last, and the one before while its name stands for it; what is beside the data is small.
    left = 1 if "loss + loss" in keep else 2
    assert finding["saving"] == pytest.approx((PASSES - left) * 200_000, rel=0.02)
    assert finding["grade"] == "likely"


@pytest.mark.parametrize(
    "keep, options",
    [
        ("losses.append(loss.item())", {}),
        ("total += loss.item()", {}),
        ("losses.append(loss)", {"small": 2}),  # data, and no more: an object and a buffer each
        ("losses.append(loss)", {"passes": 3}),
        ("losses.append(batch)", {}),
    ],
)
def test_what_is_no_graph(stand_in, keep, options):
    advice = stand_in(keep, **options)
    assert not about(advice) and not about(advice, "rejected")


def test_a_graph_that_is_wanted(stand_in):
    advice = stand_in("losses.append(loss); len(losses) > 1e9 and sum(losses).backward()")
    assert not about(advice)
    keep = "losses.append(loss)\n    len(losses) > 1e9 and sum(losses).backward()"
    (rejected,) = about(stand_in(keep), "rejected")
    assert "calls backward()" in rejected["why"]


def test_a_graph_that_may_be_wanted_elsewhere(stand_in):
    (finding,) = about(stand_in("losses.append(loss)", more="\ndef train(loss):\n    loss.backward()\n"))
    assert finding["grade"] == "hypothesis"
    assert [check["ok"] for check in finding["checks"]] == [True, None]


def test_the_losses_of_a_model(advise, weigh, tmp_path):
    pytest.importorskip("torch")
    before, after = tmp_path / "before.weigh", tmp_path / "after.weigh"
    record(EXAMPLES / "losses.py", before)
    (finding,) = about(advise(before))
    lines = (EXAMPLES / "losses.py").read_text().splitlines()
    assert lines[finding["line"] - 1].strip() == "losses.append(loss)"
    # What tanh made of each batch but the last, at the least.
    assert finding["saving"] > (PASSES - 1) * 128 * 1024 * 4
    (tmp_path / "advice.json").write_text(weigh("advise", "--json", before).out)
    record(EXAMPLES / "losses_alone.py", after)
    assert not about(advise(after))
    ending = weigh("verify", "--json", "--advice", finding["id"], tmp_path / "advice.json", after)
    assert ending.status == 0, ending.out + ending.err
