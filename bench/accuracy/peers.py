"""What other tools say of a pattern: {"peak", "end", "total"} -> {function: bytes}, as far as each says it.

    peers.py memray CAPTURE
    peers.py scalene CAPTURE

prints it as JSON; runs in the environment of the tools.
"""

import ast
import json
import sys

import patterns

MIB = 1 << 20


def add(found, function, size):
    if patterns.is_site(function):
        found[function] = found.get(function, 0) + size


def function_of(record):
    frames = record.stack_trace(max_stacks=1)
    return frames[0][0] if frames else None


def memray(path):
    from memray import AllocatorType, FileReader

    frees = {AllocatorType.FREE, AllocatorType.MUNMAP, AllocatorType.PYMALLOC_FREE}
    found = {"peak": {}, "end": {}, "total": {}}
    with FileReader(path) as reader:
        for record in reader.get_high_watermark_allocation_records(merge_threads=True):
            add(found["peak"], function_of(record), record.size)
        for record in reader.get_leaked_allocation_records(merge_threads=True):
            add(found["end"], function_of(record), record.size)
        for record in reader.get_allocation_records():
            if AllocatorType(record.allocator) not in frees:
                add(found["total"], function_of(record), record.size)
    return found


def functions_by_line(path):
    """{line of the body: function} of the module of sites."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    return {part.body[0].lineno: part.name for part in tree.body if isinstance(part, ast.FunctionDef)}


def scalene(path):
    """Its lines have the megabytes allocated, and the largest footprint that they came to."""
    with open(path, encoding="utf-8") as file:
        profile = json.load(file)
    found = {"peak": {}, "total": {}}
    for name, part in profile.get("files", {}).items():
        if not name.endswith("sites.py"):
            continue
        functions = functions_by_line(name)
        for line in part["lines"]:
            function = functions.get(line["lineno"])
            add(found["peak"], function, line["n_peak_mb"] * MIB)
            add(found["total"], function, line["n_malloc_mb"] * MIB)
    return found


tool, path = sys.argv[1:]
print(json.dumps({"memray": memray, "scalene": scalene}[tool](path)))
