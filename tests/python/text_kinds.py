"""Kinds of texts that programs keep in sets, for what a trie of them takes: text_kinds.py KIND keeps a frozenset."""

import random
import sys
import uuid

PARTS = "ba ko ri tan mel su po re qui xi lo ven dar es tion ing pre un".split()


def name(some):
    return "".join(some.choice(PARTS) for _ in range(some.randint(2, 5)))


def address(some):
    return f"{name(some)}.{name(some)}{some.randint(1, 999)}@{some.choice(['gmail.com', 'web.de', 'example.org'])}"


KINDS = {
    "urls": lambda some: f"http://example.org/page/{some.randrange(1_000_000)}/x",
    "paths": lambda some: f"/usr/{name(some)}/{name(some)}/{name(some)}.py",
    "uuids": lambda some: str(uuid.UUID(int=some.getrandbits(128))),
    "names": lambda some: name(some) + name(some),
    "numbers": lambda some: str(some.randrange(1_000_000)),
    "addresses": address,
}


def texts(kind, count):
    some = random.Random(1)
    return frozenset(KINDS[kind](some) for _ in range(count))


if __name__ == "__main__":
    kept = texts(sys.argv[1], 100_000)
