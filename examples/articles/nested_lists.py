"""How large is a list with all that is in it? pympler's asizeof answers; weigh.compat answers in its words."""

import weigh
from weigh.compat import asizeof

flat = [1, 2, 3, 4, 5]
nested = [[1, 2], [3, 4]]
thousands = [list(range(1001, 1003)), list(range(1003, 1005))]

print("asizeof", asizeof.asizeof(flat))
print(asizeof.asized(nested, detail=1).format())

for name, value in ("flat", flat), ("nested", nested), ("thousands", thousands):
    print(f"\nweigh.sizeof({name}) is {weigh.sizeof(value)}")
print()
print(weigh.measure(thousands, 2))
