"""A global that grows is found with its true slope, and with the name that holds it."""

import json
import sys

import pytest

# Says at its end how many it kept, in how many seconds.
PROGRAM = """
import time

SECONDS = {seconds}
seen = {{}}


def handle(number):
    body = {{"number": number, "body": str(number) * 100}}
    {keep}


def serve():
    start = time.monotonic()
    number = 1_000_000
    while time.monotonic() - start < SECONDS:
        handle(number)
        number += 1
        # As many a second however busy the machine is.
        time.sleep(max(0, start + (number - 1_000_000) / 1500 - time.monotonic()))
    print(number - 1_000_000, time.monotonic() - start)


serve()
"""


@pytest.fixture
def advise(weigh, tmp_path):
    def run(keep, seconds):
        program, capture = tmp_path / "serve.py", tmp_path / "serve.weigh"
        program.write_text(PROGRAM.format(keep=keep, seconds=seconds))
        ending = weigh("run", "-q", "--heap=end", "-o", capture, "--python", sys.executable, program)
        assert ending.status == 0, ending.err
        kept, took = ending.out.split()
        ending = weigh("advise", "--json", capture)
        assert ending.status == 0, ending.err
        growing = [each for each in json.loads(ending.out)["findings"] if each["rule"] == "growing-line"]
        return growing, int(kept) / float(took)

    return run


def footprint():
    """Of one that is kept: by the program's own interpreter and what weigh says of it."""
    import weigh

    one, other = ({"number": number, "body": str(number) * 100} for number in (1_234_567, 1_234_568))
    # The keys are there once for all of them.
    return weigh.sizeof([one, other]) - weigh.sizeof([one, None])


def test_a_growing_global(advise):
    (finding,), rate = advise("seen[number] = body", 5)
    assert finding["quantity"] == "growth" and finding["function"] == "handle"
    # The dict that holds them grows by leaps: it comes on top of what each takes.
    hour = 3600 * rate * footprint()
    assert 0.93 * hour < finding["saving"] < 1.35 * hour
    assert finding["saving_low"] <= finding["saving"] <= finding["saving_high"]
    assert finding["change"]["after"].startswith("drop what seen keeps")
    assert any(check["text"].startswith("seen holds") for check in finding["checks"])


def test_one_that_is_bounded_does_not_grow(advise):
    """After a second or so as many go as come."""
    found, _ = advise("seen[number % 500] = body", 4)
    assert not found
