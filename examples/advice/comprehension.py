"""The sum of squares of a million numbers, all of which are kept until it is known."""

COUNT = 1_000_000


def main():
    total = sum([n * n for n in range(COUNT)])
    print(total)


main()
