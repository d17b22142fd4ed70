"""json.loads of a document of 100 MB."""

import json
import sys

from marks import profiled


@profiled
def work(units, path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return sum(len(json.loads(text)) for _ in range(units))


print(work(int(sys.argv[1]), sys.argv[2]))
