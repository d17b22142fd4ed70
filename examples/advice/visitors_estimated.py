"""The same with a sketch, which estimates the number within 1.3 %."""

import datasketches

VISITS = 1_500_000


def visits():
    return (f"visitor {i * 7919 % 300_007}@example.org" for i in range(VISITS))


def main():
    seen = datasketches.hll_sketch(14)
    for visitor in visits():
        seen.update(visitor)
    print(round(seen.get_estimate()), "visitors")


main()
