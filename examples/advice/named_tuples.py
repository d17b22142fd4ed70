"""Points as named tuples: sys.getsizeof() says they are as large as tuples."""

from collections import namedtuple

COUNT = 200_000
Point = namedtuple("Point", "x y z")


def main():
    points = [Point(n, n, n) for n in range(COUNT)]
    print(sum(point.x for point in points))


main()
