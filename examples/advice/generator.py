"""The same, each number gone when it was added."""

COUNT = 1_000_000


def main():
    total = sum(n * n for n in range(COUNT))
    print(total)


main()
