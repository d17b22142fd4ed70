"""The same with a bound on what is kept."""

from functools import lru_cache

COUNT = 200_000


@lru_cache(maxsize=1024)
def describe(number):
    return f"the number {number} in words and figures"


def main():
    length = sum(len(describe(number)) for number in range(COUNT))
    print(length, describe.cache_info().hits)


main()
