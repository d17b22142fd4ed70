"""Ten million whole numbers: in a list, in an array, in NumPy. What does each take?

    numbers_held.py list|array|numpy [COUNT]
"""

import sys
from array import array

kind = sys.argv[1]
count = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000_000

if kind == "list":
    numbers = list(range(count))
elif kind == "array":
    numbers = array("i", range(count))
else:
    import numpy

    numbers = numpy.arange(count)

print(f"{kind}: {len(numbers):,} numbers")
