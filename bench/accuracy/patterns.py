"""Programs as lists of events, the truth about them, and their execution.

An event is (operation, site, first slot, slots, bytes):

    take    a block of that many bytes into each slot
    grow    realloc of each block to that size
    churn   a block taken and freed, `slots` times over
    drop    the blocks are freed
    drop_elsewhere   the same in another thread

A site is a function of a generated module (write_sites), so it has a line of
its own where nothing but these blocks is allocated. The truth follows from the
list alone, by plain arithmetic, and shares nothing with any profiler.
"""

import random
import threading

SITES = 1000

OPERATIONS = ("take", "grow", "churn")


def load():
    """More blocks than are taken for certain, so that what follows is sampled."""
    yield "churn", 999, 0, 100_000, 64


def alternate(chance):
    """Two sites in turn, 1,000,000 and 100,000 bytes; the latest 40 of each stay."""
    yield from load()
    for turn in range(20_000):
        for site, size in ((0, 1_000_000), (1, 100_000)):
            slot = site * 40 + turn % 40
            if turn >= 40:
                yield "drop", site, slot, 1, 0
            yield "take", site, slot, 1, size


def rare_huge(chance):
    """Blocks of 20 MB, seldom, among many of 64 bytes."""
    for number in range(12):
        for _ in range(20):
            size = chance.choice((48, 64, 96))
            yield "churn", 1, 0, chance.randrange(500, 1500), size
        yield "take", 2, 1000 + number * 2000, 2000, 64
        if number % 3 == 2:
            yield "drop", 0, number - 1, 1, 0
        yield "take", 0, number, 1, 20_000_000


def power_law(chance):
    """1,000 sites whose shares follow a power law; some blocks die on the way."""
    weights = [1 / (rank + 1) ** 1.1 for rank in range(SITES)]
    slot = 0
    for site in chance.choices(range(SITES), weights, k=60_000):
        yield "take", site, slot, 4, chance.choice((32, 48, 200, 512, 3000))
        if chance.random() < 0.3:
            yield "drop", site, slot, 4, 0
        slot += 4
    # The peak: certain, and by one site.
    yield "take", 0, slot, 1, 8_000_000
    yield "drop", 0, slot, 1, 0


def other_thread(chance):
    """Blocks that another thread frees."""
    for number in range(40):
        first = number * 8000
        yield "take", number % 4, first, 8000, chance.choice((64, 256, 1024))
        if number % 2:
            yield "drop_elsewhere", 0, first - 8000, 8000, 0
    yield "take", 5, 900_000, 1, 30_000_000
    yield "drop_elsewhere", 5, 900_000, 1, 0


def realloc_growth(chance):
    """Blocks that grow by a tenth, many times; and a site that only takes."""
    for number in range(30):
        first = number * 200
        size = chance.randrange(16, 64)
        yield "take", 0, first, 200, size
        while size < 20_000:
            size += 1 + size // 10
            yield "grow", 0, first, 200, size
        yield "take", 1, 100_000 + first, 200, 3000
        if number % 2:
            yield "drop", 0, first, 200, 0


def brief_peak(chance):
    """A peak of about a millisecond above a floor that stays."""
    yield "take", 0, 0, 30_000, 512
    for number in range(30):
        yield "churn", 1, 0, 10_000, chance.randrange(32, 256)
        yield "take", 2, 500_000, 100 * number + 100, 10_000
        yield "drop", 2, 500_000, 100 * number + 100, 0
    yield "take", 3, 100_000, 30_000, 128


def near_peaks(chance):
    """Two peaks that differ by half a per cent, of different sites."""
    yield from load()
    yield "take", 2, 900_000, 20_000, 2048
    peaks = [(0, 100_000), (1, 100_500)]
    for site, count in peaks:
        yield "take", site, 0, count, 1000
        yield "churn", 3, 0, 50_000, 400
        yield "drop", site, 0, count, 0


def temporaries(chance):
    """Blocks that die at once, of all sizes, at twenty sites."""
    for _ in range(400):
        yield "churn", chance.randrange(20), 0, chance.randrange(500, 1500), chance.choice((16, 64, 100, 500, 2000))


PATTERNS = {
    function.__name__: function
    for function in (
        alternate,
        rare_huge,
        power_law,
        other_thread,
        realloc_growth,
        brief_peak,
        near_peaks,
        temporaries,
    )
}


def events(pattern, seed):
    return list(PATTERNS[pattern](random.Random(f"{pattern} {seed}")))


def footprint(size):
    """What a block occupies: the interpreter's size classes, then malloc's chunks."""
    return (size + 15) & ~15 if size <= 512 else (size + 8 + 15) & ~15


class Ledger:
    """Plays a list of events by arithmetic; live and total bytes by function of the module of sites."""

    def __init__(self):
        self.slots = {}
        self.live = {}
        self.total = {}
        self.occupied = 0

    def add(self, function, size):
        self.live[function] = self.live.get(function, 0) + size
        self.total[function] = self.total.get(function, 0) + size
        self.occupied += footprint(size)

    def remove(self, function, size):
        self.live[function] -= size
        self.occupied -= footprint(size)

    def play(self, event):
        operation, site, first, count, size = event
        function = f"{operation}_{site}"
        if operation == "churn":
            self.total[function] = self.total.get(function, 0) + count * size
            return
        for slot in range(first, first + count):
            if operation != "take":
                self.remove(*self.slots.pop(slot))
            if not operation.startswith("drop"):
                self.add(function, size)
                self.slots[slot] = (function, size)


def truth(listed):
    """{"peak", "end", "total"} -> {function: requested bytes}, without those that have none."""
    ledger = Ledger()
    highest, at = 0, -1
    for number, event in enumerate(listed):
        ledger.play(event)
        if ledger.occupied > highest:
            highest, at = ledger.occupied, number
    to_peak = Ledger()
    for event in listed[: at + 1]:
        to_peak.play(event)
    found = {"peak": to_peak.live, "end": ledger.live, "total": ledger.total}
    return {what: {name: size for name, size in sizes.items() if size} for what, sizes in found.items()}


def write_sites(path):
    """The module of sites: for each site and operation a function of its own."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("import slots\n")
        for site in range(SITES):
            for operation in OPERATIONS:
                file.write(
                    f"\n\ndef {operation}_{site}(first, count, size):\n    slots.{operation}(first, count, size)\n"
                )


def is_site(function):
    """Whether a function is one of that module's."""
    operation, _, number = (function or "").partition("_")
    return operation in OPERATIONS and number.isdigit()


def run(listed, sites, slots):
    """Executes events; `sites` and `slots` are the modules."""
    calls = {name: [getattr(sites, f"{name}_{site}") for site in range(SITES)] for name in OPERATIONS}
    for operation, site, first, count, size in listed:
        if operation == "drop":
            slots.drop(first, count)
        elif operation == "drop_elsewhere":
            thread = threading.Thread(target=slots.drop, args=(first, count))
            thread.start()
            thread.join()
        else:
            calls[operation][site](first, count, size)


def clear(slots):
    """Between two programs in one process."""
    slots.drop(0, 1 << 20)
