"""Native allocations: every symbol, from every kind of thread, at its line."""

import pytest
from conftest import clean_environment
from native_build import build, build_on_path
from recording import record  # noqa: F401: a fixture

SINGLE = """
from allocate import call
how = {how}
p = call('malloc', how, 100_001)  # LINE malloc
q = call('calloc', how, 1001, 100)  # LINE calloc
r = call('memalign', how, 4096, 100_003)  # LINE memalign
s = call('aligned_alloc', how, 256, 102_400)  # LINE aligned_alloc
t = call('posix_memalign', how, 64, 100_005)  # LINE posix_memalign
u = call('valloc', how, 100_006)  # LINE valloc
v = call('pvalloc', how, 100_007)  # LINE pvalloc
w = call('malloc', how, 10)  # LINE moved
w = call('realloc', how, w, 200_001)  # LINE realloc
x = call('reallocarray', how, 0, 2003, 100)  # LINE reallocarray
y = call('malloc', how, 300_001)  # LINE freed
call('free', how, y)  # LINE free
z = call('realloc', how, 0, 300_002)  # LINE vanished
call('realloc', how, z, 0)  # LINE gone
call('realloc', how, p, 1 << 62)  # LINE refused
call('reallocarray', how, p, 1 << 40, 1 << 40)  # LINE overflow
call('malloc', how, 1 << 62)  # LINE toomuch
m = call('mmap', how, 1_000_000)  # LINE mmap
n = call('mmap64', how, 2_000_000)  # LINE mmap64
call('munmap', how, n, 1_000_000 // 4096 * 4096)  # LINE munmap
o = call('mmap', how, 500_000)  # LINE remapped
o = call('mremap', how, o, 500_000, 3_000_000)  # LINE mremap
"""

# What is live at the end and what was ever allocated: bytes asked for, by line.
LIVE = {
    "malloc": 100_001,
    "calloc": 100_100,
    "memalign": 100_003,
    "aligned_alloc": 102_400,
    "posix_memalign": 100_005,
    "valloc": 100_006,
    "pvalloc": 100_007,
    "moved": 0,
    "realloc": 200_001,
    "reallocarray": 200_300,
    "freed": 0,
    "free": 0,
    "vanished": 0,
    "gone": 0,
    "refused": 0,
    "overflow": 0,
    "toomuch": 0,
}
TOTAL = {**LIVE, "moved": 10, "freed": 300_001, "vanished": 300_002}
PAGES = 4096
MAPPED = {
    "mmap": 1_000_000,
    "mmap64": (2_000_000 + PAGES - 1) // PAGES * PAGES - 1_000_000 // PAGES * PAGES,
    "munmap": 0,
    "remapped": 0,
    "mremap": 3_000_000,
}

HOWS = {"gil": 0, "released": 1, "plain": 2}


@pytest.mark.parametrize("how", HOWS)
def test_every_symbol(record, how):
    capture, lines, _ = record(SINGLE.format(how=HOWS[how]))
    assert capture.lost == 0
    if how == "plain":
        # A thread that Python does not know has no line: all is there, at none.
        sums = capture.sum("live", domain="malloc", line=None)
        assert sums.bytes >= sum(LIVE.values())
        assert capture.sum("live", domain="mmap", line=None).bytes == sum(MAPPED.values())
        return
    live = {name: capture.sum("live", domain="malloc", line=lines[name]).bytes for name in LIVE}
    assert live == LIVE
    total = {name: capture.sum("total", domain="malloc", line=lines[name]).bytes for name in TOTAL}
    assert total == TOTAL
    mapped = {name: capture.sum("live", domain="mmap", line=lines[name]).bytes for name in MAPPED}
    assert mapped == MAPPED


def test_footprints(record):
    capture, lines, _ = record(SINGLE.format(how=0))
    for name, size in LIVE.items():
        sums = capture.sum("live", domain="malloc", line=lines[name])
        assert size <= sums.footprint <= size + 2 * PAGES
    assert capture.sum("live", domain="mmap", line=lines["mmap"]).footprint == 245 * PAGES
    assert capture.sum("live", domain="mmap", line=lines["mremap"]).footprint == 733 * PAGES


def test_python_domains(record):
    capture, lines, _ = record(
        """
        from allocate import python
        python('raw', 111_111)  # LINE raw
        python('mem', 222_222)  # LINE mem
        python('object', 333_333)  # LINE object
        small = [python('mem', 40) for _ in range(1000)]  # LINE small
        """
    )
    for domain, size in {"raw": 111_111, "mem": 222_222, "object": 333_333}.items():
        line = lines[domain]
        assert capture.sum("live", domain=domain, line=line).bytes >= size
        assert capture.sum("live", domain=domain, line=line).blocks < 10
        assert capture.sum("total", domain="malloc", line=line).bytes == 0
    assert capture.sum("live", domain="mem", line=lines["small"]).blocks >= 1000


@pytest.mark.parametrize("opener", ["c", "ctypes"])
@pytest.mark.parametrize("how", ["gil", "released"])
def test_library_opened_later(record, opener, how):
    path = build("late.cpp")
    call = {
        "c": f"from allocate import late\ndef go(name, bytes): return late({str(path)!r}, name, {HOWS[how]}, bytes)",
        "ctypes": f"""
import ctypes
library = ctypes.{'PyDLL' if how == 'gil' else 'CDLL'}({str(path)!r})
def go(name, bytes):
    function = getattr(library, name)
    function.restype = ctypes.c_void_p
    function.argtypes = [ctypes.c_size_t]
    return function(bytes)""",
    }[opener]
    capture, lines, _ = record(
        f"""
{call}
kept = [
    go('late_malloc', 100_001),
    go('late_new', 100_002),
    go('late_new_array', 100_003),
    go('late_new_nothrow', 100_004),
    go('late_new_aligned', 102_400),
    go('late_delete', 300_000),
]
"""
    )
    sizes = sorted(
        (site.live.bytes, site.total.bytes)
        for site in capture.sites
        if site.domain == "malloc" and site.total.bytes >= 100_000 and "kept" not in site.stack[0].function
    )
    live = sum(size for size, _ in sizes)
    # Some loaders take a few small blocks of their own while they open the library.
    expected = 100_001 + 100_002 + 100_003 + 100_004 + 102_400
    assert expected <= live < expected + 1000
    assert expected + 600_000 <= sum(total for _, total in sizes) < expected + 601_000


def test_visit_by_a_plain_thread(record):
    capture, lines, _ = record(
        """
        from allocate import call, visit
        kept = []
        def visited():
            kept.append(call('malloc', 0, 50_000))  # LINE visited
            kept.append(bytes(70_000))  # LINE bytes
        visit(visited, 12_345, 20)  # LINE visit
        """
    )
    assert capture.lost == 0
    found = capture.sum("live", domain="malloc", line=lines["visited"])
    assert (found.bytes, found.blocks) == (20 * 50_000, 20)
    assert capture.sum("live", domain="object", line=lines["bytes"]).bytes >= 20 * 70_000
    before_and_after = capture.sum("live", domain="malloc", line=None)
    assert before_and_after.bytes >= 40 * 12_345
    assert capture.sum("live", domain="malloc", line=lines["visit"]).bytes == 0


def test_pymalloc_arenas_are_not_counted_twice(record):
    capture, lines, _ = record(
        """
        kept = [[] for _ in range(200_000)]  # LINE lists
        """
    )
    assert capture.sum("live", domain="object", line=lines["lists"]).bytes >= 200_000 * 40
    mapped = capture.sum("total", domain="mmap", line=lines["lists"]).bytes
    assert mapped == 0
    assert capture.peak.footprint < 30_000_000


def test_mmap_module(record):
    capture, lines, _ = record(
        """
        import mmap
        kept = mmap.mmap(-1, 5_000_000)  # LINE kept
        brief = mmap.mmap(-1, 6_000_000)  # LINE brief
        brief.close()
        file = open(__file__, 'rb')
        view = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)  # LINE file
        """
    )
    assert capture.sum("live", domain="mmap", line=lines["kept"]).bytes == 5_000_000
    assert capture.sum("live", domain="mmap", line=lines["brief"]).bytes == 0
    assert capture.sum("total", domain="mmap", line=lines["brief"]).bytes == 6_000_000
    assert capture.sum("total", domain="mmap", line=lines["file"]).bytes == 0


def test_parts_of_mappings(record):
    capture, lines, _ = record(
        """
        from allocate import call
        page = 4096
        whole = call('mmap', 0, 100 * page)  # LINE whole
        call('munmap', 0, whole, 10 * page)
        call('munmap', 0, whole + 50 * page, 5 * page)
        call('munmap', 0, whole + 90 * page, 10 * page)
        under = call('mmap', 0, 40 * page)  # LINE under
        call('mmap', 0, 8 * page, under + 16 * page)  # LINE over
        gone = call('mmap', 0, 30 * page)  # LINE gone
        call('munmap', 0, gone - 0, 30 * page)
        shrunk = call('mmap', 0, 64 * page)  # LINE shrunk
        call('mremap', 0, shrunk, 64 * page, 16 * page)  # LINE shrink
        """
    )

    def pages(name):
        found = capture.sum("live", domain="mmap", line=lines[name])
        assert found.bytes == found.footprint
        return found.footprint / 4096, found.blocks

    assert pages("whole") == (75, 2)
    assert pages("under") == (32, 2)
    assert pages("over") == (8, 1)
    assert pages("gone") == (0, 0)
    assert pages("shrunk") == (0, 0)
    assert pages("shrink") == (16, 1)


@pytest.mark.parametrize("binding", ["NOW", "LAZY"])
def test_library_with_an_allocator_of_its_own(run_alike, script, binding):
    """It has malloc and free by name, and uses its own: they stay together."""
    name = script(
        f"""
import ctypes, os, sys
mode = os.RTLD_{binding} | os.RTLD_LOCAL | os.RTLD_DEEPBIND
library = ctypes.CDLL({str(build('own_malloc.c', ('-fno-builtin', '-Wl,-z,lazy')))!r}, mode=mode)
import decimal, zlib
print(library.own_works())
"""
    )
    assert run_alike(name).out == "1\n"


def test_threads_of_c_that_never_end(run_alike, script):
    """Plain threads that allocate while the recording stops and the process ends."""
    environment = clean_environment(PYTHONPATH=build_on_path("allocate.c"))
    name = script("import allocate, time\nallocate.hammer(4)\ntime.sleep(0.05)\nprint('end')\n")
    for _ in range(5):
        assert run_alike(name, env=environment).status == 0
