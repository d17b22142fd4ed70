"""How large is a DataFrame? What sys.getsizeof() says, what pandas says, and what there is."""

import os
import sys

import pandas

import weigh

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "cta"))
from make_data import data  # noqa: E402

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else None


def show(what, frame):
    print(f"{what:24} getsizeof {sys.getsizeof(frame):11,}   weigh.sizeof {weigh.sizeof(frame):11,}")


frame = pandas.read_csv(data(), dtype={"route": str}, nrows=ROWS)
show("as read_csv makes it", frame)
print(weigh.types(frame).format(limit=3))
names = ["route", "date", "daytype"]
show("names as categories", frame.astype(dict.fromkeys(names, "category")))
