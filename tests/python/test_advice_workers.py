"""Advice on what goes to worker processes: predicted from the program's own side, measured on the changed program."""

import json
import sys

import pytest

pytest.importorskip("numpy")

SENT = """
import multiprocessing

import numpy as np


def work(job):
    table, number = job
    return float(table[number::8].sum())


def main():
    table = np.arange(3_000_000, dtype=float)
    jobs = [(table, number) for number in range(8)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(sum(pool.map(work, jobs, chunksize=1)))


main()
"""

SHARED = """
import multiprocessing

import numpy as np

table = np.arange(3_000_000, dtype=float)


def work(number):
    return float(table[number::8].sum())


with multiprocessing.get_context("fork").Pool(2) as pool:
    print(sum(pool.map(work, range(8), chunksize=1)))
"""

EXECUTOR = SENT.replace(
    'with multiprocessing.get_context("fork").Pool(2) as pool:\n        print(sum(pool.map(work, jobs, chunksize=1)))',
    'with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:\n'
    "        print(sum(done.result() for done in [pool.submit(work, job) for job in jobs]))",
).replace("import multiprocessing\n", "import multiprocessing\nfrom concurrent.futures import ProcessPoolExecutor\n")


@pytest.fixture
def record(weigh, tmp_path):
    def run(name, code):
        program, capture = tmp_path / f"{name}.py", tmp_path / f"{name}.weigh"
        program.write_text(code)
        ending = weigh("run", "-q", "--exact", "-o", capture, "--python", sys.executable, program)
        assert ending.status == 0, ending.err
        return capture

    return run


def advise(weigh, capture):
    ending = weigh("advise", "--json", "--rejected", capture)
    assert ending.status == 0, ending.err
    return json.loads(ending.out)


def of_workers(findings):
    return [finding for finding in findings if finding["rule"] == "sent-to-workers"]


@pytest.mark.parametrize("name", ["pool", "executor"])
def test_an_array_that_is_sent_with_each_task(name, record, weigh):
    before = record(name, SENT if name == "pool" else EXECUTOR)
    (finding,) = of_workers(advise(weigh, before)["findings"])
    assert "pool." in finding["change"]["before"]
    # At the least the one pickle that is being sent, 24 MB.
    assert finding["saving"] >= 3_000_000 * 8
    after = record("shared", SHARED)
    ending = weigh("verify", "--json", "--predicted", str(finding["saving"]), before, after)
    assert ending.status == 0, json.loads(ending.out)["peak"]


def test_tasks_of_numbers_are_no_matter(record, weigh):
    advice = advise(weigh, record("shared", SHARED))
    assert not of_workers(advice["findings"] + advice["rejected"])
