"""NumPy's arrays: each a block, with exact bytes, at its line."""

import pytest
from recording import record  # noqa: F401: a fixture

pytest.importorskip("numpy")


def test_small_arrays_are_blocks(record):
    capture, lines, _ = record(
        """
        import numpy
        kept = [numpy.zeros(100, numpy.uint8) for _ in range(1000)]  # LINE kept
        brief = [numpy.empty(100, numpy.uint8) for _ in range(1000)]  # LINE brief
        del brief
        """
    )
    assert capture.lost == 0
    kept = capture.sum("live", domain="array", line=lines["kept"])
    assert (kept.bytes, kept.blocks) == (100_000, 1000)
    brief = capture.sum("live", domain="array", line=lines["brief"])
    assert (brief.bytes, brief.blocks) == (0, 0)
    total = capture.sum("total", domain="array", line=lines["brief"])
    assert (total.bytes, total.blocks) == (100_000, 1000)
    # Each was malloc's for a moment, before NumPy said whose it is.
    assert capture.sum("total", domain="malloc", line=lines["kept"]).blocks < 20


def test_large_arrays(record):
    capture, lines, _ = record(
        """
        import numpy as np
        a = np.arange(10_000_000)  # LINE range
        b = a*2 + 1  # LINE sum
        """
    )
    assert capture.sum("live", domain="array", line=lines["range"]).bytes == 80_000_000
    assert capture.sum("live", domain="array", line=lines["sum"]).bytes == 80_000_000
    total = capture.sum("total", domain="array", line=lines["sum"])
    # NumPy adds in place, on the temporary, where it may; and makes arrays of the numbers.
    assert round(total.bytes, -7) in (80_000_000, 160_000_000)
    assert total.bytes % 10_000_000 < 100
    at_peak = capture.sum("at_peak", domain="array", file="script.py").bytes
    assert round(at_peak, -7) == 80_000_000 + round(total.bytes, -7)
    assert 0 <= capture.peak.footprint - at_peak < 20_000_000


def test_sampled_run_is_exact_about_large_arrays(record):
    capture, lines, _ = record(
        """
        import numpy as np
        a = np.arange(10_000_000)  # LINE range
        b = a*2 + 1  # LINE sum
        """,
        options=(),
    )
    for name in ("range", "sum"):
        found = capture.sum("live", domain="array", line=lines[name])
        assert abs(found.bytes - 80_000_000) < 2_000
        assert found.bytes_var < 1_000_000


def test_resize_and_views(record):
    capture, lines, _ = record(
        """
        import numpy as np
        a = np.zeros(1000)  # LINE small
        a.resize(100_000, refcheck=False)  # LINE large
        view = a[::2]  # LINE view
        copy = view.copy()  # LINE copy
        """
    )
    assert capture.sum("live", domain="array", line=lines["small"]).bytes == 0
    assert capture.sum("live", domain="array", line=lines["large"]).bytes == 800_000
    assert capture.sum("live", domain="array", line=lines["view"]).bytes == 0
    assert capture.sum("live", domain="array", line=lines["copy"]).bytes == 400_000


def test_all_freed(record):
    capture, lines, _ = record(
        """
        import numpy as np
        def work():
            for i in range(2000):
                a = np.empty(i * 7, np.uint8)  # LINE empty
                b = np.concatenate([a, a])  # LINE pair
        work()
        """
    )
    for name in ("empty", "pair"):
        assert capture.sum("live", domain="array", line=lines[name]).blocks == 0
        assert capture.sum("total", domain="array", line=lines[name]).blocks >= 2000
    assert capture.sum("total", domain="array", line=lines["pair"]).bytes >= 2 * sum(i * 7 for i in range(2000))
