"""Addresses that were seen, in a frozenset: a str and a place in the table for each."""

COUNT = 200_000


def addresses():
    return (f"https://example.org/{i % 97}/article-{i * 7919}.html" for i in range(COUNT))


seen = frozenset(addresses())
print("https://example.org/1/article-7919.html" in seen, "https://example.org/" in seen)
