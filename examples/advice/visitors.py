"""How many visitors there were: each is kept in a set, of which nothing but the number is asked."""

VISITS = 1_500_000


def visits():
    return (f"visitor {i * 7919 % 300_007}@example.org" for i in range(VISITS))


def main():
    seen = set()
    for visitor in visits():
        seen.add(visitor)
    print(len(seen), "visitors")


main()
