"""Points as named tuples: sys.getsizeof() says that they are as large as tuples."""

import sys
from collections import namedtuple

COUNT = 500_000
Point = namedtuple("Point", "x y z")

points = [Point(n, n, n) for n in range(COUNT)]
assert sys.getsizeof(points[0]) == sys.getsizeof(tuple(points[0]))
print(sum(point.x for point in points))
