"""Arrow's memory, as pyarrow and pandas hold it.

Where pyarrow is not installed there is nothing to test: it is large, and not
among what the tests ask for.
"""

import gc
import sys

import pytest
from conftest import execute

import weigh
from weigh import _weigh

pa = pytest.importorskip("pyarrow")

ROWS = 20_000


def net(*objects):
    return _weigh.size(objects, 0, False, False)[2]


def strings():
    return pa.array([f"text {i}" for i in range(ROWS)])


def structs():
    return pa.array([{"number": i, "text": f"text {i}"} for i in range(ROWS)])


MAKERS = {
    "ints": lambda: pa.array(range(ROWS)),
    "ints with gaps": lambda: pa.array([i if i % 3 else None for i in range(ROWS)]),
    "booleans": lambda: pa.array([i % 3 == 0 for i in range(ROWS)]),
    "strings": strings,
    "long strings": lambda: strings().cast(pa.large_string()),
    "lists": lambda: pa.array([[i, i + 1] for i in range(ROWS)]),
    "structs": structs,
    "dictionary": lambda: strings().dictionary_encode(),
    "dictionaries in structs": lambda: pa.StructArray.from_arrays([strings().dictionary_encode()], ["text"]),
    "dictionaries in lists": lambda: pa.ListArray.from_arrays([0, 9, ROWS], strings().dictionary_encode()),
    "map": lambda: pa.array([[(i, f"{i}")] for i in range(ROWS)], pa.map_(pa.int64(), pa.string())),
    "nothing": lambda: pa.nulls(ROWS),
    "none": lambda: pa.array([], pa.int64()),
    "chunks": lambda: pa.chunked_array([range(ROWS), range(ROWS // 2)]),
    "chunks of dictionaries": lambda: pa.chunked_array([strings(), strings()]).dictionary_encode(),
    "batch": lambda: pa.record_batch([strings(), structs()], ["a", "b"]),
    "table": lambda: pa.table({"a": strings(), "b": structs(), "c": strings().dictionary_encode()}),
}


@pytest.mark.parametrize("name", MAKERS)
def test_all_buffers_once(name):
    made = MAKERS[name]()
    assert net(made) == made.get_total_buffer_size()
    assert net(made, made, [made]) == made.get_total_buffer_size()


def left_by(ask, made):
    before = sys.getallocatedblocks()
    for _ in range(50):
        ask(made)
    return sys.getallocatedblocks() - before


@pytest.mark.parametrize("name", MAKERS)
def test_leaves_nothing_behind(name):
    made = MAKERS[name]()
    size = weigh.sizeof(made)
    allocated = pa.total_allocated_bytes()
    assert left_by(weigh.sizeof, made) == left_by(id, made)
    assert weigh.sizeof(made) == size
    assert pa.total_allocated_bytes() == allocated
    assert gc.isenabled()


def test_memory_is_rounded_as_arrow_does():
    before = pa.total_allocated_bytes()
    made = [pa.array(range(n)) for n in range(1, 300)]
    grown = pa.total_allocated_bytes() - before
    objects = sum(block[3] for array in made for block in _weigh.blocks(array) if block[0] == "object")
    types = {id(array.type): array.type for array in made}.values()
    total = _weigh.size((made,), 0, False, False)[0] - _weigh.size((list(types),), 0, False, False)[0]
    buffers = sum(block[3] for array in made for block in _weigh.blocks(array) if block[0] == "Arrow buffer")
    assert buffers == sum((8 * n + 63) // 64 * 64 for n in range(1, 300))
    assert buffers <= grown
    assert total == pytest.approx(buffers + objects, rel=0.05)


def test_a_slice_is_its_whole():
    made = strings()
    whole = made.get_total_buffer_size()
    part = made[10:20]
    assert net(part) == whole
    assert net(made, part, [made[5:]]) == whole
    assert net(pa.chunked_array([part, made])) == whole


def test_a_column_is_the_tables():
    made = pa.table({"a": strings(), "b": range(ROWS)})
    whole = made.get_total_buffer_size()
    assert net(made, made.column("a"), made.select(["b"]), made["a"].chunk(0)) == whole
    assert net(made["b"]) == 8 * ROWS
    batch = made.to_batches()[0]
    assert net(made, batch) == whole
    assert net(batch, batch.column(0), batch.schema) == whole


def test_buffers():
    made = pa.array(range(ROWS))
    buffer = made.buffers()[1]
    assert net(buffer) == net(made, buffer, buffer.slice(80, 8)) == 8 * ROWS
    assert net(buffer.slice(80, 8)) == 8 * ROWS
    assert weigh.sizeof(buffer) - 8 * ROWS < 200


def test_message_is_one_buffer():
    made = pa.table({"a": strings(), "b": range(ROWS)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, made.schema) as writer:
        writer.write_table(made)
    message = sink.getvalue()
    read = pa.ipc.open_stream(message).read_all()
    assert net(read) == net(message, read) == message.size


@pytest.mark.parametrize("size", [50, 100_000])
def test_over_memory_of_python(size):
    data = b"x" * size
    buffer = pa.py_buffer(data)
    assert net(buffer) == size
    assert net(buffer, data) == net(data, buffer) == size
    assert weigh.sizeof(data, buffer) == pytest.approx(weigh.sizeof(data), abs=200)
    assert weigh.sizeof(buffer, data) == pytest.approx(weigh.sizeof(data), abs=200)
    data = bytearray(size)
    buffer = pa.py_buffer(data)
    assert net(buffer, data) == net(data, buffer) == size


def test_numpy_and_arrow_share():
    np = pytest.importorskip("numpy")
    numbers = np.arange(ROWS)
    made = pa.array(numbers)
    assert net(numbers, made) == net(made, numbers) == net(made) == 8 * ROWS
    shown = pa.array(range(ROWS)).to_numpy()
    assert net(shown) == net(shown, shown[5:], shown.base) == 8 * ROWS


def test_pandas():
    pd = pytest.importorskip("pandas")
    words = [f"text {i}" for i in range(ROWS)]
    for kind in ("string[pyarrow]", pd.ArrowDtype(pa.string())):
        series = pd.Series(words, dtype=kind)
        arrow = series.array._pa_array
        assert net(series) == pytest.approx(arrow.get_total_buffer_size(), abs=300)
        frame = pd.DataFrame({"a": series, "b": series})
        assert net(frame, arrow, series[5:]) == pytest.approx(net(arrow), abs=300)
    table = pa.table({"a": [i + 0.5 for i in range(ROWS)]})
    frame = table.to_pandas(zero_copy_only=True, split_blocks=True)
    assert net(table, frame) == pytest.approx(8 * ROWS, abs=300)
    assert net(frame) == pytest.approx(8 * ROWS, abs=300)
    copied = pa.table({"a": [i + 0.5 for i in range(ROWS)], "b": range(ROWS)}).to_pandas()
    assert net(copied) == pytest.approx(16 * ROWS, abs=300)
    assert net(copied, copied["a"], copied[5:]) == pytest.approx(16 * ROWS, abs=300)
    made = pa.table({"a": words}).to_pandas()
    assert net(made) == pytest.approx(sum(map(len, words)), abs=300)


PYTHON_TYPE = """
import pyarrow as pa, weigh
from weigh import _weigh
called = []
class Type(pa.ExtensionType):
    def __init__(self):
        super().__init__(pa.int64(), "weigh.test")
    def __arrow_ext_serialize__(self):
        return b""
    @classmethod
    def __arrow_ext_deserialize__(cls, storage, serialized):
        called.append("deserialize")
        return cls()
    def __arrow_ext_class__(self):
        called.append("class")
        return pa.ExtensionArray
array = pa.ExtensionArray.from_storage(Type(), pa.array(range(1000)))
table = pa.table({"a": array, "b": range(1000)})
made = [array, table["a"], table, table.to_batches()[0]]
del array
called.clear()
for each in made:
    print(_weigh.size((each,), 0, False, False)[2])
print(called)
"""


def test_types_made_in_python_are_not_called():
    """The memory is there all the same."""
    done = execute([sys.executable, "-c", f"import sys; sys.path[:] = {sys.path}" + PYTHON_TYPE])
    assert (done.out.split(), done.err) == (["8000", "8000", "16000", "16000", "[]"], "")


def test_measure_and_flat():
    made = pa.table({"a": strings()})
    whole = made.get_total_buffer_size()
    measured = weigh.measure([made], 1)
    assert measured.net == whole
    assert measured.gross >= whole
    assert sum(block[4] for block in _weigh.blocks(made)) == whole
    assert "Arrow takes memory in steps of 64" in str(weigh.explain(made))


GROWTH = """
import pyarrow as pa, weigh, os
def rss():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
pa.set_memory_pool(pa.system_memory_pool())
def make(rows):
    numbers = pa.array(range(rows))
    return pa.table({"a": numbers, "b": numbers.cast(pa.string()), "c": numbers.cast(pa.float64())})
warm = make(1000)
weigh.sizeof(warm)
import gc; gc.collect()
numbers = range(2_000_000)
before = rss()
made = make(2_000_000)
pa.default_memory_pool().release_unused()
gc.collect()
print(weigh.sizeof(made), rss() - before)
"""


def test_growth_of_resident_memory():
    done = execute([sys.executable, "-c", f"import sys; sys.path[:] = {sys.path}" + GROWTH])
    assert done.status == 0, done.err
    size, grown = map(int, done.out.split())
    assert size == pytest.approx(grown, rel=0.02)
