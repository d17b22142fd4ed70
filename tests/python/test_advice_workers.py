"""Advice on what goes to worker processes, and what each of them has: predicted, and measured on the changed program."""

import json
import pathlib
import sys

import pytest
from conftest import execute

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
        ending = weigh("run", "-q", "-o", capture, "--python", sys.executable, program)
        assert ending.status == 0, ending.err
        return capture

    return run


def advise(weigh, capture):
    ending = weigh("advise", "--json", "--rejected", capture)
    assert ending.status == 0, ending.err
    return json.loads(ending.out)


def find(advice, rule):
    return [finding for finding in advice["findings"] if finding["rule"] == rule]


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


COPIES = """
import multiprocessing
import sys

import numpy as np

import weigh


def load():
    return np.load(sys.argv[1])


def start(number):
    with weigh.Tracker(f"worker{{number}}.weigh"):
        table = {make}
        scratch = np.sqrt(table[number::2])
        scratch = np.sqrt(table[number::2])
        barrier.wait()
        print(table[number] + scratch[0])


if __name__ == "__main__":
    barrier = multiprocessing.Barrier(3)
    {before}
    workers = [multiprocessing.get_context("fork").Process(target=start, args=[n]) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
"""

EACH = 3_000_000 * 8


def test_a_table_that_each_worker_reads(weigh, tmp_path):
    """Once before the fork it is there for all: each worker gives back its copy."""
    numpy = pytest.importorskip("numpy")
    program = tmp_path / "copies.py"
    numpy.save("table.npy", numpy.arange(3_000_000, dtype=float))
    program.write_text(COPIES.format(make="load()", before=""))
    assert execute([sys.executable, program, "table.npy"]).status == 0
    names = [f"worker{n}.weigh" for n in range(3)]
    (tmp_path / "one.json").write_text(weigh("advise", "--json", names[0]).out)
    assert not find(json.loads((tmp_path / "one.json").read_text()), "copies-per-worker")
    ending = weigh("advise", "--json", *names)
    (finding,) = find(json.loads(ending.out), "copies-per-worker")
    lines = program.read_text().splitlines()
    assert lines[finding["line"] - 1].strip() == "table = load()"
    assert finding["saving"] == pytest.approx(2 * EACH, rel=0.001)
    assert finding["before"] == pytest.approx(3 * EACH, rel=0.001)
    assert finding["grade"] == "hypothesis"
    assert weigh("advise", names[0], names[0]).status == 2
    for name in names:
        pathlib.Path(name).rename(f"before-{name}")
    program.write_text(COPIES.format(make="shared", before="shared = load()"))
    assert execute([sys.executable, program, "table.npy"]).status == 0
    for name in names:
        ending = weigh("verify", "--predicted", str(EACH), f"before-{name}", name)
        assert ending.status == 0, ending.out


def test_workers_on_tables_of_their_own(weigh, tmp_path):
    pytest.importorskip("numpy")
    program = tmp_path / "parts.py"
    program.write_text(COPIES.format(make="np.ones(2_000_000 + 100_000 * number)", before=""))
    assert execute([sys.executable, program]).status == 0
    advice = json.loads(weigh("advise", "--json", *[f"worker{n}.weigh" for n in range(3)]).out)
    assert not find(advice, "copies-per-worker")
