"""Does the type of an array's elements matter? The same ages, as NumPy takes them and as they could be."""

import sys

import numpy as np

import weigh

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000

ages = np.arange(COUNT) % 100
print(f"{'dtype':8} {'bytes each':>10} {'nbytes':>12} {'occupied':>12}  equal")
for dtype in ("float64", "int64", "int32", "int16", "uint8"):
    held = ages.astype(dtype)
    equal = bool((held == ages).all())
    print(f"{dtype:8} {held.itemsize:10} {held.nbytes:12,} {weigh.sizeof(held):12,}  {equal}")
