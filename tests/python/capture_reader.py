"""Captures read byte by byte, from what include/weigh/format.h says of them.

Not the reader under test: it knows nothing of it, and decodes line tables by
asking the interpreter that wrote them. `Capture(path)` has the header's
fields that tests want, and sites with their stacks.
"""

import functools
import pathlib
import re
import struct
from collections import namedtuple

FORMAT = pathlib.Path(__file__).parents[2] / "include" / "weigh" / "format.h"
DOMAINS = ("raw", "mem", "object", "malloc", "mmap", "array")
SECTIONS = int(re.search(r"WEIGH_SECTION_COUNT = (\d+)", FORMAT.read_text())[1])
STRINGS, CODES, NODES, SITES, THREADS = range(5)

Section = namedtuple("Section", "offset entry_size capacity used refused")
Tally = namedtuple("Tally", "bytes footprint blocks bytes_var footprint_var blocks_var unseen samples")
Frame = namedtuple("Frame", "file function line")
Counters = namedtuple(
    "Counters",
    "small_allocated small_freed small_blocks_allocated small_blocks_freed"
    " other_live other_allocated other_blocks_live other_blocks_allocated mapped_live",
)
Part = namedtuple("Part", "state taken writer error offset size live pause_ns fork_ns")
Peak = namedtuple("Peak", "footprint blocks epoch time_ns")

NOTHING = Tally(0, 0, 0, 0, 0, 0, 0, 0)
USED = 1


NOT_ASKED, WANTED, TAKEN, HERE = range(4)  # states of a part

SNAPSHOT = struct.Struct("<8sIIIIQQIIII14Q")
SNAPSHOT_FIELDS = (
    "magic version byte_order header_size state size seal when python pid mode"
    " taken_unix_ns taken_ns recording_ns live small_live small_found rss anonymous pause_ns progress expected lost"
    " objects references"
)
Snapshot = namedtuple("Snapshot", SNAPSHOT_FIELDS)
WRITING, COMPLETE = 1, 2
ASKED, PEAK, END = 1, 2, 3


# Behind the sections: counters, peak, five numbers, losses, three times resident memory, its highest.
PARTS_AT = (120 + 24 * SECTIONS + 63) // 64 * 64 + 128 + 32 + 40 + 64 + 3 * 96 + 8

PART = struct.Struct("<IIIiQQQQQ")


def parts_of(data):
    return {name: Part(*PART.unpack_from(data, PARTS_AT + i * PART.size)) for i, name in enumerate(("peak", "end"))}


def read_parts(path):
    """The parts of a capture, also of one that is being recorded: quick."""
    with open(path, "rb") as file:
        return parts_of(file.read(4096))


def read_snapshot(path, part=None):
    """The header of a snapshot: a file, or a part of a capture, checked for being whole."""
    data = pathlib.Path(path).read_bytes()
    if part is not None:
        data = data[part.offset : part.offset + part.size]
    found = Snapshot(*SNAPSHOT.unpack_from(data))
    assert (found.magic, found.state, found.size) == (b"WEIGHEAP", COMPLETE, len(data))
    return found


def add(a, b):
    return Tally(*map(sum, zip(a, b)))


class Site:
    """Blocks of one domain, thread and stack; its tallies by name."""

    def __init__(self, capture, node, domain, thread, tallies):
        self.capture = capture
        self.node = node
        self.domain = domain
        self.thread = thread
        self.live, self.at_peak, self.total, self.temporary = tallies

    @property
    def top(self):
        return self.capture.frame(self.node) if self.node else Frame("", "", None)

    @property
    def stack(self):
        """Frames, innermost first."""
        return list(self.capture.frames(self.node))


class Capture:
    def __init__(self, path):
        self.data = pathlib.Path(path).read_bytes()
        self.read_header()
        self.read_tables()
        self.sites = [site for site in map(self.read_site, range(self.sections[SITES].used)) if site]

    def unpack(self, layout, offset):
        return struct.unpack_from("<" + layout, self.data, offset)

    def read_header(self):
        magic, version, _, _, self.state = self.unpack("8sIIII", 0)
        assert magic == b"WEIGHCAP" and version == 4
        self.mode, self.forced, self.python, self.pid = self.unpack("IIII", 40)
        self.exit, self.exit_value = self.unpack("Ii", 60)
        start = 120
        self.sections = [Section(*self.unpack("QIIII", start + 24 * i)) for i in range(SECTIONS)]
        at = (start + 24 * SECTIONS + 63) // 64 * 64
        self.counters = Counters(*self.unpack("QQQQqQqQq", at))
        at += 128
        self.peak = Peak(*self.unpack("QQQQ", at))
        at += 32
        self.period, self.period_max, self.pruned = self.unpack("QQQ", at)
        self.lost = sum(self.unpack("QQQQQQQQ", at + 40)[::2])
        self.parts = parts_of(self.data)

    @property
    def live(self):
        """Footprint of live blocks now."""
        return self.counters.small_allocated - self.counters.small_freed + self.counters.other_live

    def text(self, offset, length):
        at = self.sections[STRINGS].offset + offset
        return self.data[at : at + length]

    def entry(self, section, index, layout):
        found = self.sections[section]
        assert index < found.used
        return self.unpack(layout, found.offset + index * found.entry_size)

    def read_tables(self):
        self.threads = []
        for index in range(self.sections[THREADS].used):
            _, name = self.entry(THREADS, index, "Q48s")
            self.threads.append(name.split(b"\0")[0].decode())

    @functools.lru_cache(maxsize=None)
    def node(self, index):
        return self.entry(NODES, index, "IIi")

    @functools.lru_cache(maxsize=None)
    def code(self, index):
        """File, function, first line, and spans of instructions with their lines, by this interpreter."""
        *spans, first_line, _ = self.entry(CODES, index, "IIIIIIII")
        file, function, table = (self.text(*spans[i : i + 2]) for i in (0, 2, 4))
        code = (lambda: None).__code__.replace(co_firstlineno=first_line, co_linetable=table)
        return file.decode(), function.decode(), first_line, list(code.co_lines()) if table else []

    @functools.lru_cache(maxsize=None)
    def frame(self, node):
        _, code, instruction = self.node(node)
        file, function, first_line, spans = self.code(code)
        if instruction < 0:
            return Frame(file, function, first_line)
        lines = [line for start, end, line in spans if start <= instruction < end]
        return Frame(file, function, lines[0] if lines else None)

    def frames(self, node):
        while node:
            yield self.frame(node)
            node = self.node(node)[0]

    def read_site(self, index):
        _, node, thread, domain, flags, epoch = self.entry(SITES, index, "QIHBBQ")
        if not flags & USED:
            return None
        offset = self.sections[SITES].offset + index * self.sections[SITES].entry_size + 24
        live, at_peak, total, temporary = (Tally(*self.unpack("dddddddq", offset + 64 * i)) for i in range(4))
        if epoch != self.peak.epoch or self.live > self.peak.footprint:
            at_peak = live
        return Site(self, node, DOMAINS[domain], self.threads[thread], (live, at_peak, total, temporary))

    def sum(self, which="total", domain=None, thread=None, file=None, function=None, **line):
        """
        Adds up a tally over sites. File, function and line are the innermost
        frame's; line=None is no frame; a line is script.py's unless file says.
        """
        if line.get("line"):
            file = file or "script.py"
        sums = NOTHING
        for site in self.sites:
            top = site.top
            if (
                domain in (None, site.domain)
                and thread in (None, site.thread)
                and (file is None or pathlib.PurePath(top.file).name == file)
                and function in (None, top.function)
                and line.get("line", top.line) == top.line
            ):
                sums = add(sums, getattr(site, which))
        return sums


def marks(source):
    """Line numbers of a program by their marks: `# LINE name` at the end."""
    found = {}
    for number, line in enumerate(source.splitlines(), 1):
        mark = re.search(r"# LINE (\w+)$", line)
        if mark:
            assert mark[1] not in found
            found[mark[1]] = number
    return found
