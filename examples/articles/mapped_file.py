"""What of a mapped file is in memory? Read, slice, search, write and move in 64 MB of log, and see which pages come."""

import mmap
import os
import re
import sys
import tempfile

import weigh

SIZE = int(sys.argv[1]) if len(sys.argv) > 1 else 64_000_000
LINE = b"2026-01-01 12:00:00 all is well with the server number seven...\n"


def show(what, mapped):
    touched = weigh.flat(mapped).resident
    print(f"{what:34} {touched:12,} bytes of the file touched, {touched / len(mapped):6.1%}")


with tempfile.TemporaryFile() as file:
    file.write(LINE * (SIZE // len(LINE)))
    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
    file.flush()
    print(f"the file has {os.fstat(file.fileno()).st_size:,} bytes")
    with mmap.mmap(file.fileno(), 0) as mapped:
        mapped.madvise(mmap.MADV_RANDOM)
        show("mapped", mapped)
        mapped[SIZE // 2]
        show("one byte read", mapped)
        mapped[1_000_000:2_000_000]
        show("a slice of 1,000,000, a copy", mapped)
        mapped[SIZE // 4 : SIZE // 4 + 4] = b"2027"
        show("four bytes written", mapped)
        mapped.move(3_000_000, 4_000_000, 1_000_000)
        show("1,000,000 bytes moved", mapped)
        re.search(b"2027", mapped)
        show("searched to the first quarter", mapped)
        mapped.madvise(mmap.MADV_DONTNEED)
        show("pages handed back", mapped)
