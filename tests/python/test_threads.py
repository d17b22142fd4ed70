"""Threads: names, short lives, pools, threads that outlive the program, subinterpreters."""

import sys
import textwrap

import pytest
from conftest import execute
from recording import record  # noqa: F401: a fixture


def test_threads_by_name(record):
    capture, lines, _ = record(
        """
        import threading
        kept = []
        def work(number):
            for _ in range(200):
                kept.append(bytes(1000 * number))  # LINE work
        threads = [threading.Thread(target=work, args=(i,), name=f'worker {i}') for i in range(1, 6)]
        for t in threads: t.start()
        for t in threads: t.join()
        work(10)
        """
    )
    for number in range(1, 6):
        found = capture.sum("live", thread=f"worker {number}", line=lines["work"], domain="object")
        assert found.blocks >= 200
        assert 200 * (1000 * number + 33) <= found.bytes < 200 * (1000 * number + 33) + 20_000
    assert capture.sum("live", thread="MainThread", line=lines["work"]).bytes >= 200 * 10_033


def test_short_threads(record):
    """Threads that allocate a single block of their own."""
    capture, lines, _ = record(
        """
        import threading
        kept = []
        def work():
            kept.append(bytes(50_000))  # LINE work
        for i in range(100):
            t = threading.Thread(target=work, name=f'short-{i}')
            t.start()
            t.join()
        """
    )
    assert capture.lost == 0
    named = [
        capture.sum("live", thread=f"short-{i}", line=lines["work"], domain="raw").bytes
        + capture.sum("live", thread=f"short-{i}", line=lines["work"], domain="object").bytes
        for i in range(100)
    ]
    assert all(50_000 <= size < 51_000 for size in named)


def test_pool(record):
    capture, lines, ending = record(
        """
        from concurrent.futures import ThreadPoolExecutor
        def work(i):
            return [str(i + j) for j in range(1000)]  # LINE work
        with ThreadPoolExecutor(4, thread_name_prefix='pool') as pool:
            kept = list(pool.map(work, range(1_000_000, 1_000_100)))
        print(len(kept))
        """
    )
    assert ending.out == "100\n"
    assert capture.lost == 0
    names = {site.thread for site in capture.sites if site.top[1:] == ("work", lines["work"])}
    assert names and names <= {f"pool_{i}" for i in range(4)}
    found = capture.sum("live", domain="object", line=lines["work"])
    assert found.bytes >= 100 * 1000 * (40 + 8)
    assert found.blocks >= 100_000


def test_renamed_and_unnamed_threads(record):
    capture, lines, _ = record(
        """
        import _thread, threading, time
        kept = []
        done = _thread.allocate_lock()
        done.acquire()
        def bare():
            kept.append(bytes(40_000))  # LINE bare
            done.release()
        _thread.start_new_thread(bare, ())
        done.acquire()
        kept.append(bytes(30_000))  # LINE main
        """
    )
    assert capture.sum("live", line=lines["bare"]).bytes >= 40_000
    assert capture.sum("live", thread="MainThread", line=lines["bare"]).bytes == 0
    assert capture.sum("live", thread="MainThread", line=lines["main"]).bytes >= 30_000


def test_blocks_freed_by_another_thread(record):
    capture, lines, _ = record(
        """
        import queue, threading
        passed = queue.Queue(10)
        def make():
            for _ in range(500):
                passed.put(bytearray(5000))  # LINE make
            passed.put(None)
        t = threading.Thread(target=make, name='maker')
        t.start()
        while passed.get() is not None:
            pass
        t.join()
        """
    )
    found = capture.sum("total", thread="maker", line=lines["make"])
    assert found.bytes >= 500 * 5001
    assert capture.sum("live", line=lines["make"]).bytes < 20_000


ENDINGS = {
    "daemon threads": """
        def busy():
            while True:
                [bytes(i) for i in range(500)]
        for _ in range(4):
            threading.Thread(target=busy, daemon=True).start()
        time.sleep(0.05)
        print('end')
        """,
    "daemon threads in os._exit": """
        import os
        def busy():
            while True:
                [str(i) for i in range(500)]
        for _ in range(4):
            threading.Thread(target=busy, daemon=True).start()
        time.sleep(0.05)
        os._exit(3)
        """,
    "sleeping daemon": """
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
        print('end')
        """,
    "thread that ends after main": """
        def late():
            time.sleep(0.1)
            print(len([str(i) for i in range(1000)]))
        threading.Thread(target=late).start()
        """,
    "exception in a thread": """
        def fail():
            raise ValueError('mine')
        t = threading.Thread(target=fail, name='failing')
        t.start()
        t.join()
        """,
    "compression without the GIL": """
        import zlib
        def squeeze():
            while True:
                zlib.compress(bytes(300_000))
        for _ in range(3):
            threading.Thread(target=squeeze, daemon=True).start()
        time.sleep(0.1)
        print('end')
        """,
    "thread at exit": """
        import atexit
        def at_exit():
            t = threading.Thread(target=lambda: [str(i) for i in range(1000)])
            try:
                t.start()
                t.join()
            except RuntimeError:
                pass
            print('exit')
        atexit.register(at_exit)
        """,
}


@pytest.mark.parametrize("how", ENDINGS)
def test_ends_as_without_weigh(run_alike, script, how):
    name = script("import threading, time\n" + textwrap.dedent(ENDINGS[how]))
    for _ in range(3):
        run_alike(name)


SUBINTERPRETERS = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import threading
def run(number):
    made = interpreters.create(*{arguments})
    for _ in range(3):
        interpreters.run_string(made, "kept = [str(i) for i in range(20_000)]; kept.append(len(kept))")
    interpreters.destroy(made)
for i in range(3):
    run(i)
threads = [threading.Thread(target=run, args=(i,)) for i in range(3)]
for t in threads: t.start()
for t in threads: t.join()
print('end')
"""


@pytest.mark.parametrize("kind", ["usual", "legacy"])
def test_subinterpreters(run_alike, script, kind):
    if kind == "legacy" and sys.version_info < (3, 13):
        pytest.skip("this version makes them of one kind only")
    name = script(SUBINTERPRETERS.format(arguments={"usual": "()", "legacy": "('legacy',)"}[kind]))
    bare = execute([sys.executable, name])
    if bare.status != 0:
        pytest.skip(f"the bare interpreter fails: {bare.err[-200:]}")
    run_alike(name)
