"""Rows are read, grouped and written: `weigh mprof run rows.py` says when which of them holds how much.

`profile` comes from weigh mprof; without it the functions run as they are.
"""

import builtins
import json

profile = getattr(builtins, "profile", lambda function: function)


@profile
def read(count):
    return [{"id": number, "name": f"row {number}", "group": number % 97} for number in range(count)]


@profile
def group(rows):
    groups = {}
    for row in rows:
        groups.setdefault(row["group"], []).append(row["name"])
    return groups


@profile
def write(groups):
    return len(json.dumps(groups))


@profile
def main():
    rows = read(400_000)
    groups = group(rows)
    del rows
    for _ in range(3):
        write(groups)


if __name__ == "__main__":
    main()
