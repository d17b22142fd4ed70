"""Is a word one of half a million? Eleven ways to know, each in a process of its own: bytes, and wrong answers.

    word_sets.py            the table
    word_sets.py WAY DIR    one way, in this process

HyperLogLog knows no words, it counts the different ones: what it is wrong by is that number.
"""

import ctypes
import importlib
import json
import os
import subprocess
import sys
import tempfile
from itertools import islice

import words
from word_ways import STATED, WAYS

import weigh


def resident():
    """Bytes of this process in memory, without what malloc has free."""
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure(way, folder):
    build, module = WAYS[way]
    importlib.import_module(module)
    with weigh.Tracker(os.path.join(folder, "words.weigh"), overwrite=True):
        before, live = resident(), weigh.live_bytes()
        ask = build(folder)
        live = weigh.live_bytes() - live
        if way == "HyperLogLog":
            return live, resident() - before, 0, abs(ask() / words.COUNT - 1)
        for word in islice(words.read(folder), 0, None, words.COUNT // 20):
            ask(word)
        grown = resident() - before
    missed = sum(not ask(word) for word in islice(words.read(folder), 0, None, 10))
    wrong = [ask(word) for word in islice(words.read(folder, "others"), 0, None, 5)]
    return live, grown, missed, sum(wrong) / len(wrong)


def main():
    print(f"{'way':12}  {'live bytes':>10}  a word  {'resident':>10}  missed   wrong  stated")
    with tempfile.TemporaryDirectory() as folder:
        words.write(folder)
        for way in WAYS:
            command = [sys.executable, __file__, way, folder]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            live, grown, missed, wrong = json.loads(done.stdout)
            each, stated = live / words.COUNT, STATED.get(way, 0)
            print(f"{way:12}  {live:10,}  {each:6.1f}  {grown:10,}  {missed:6}  {wrong:6.2%}  {stated:6.2%}")


if sys.argv[1:]:
    print(json.dumps(measure(*sys.argv[1:])))
else:
    main()
