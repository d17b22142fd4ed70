"""Answers kept for ever in an lru_cache without bound, though few are ever asked for again."""

from functools import lru_cache

COUNT = 200_000


@lru_cache(maxsize=None)
def describe(number):
    return f"the number {number} in words and figures"


def main():
    length = sum(len(describe(number)) for number in range(COUNT))
    print(length, describe.cache_info().hits)


main()
