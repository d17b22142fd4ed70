"""The table of lines against bytes known by construction: loop, recursion, generator, coroutine, threads."""

import asyncio
import mmap
import sys
import threading
from ctypes import pythonapi

import pytest
from weigh import _weigh
from weigh._lines import LineProfiler

PAGE = mmap.PAGESIZE
OF_MALLOC = 100_000  # bytes of a block that malloc cuts from its heap
HEADER = 8


def chunk(requested):
    """What malloc keeps for a request."""
    return max(32, (requested + HEADER + 15) & ~15)


# The length of the bytes object whose only block is of so many bytes, all of which it keeps: a multiple of 16 up to
# 512. Looked up, since a sum would make an int.
LENGTH = {size: size - bytes.__basicsize__ for size in range(48, 513, 16)}


@pytest.fixture
def lines():
    """Profiles a function, calls it through what the profiler returned, and tells its lines by their mark."""
    profilers = []

    def profile(function):
        profiler = LineProfiler()
        profilers.append((profiler, function))
        return profiler(function)

    def read(function_index=0):
        profiler, function = profilers[function_index]
        (table,) = profiler.tables()
        return {
            source.split("#")[1].strip(): line
            for source, line in zip(table.source, table.lines)
            if "#" in source and line.mem_usage is not None
        }

    profile.read = read
    profile.clear = lambda: profilers[0][0].clear()
    yield profile
    for profiler, _ in profilers:
        for code in profiler.codes:
            _weigh.lines_remove(code)


def figures(line):
    return line.occurrences, line.allocated, line.freed, line.peak


def test_loop(lines):
    keep = [None] * 11

    @lines
    def loop():
        for i in range(10):
            keep[i] = bytes(LENGTH[112])  # kept
        for i in range(10):
            bytes(LENGTH[208])  # dropped
        for i in range(10):
            keep[i] = None  # freed
        keep[10] = None  # of before

    keep[10] = bytes(LENGTH[496])
    loop()
    found = lines.read()
    assert figures(found["kept"]) == (10, 10 * 112, 0, 112)
    assert figures(found["dropped"]) == (10, 10 * 208, 10 * 208, 208)
    assert figures(found["freed"]) == (10, 0, 10 * 112, 0)
    assert figures(found["of before"]) == (1, 0, 496, 0)


def test_growing_in_one_pass(lines):
    """The peak is what one pass of a line had at once, not what all left behind."""

    @lines
    def pieces():
        first, second = bytes(LENGTH[304]), bytes(LENGTH[320])  # both
        first = second = None  # gone
        for size in (400, 496, 208):
            held = bytes(LENGTH[size])  # held
            held = None  # let go

    pieces()
    found = lines.read()
    both = 304 + 320
    assert figures(found["both"]) == (1, both, 0, both)
    assert figures(found["gone"]) == (1, 0, both, 0)
    assert figures(found["held"]) == (3, 400 + 496 + 208, 0, 496)
    assert found["let go"].freed == 400 + 496 + 208


def test_recursion(lines):
    """Each byte counts once for a line, however many of its calls are under way."""
    sizes = [0, 112, 208, 304, 400]
    kept = [None] * 5

    def descend(depth):
        if depth == 0:
            return  # bottom
        kept[depth] = bytes(LENGTH[sizes[depth]])  # before
        follow(depth - 1)  # inner
        kept[depth] = None  # after

    follow = lines(descend)
    follow(4)
    lines.clear()
    follow(4)
    found = lines.read()
    each = [112, 208, 304, 400]
    assert figures(found["before"]) == (4, sum(each), 0, each[3])
    assert figures(found["after"]) == (4, 0, sum(each), 0)
    inner = found["inner"]
    wrapped = sys.version_info < (3, 12)  # there the wrapper's own blocks come and go
    assert inner.occurrences == 4
    if not wrapped:
        assert (inner.allocated, inner.freed) == (sum(each[:3]), sum(each[:3]))
        assert inner.peak == sum(each[:3])


def test_generator(lines):
    kept = [None] * 3

    @lines
    def generate():
        for i in range(3):
            kept[i] = bytes(LENGTH[352])  # before
            yield i  # out
            kept[i] = None  # after

    outside = []
    for i in generate():
        outside.append(bytes(LENGTH[256]))  # between two steps: nobody's
    found = lines.read()
    assert figures(found["before"]) == (3, 3 * 352, 0, 352)
    assert found["out"].occurrences == 3 and found["out"].allocated == found["out"].freed == 0
    assert figures(found["after"]) == (3, 0, 3 * 352, 0)


def test_coroutine(lines):
    kept = [None]

    @lines
    async def work():
        kept[0] = bytes(LENGTH[336])  # taken
        await pause()  # waiting
        kept[0] = None  # given

    class pause:
        def __await__(self):
            yield

    def step(coroutine):
        """Runs it without an event loop, whose own blocks would come in between."""
        for _ in coroutine.__await__():
            kept.append(bytes(LENGTH[272]))

    for _ in pause().__await__():
        pass  # before 3.11 the first frame of a function is kept for the next
    step(work())
    found = lines.read()
    assert figures(found["taken"]) == (1, 336, 0, 336)
    assert figures(found["given"]) == (1, 0, 336, 0)
    assert found["waiting"].increment < 272  # the waiting's own objects; what came between is nobody's


def test_coroutines_that_take_turns(lines):
    kept = []

    @lines
    async def work(size):
        kept.append(None)
        kept[-1] = bytes(LENGTH[size])  # taken
        await asyncio.sleep(0)
        last = kept.pop()  # fetched
        del last  # given

    async def both():
        await asyncio.gather(work(224), work(240))

    asyncio.run(both())
    found = lines.read()
    each = 224, 240
    assert figures(found["taken"]) == (2, sum(each), 0, max(each))
    assert figures(found["given"]) == (2, 0, sum(each), 0)


def test_threads(lines):
    """What two threads do at once on the same lines is told apart, and added up."""
    ready = threading.Barrier(2)

    @lines
    def work(size, rounds):
        kept = None
        ready.wait()
        for i in range(rounds):
            kept = bytes(LENGTH[size])  # taken
            kept = None  # given

    threads = [threading.Thread(target=work, args=(size, 200)) for size in (480, 512)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = lines.read()
    each = 480, 512
    assert figures(found["taken"]) == (400, 200 * sum(each), 0, max(each))
    assert figures(found["given"]) == (400, 0, 200 * sum(each), 0)


def test_mappings(lines):
    @lines
    def maps():
        memory = mmap.mmap(-1, 64 * PAGE)  # mapped
        memory.close()  # unmapped
        large = bytes(64 << 20)  # large
        del large  # gone

    maps()
    found = lines.read()
    assert found["mapped"].peak >= 64 * PAGE and found["mapped"].peak < 65 * PAGE
    assert found["unmapped"].freed == 64 * PAGE
    size = found["large"].allocated
    assert 64 << 20 <= size <= (64 << 20) + 2 * PAGE
    assert found["gone"].freed == size


def test_native_blocks(lines):
    """What C code takes by malloc is the line's that called it."""
    from ctypes import c_size_t, c_void_p

    malloc, free = pythonapi.PyMem_RawMalloc, pythonapi.PyMem_RawFree
    malloc.argtypes, malloc.restype = [c_size_t], c_void_p
    free.argtypes, free.restype = [c_void_p], None
    malloc(10), free(None)

    @lines
    def native():
        address = malloc(OF_MALLOC)  # taken
        free(address)  # given
        return address

    # Small ints come from a list of free ones since 3.14.
    number = 0 if native() < 1 << 30 and sys.version_info >= (3, 14) else 32
    found = lines.read()
    assert found["taken"].allocated - found["taken"].freed == chunk(OF_MALLOC) + number
    assert found["given"].freed - found["given"].allocated == chunk(OF_MALLOC)


def test_an_exception_ends_the_line_it_comes_from(lines):
    kept = [None]

    @lines
    def fails():
        kept[0] = bytes(LENGTH[400])  # taken
        kept[0] = [][1]  # raises
        kept[0] = None  # never

    with pytest.raises(IndexError):
        fails()
    found = lines.read()
    assert figures(found["taken"]) == (1, 400, 0, 400)
    assert found["raises"].occurrences == 1
    assert "never" not in found
