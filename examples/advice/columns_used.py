"""A table read by pandas, only the columns that are used."""

import sys

import pandas as pd

frame = pd.read_csv(sys.argv[1], usecols=["line", "riders"])
print(frame.groupby("line")["riders"].sum().max())
