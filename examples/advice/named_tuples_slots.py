"""The same as objects with slots, whose parts have names too."""

COUNT = 500_000


class Point:
    __slots__ = ("x", "y", "z")

    def __init__(self, x, y, z):
        self.x = x
        self.y = y
        self.z = z


points = [Point(n, n, n) for n in range(COUNT)]
print(sum(point.x for point in points))
