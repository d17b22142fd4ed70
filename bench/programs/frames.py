"""pandas: read a CSV file, group it, join the groups back."""

import sys

import pandas
from marks import profiled


@profiled
def work(units, path):
    total = 0
    for _ in range(units):
        table = pandas.read_csv(path)
        means = table.groupby(["route", "daytype"], as_index=False)["rides"].mean()
        joined = table.merge(means, on=["route", "daytype"], suffixes=("", "_mean"))
        total += int((joined["rides"] > joined["rides_mean"]).sum())
    return total


print(work(int(sys.argv[1]), sys.argv[2]))
