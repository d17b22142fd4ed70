"""How much memory does this program use? ru_maxrss has a unit that differs between systems, and never goes down."""

import resource
import sys

import weigh

# Kilobytes on Linux, bytes on macOS.
UNIT = 1 if sys.platform == "darwin" else 1024
MB = 1_000_000


def show(step):
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
    print(f"{step:22} ru_maxrss {highest / MB:6.1f}   live {weigh.live_bytes() / MB:6.1f}", end="   ")
    print(f"peak of this step {weigh.peak_bytes() / MB:6.1f}")
    weigh.reset_peak()


with weigh.Tracker("maxrss.weigh", overwrite=True):
    show("at the start, in MB")
    data = bytearray(80 * MB)
    data[::4096] = bytes(len(data[::4096]))
    show("80 MB made and written")
    del data
    show("gone")
    data = bytearray(20 * MB)
    show("20 MB instead")
