"""`weigh verify`: a prediction against two captures, against a program run again, and its record."""

import json
import os
import re
import sys

import pytest

MEGABYTES = 20
HOLDER = "block = bytearray({size})\nprint('ran')\n"
OUTSIDE = 3


@pytest.fixture
def captures(weigh, tmp_path):
    """Captures of a program that holds 20 MB and of one that holds 5 less."""

    def record(name, megabytes):
        script = tmp_path / f"{name}.py"
        script.write_text(HOLDER.format(size=megabytes * 10**6))
        output = tmp_path / f"{name}.weigh"
        ending = weigh("run", "-q", "-f", "-o", output, "--python", sys.executable, script)
        assert ending.status == 0, ending.err
        return output

    return record("before", MEGABYTES), record("after", MEGABYTES - 5)


def test_within_the_error(weigh, captures):
    ending = weigh("verify", "--predicted", "5000000", *captures)
    assert ending.status == 0, ending.err
    assert "confirmed" in ending.out


def test_outside_the_error(weigh, captures):
    ending = weigh("verify", "--predicted", "6000000", *captures)
    assert ending.status == OUTSIDE
    assert "not confirmed" in ending.out


def test_error_that_is_allowed(weigh, captures):
    # 5 of 6 MB came back: off by 16.7 %.
    assert weigh("verify", "--predicted", "6000000", "--within", "16", *captures).status == OUTSIDE
    assert weigh("verify", "--predicted", "6000000", "--within", "17.5", *captures).status == 0


def test_json(weigh, captures):
    ending = weigh("verify", "--predicted", "5000000", "--json", *captures)
    found = json.loads(ending.out)
    assert found["schema"] == "weigh.verify/1" and found["ok"] is True
    peak = found["peak"]
    assert peak["saving"] == peak["before"] - peak["after"]
    assert peak["saving"] == pytest.approx(5_000_000, rel=0.02)
    assert peak["predicted"] == 5_000_000
    assert peak["error"] == pytest.approx((peak["saving"] - 5_000_000) / 5_000_000)
    assert found["end"]["predicted"] is None


def test_prediction_for_the_end(weigh, captures):
    found = json.loads(weigh("verify", "-p", "5e6", "-q", "end", "--json", *captures).out)
    assert found["end"]["predicted"] == 5_000_000 and found["peak"]["predicted"] is None


def test_without_prediction_larger_fails(weigh, captures):
    before, after = captures
    assert weigh("verify", before, after).status == 0
    assert weigh("verify", after, before).status == OUTSIDE


def test_without_prediction_it_says_what_was_measured(weigh, captures):
    """25 % of 20 MB went, and a third of 15 came back."""
    before, after = captures
    smaller = weigh("verify", before, after).out.splitlines()[-1]
    larger = weigh("verify", after, before).out.splitlines()[-1]
    assert re.fullmatch(r"the peak is 4\.8 MiB smaller \(2[45]\.\d %\), what is live at the end \S+ MiB smaller \(.*\)", smaller)
    assert re.fullmatch(r"the peak is 4\.8 MiB larger \(3[23]\.\d %\), .*, more than the 5 % allowed", larger)
    same = weigh("verify", after, after).out.splitlines()[-1]
    assert same == "the peak is the same, what is live at the end the same"


def advice_for(capture, saving):
    finding = {"id": "W28-1", "rule": "used-once", "quantity": "peak", "saving": saving}
    return {"schema": "weigh.advice/1", "capture": str(capture), "findings": [finding]}


@pytest.fixture
def advice(captures, tmp_path):
    path = tmp_path / "advice.json"
    path.write_text(json.dumps(advice_for(captures[0], 5_000_000)))
    return path


def test_program_run_again(weigh, captures, advice, tmp_path):
    ending = weigh("verify", "-a", "W28-1", "--json", advice, "--", sys.executable, tmp_path / "after.py")
    assert ending.status == 0, ending.err
    assert "ran" in ending.err, "what the program prints does not mix with the verdict"
    found = json.loads(ending.out)
    assert found["advice"] == "W28-1"
    assert (tmp_path / "before.W28-1.weigh").exists()


def test_program_that_fails(weigh, advice, tmp_path):
    (tmp_path / "fails.py").write_text("raise SystemExit(4)")
    ending = weigh("verify", "-a", "W28-1", advice, "--", sys.executable, tmp_path / "fails.py")
    assert ending.status == 1 and "status 4" in ending.err


def test_unknown_finding(weigh, advice):
    ending = weigh("verify", "-a", "W28-2", advice, "--", sys.executable, "after.py")
    assert ending.status == 2 and "W28-2" in ending.err


@pytest.fixture
def kept(weigh, advice, tmp_path):
    """A pair that was verified, and its record."""
    weigh("verify", "-a", "W28-1", advice, "--", sys.executable, tmp_path / "after.py")
    return tmp_path / "before.W28-1.json"


def test_record_is_checked_again(weigh, kept):
    found = json.loads(kept.read_text())
    assert found["before"] == "before.weigh" and found["after"] == "before.W28-1.weigh"
    assert weigh("verify", kept).status == 0
    assert weigh("verify", "--within", "0", kept).status == OUTSIDE


def test_record_without_its_captures(weigh, kept):
    os.remove("before.weigh")
    os.remove("before.W28-1.weigh")
    assert weigh("verify", kept).status == 0


def test_record_that_was_tampered_with(weigh, kept):
    text = kept.read_text()
    found = json.loads(text)
    found["peak"]["predicted"] *= 2
    kept.write_text(json.dumps(found))
    ending = weigh("verify", kept)
    assert ending.status == 1 and "say otherwise" in ending.err
    kept.write_text(text)
    os.replace("after.weigh", "before.weigh")
    ending = weigh("verify", kept)
    assert ending.status == 1 and "not the capture" in ending.err


def test_record_with_the_program_run_again(weigh, kept, tmp_path):
    assert weigh("verify", kept, "--", sys.executable, tmp_path / "after.py").status == 0
    assert weigh("verify", kept, "--", sys.executable, tmp_path / "before.py").status == OUTSIDE


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["a", "b", "c"],
        ["before.weigh"],
        ["before.weigh", "--"],
        ["before.weigh", "after.weigh", "--", "x.py"],
        ["--predicted", "many", "before.weigh", "after.weigh"],
        ["--predicted", "1", "--advice", "W28-1", "before.weigh", "after.weigh"],
    ],
)
def test_wrong_usage(weigh, captures, words):
    ending = weigh("verify", *words)
    assert ending.status == 2
    assert ending.err.startswith("weigh: ") and ending.err.count("\n") == 1
