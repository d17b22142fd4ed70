"""A table read by pandas, all its columns, of which two are used."""

import sys

import pandas as pd

frame = pd.read_csv(sys.argv[1])
print(frame.groupby("line")["riders"].sum().max())
