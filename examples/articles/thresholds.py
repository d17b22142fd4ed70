"""When does a larger int, a longer string, a list of more items take more memory?

Of strings and lists each line is the first that occupies a block of another size.
"""

import sys

import weigh


def table(name, values, shown, all_of_them=False):
    """What sys.getsizeof() says of the values, and what their blocks are."""
    occupied = None
    print(f"\n{name:16} getsizeof  occupies")
    for value in values:
        if all_of_them or weigh.flat(value) != occupied:
            occupied = weigh.flat(value)
            print(f"{shown(value):16} {sys.getsizeof(value):9} {occupied:9}")


def grown(length):
    items = []
    for _ in range(length):
        items.append(None)
    return items


def main():
    numbers = (2**bits for bits in range(10, 140, 30))
    table("int", numbers, lambda n: f"2 ** {n.bit_length() - 1}", all_of_them=True)
    table("str", ("".join(["x"] * length) for length in range(2, 50)), lambda s: f"{len(s)} characters")
    table("list, by append", map(grown, range(18)), lambda items: f"{len(items)} items")


main()
