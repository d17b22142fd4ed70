"""Results as JSON files under build/, one for each version of Python and benchmark.

A run of some of the programs replaces what was known of those and leaves the
rest, so that a long benchmark can be run in pieces.
"""

import json
import os
import platform

from . import place as places

folder = places.RESULTS


def use(version):
    """Results are those of this version of Python from now on."""
    global folder
    folder = places.RESULTS / version
    folder.mkdir(parents=True, exist_ok=True)


def path_of(name):
    return folder / f"{name}.json"


def load(name):
    """The results of a benchmark, or None when it was not run."""
    try:
        with open(path_of(name), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def save(name, about, rows):
    """Merge rows (name -> anything) into the results of a benchmark."""
    known = load(name) or {"rows": {}}
    known["about"] = about
    known["rows"].update(rows)
    path = path_of(name)
    half_written = path.with_suffix(".new")
    half_written.write_text(json.dumps(known, indent=1), encoding="utf-8")
    half_written.rename(path)


def machine():
    """What a reader has to know of where the numbers come from."""
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo", encoding="utf-8") as file:
        kilobytes = int(file.readline().split()[1])
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(kilobytes / (1 << 20)),
        "kernel": platform.release().split("-")[0],
        "libc": " ".join(platform.libc_ver()),
        "load": os.getloadavg()[0],
    }
