"""Which line of a script takes all that memory? A list of ten million random floats, made at module level."""

import random
import sys

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000

numbers = [random.random() for _ in range(COUNT)]
