"""What does an object cost, with a dict for its attributes and with __slots__? And who changes it by looking?"""

import weigh
from weigh.compat import asizeof


class Plain:
    def __init__(self, x, y):
        self.x, self.y = x, y


class Slots:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


class Empty:
    __slots__ = ()


# The first instances of a class reserve room for attributes that may still come.
plain = [Plain(1, 2) for _ in range(100)][-1]

print(weigh.explain(plain))
print(weigh.explain(Slots(1, 2)))
print("an object without attributes:", weigh.sizeof(Empty()))
print(f"\nasizeof says {asizeof.asizeof(plain)} and leaves {weigh.sizeof(plain)} bytes")
vars(plain)
print(f"vars() was looked at: now it takes {weigh.sizeof(plain)} bytes")
