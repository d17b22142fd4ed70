"""Programs as people write them when they care: every one of them has much at its peak, and nothing to change.

They run as scripts of their own; what a name promises is in the words of the program.
"""

PROGRAMS = {
    "web handler": '''
import json
from collections import OrderedDict

SESSIONS_MOST = 2000

class Sessions:
    """The last ones only."""
    def __init__(self):
        self.sessions = OrderedDict()

    def touch(self, user, body):
        self.sessions[user] = body
        self.sessions.move_to_end(user)
        while len(self.sessions) > SESSIONS_MOST:
            self.sessions.popitem(last=False)

def handle(sessions, request):
    body = json.loads(request)
    sessions.touch(body["user"], body["text"])
    return json.dumps({"user": body["user"], "length": len(body["text"])})

def serve():
    sessions = Sessions()
    sent = 0
    for number in range(60_000):
        request = json.dumps({"user": number % 5000, "text": "hello %d " % number * 20})
        sent += len(handle(sessions, request))
    return sent

print(serve())
''',
    "tokenizer": '''
import re

TOKEN = re.compile(r"\\s*(?:(\\d+)|(.))")

def tokens(text):
    for number, operator in TOKEN.findall(text):
        yield int(number) if number else operator

def parse(text):
    stack, sign, value = [], 1, 0
    for token in tokens(text):
        if token == "(":
            stack.append((value, sign))
            value, sign = 0, 1
        elif token == ")":
            before, sign = stack.pop()
            value = before + sign * value
        elif token in "+-" if isinstance(token, str) else False:
            sign = 1 if token == "+" else -1
        elif isinstance(token, int):
            value += sign * token
    return value

def main():
    total = 0
    for line in range(20_000):
        total += parse("(%d + %d) - (%d - 7)" % (line, line + 1, line * 3))
    print(total)

main()
''',
    "numpy pipeline": '''
import numpy

def normalize(block, out):
    numpy.subtract(block, block.mean(), out=out)
    out /= out.std()
    return out

def main():
    generator = numpy.random.default_rng(3)
    buffer = numpy.empty((1000, 1000))
    out = numpy.empty_like(buffer)
    total = 0.0
    for _ in range(20):
        generator.random(out=buffer)
        total += float(normalize(buffer, out)[0, 0])
    print(round(total, 3))

main()
''',
    "bounded cache": '''
from functools import lru_cache

@lru_cache(maxsize=4096)
def steps(number):
    count = 0
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        count += 1
    return count

def main():
    print(max(steps(number) for number in range(1, 60_000)))

main()
''',
    "generator pipeline": '''
def rows(count):
    for number in range(count):
        yield f"{number},{number * 7 % 1000},{'abc'[number % 3]}"

def split(lines):
    for line in lines:
        yield line.split(",")

def grouped(rows):
    sums = {}
    for _, amount, kind in rows:
        sums[kind] = sums.get(kind, 0) + int(amount)
    return sums

print(grouped(split(rows(300_000))))
''',
    "dataclass with slots": '''
from dataclasses import dataclass, field

@dataclass(slots=True)
class Stop:
    name: str
    beside: tuple = ()

def main():
    stops = {}
    for number in range(60_000):
        stop = Stop("stop %d" % number)
        stop.beside = (stops.get(number - 1), stops.get(number // 2))
        stops[number] = stop
    return stops

stops = main()
print(stops[59_999].beside[1].name)
''',
    "csv stream": '''
import csv, io, sys

def lines(count):
    yield "route,rides\\n"
    for number in range(count):
        yield f"{number % 150},{number % 977}\\n"

def main():
    totals = {}
    for row in csv.DictReader(lines(200_000)):
        totals[row["route"]] = totals.get(row["route"], 0) + int(row["rides"])
    print(len(totals), max(totals.values()))

main()
''',
    "database": '''
import sqlite3

def main():
    base = sqlite3.connect(":memory:")
    base.execute("create table rides (route integer, rides integer)")
    base.executemany("insert into rides values (?, ?)", ((n % 150, n % 977) for n in range(200_000)))
    for route, rides in base.execute("select route, sum(rides) from rides group by route order by 2 desc limit 3"):
        print(route, rides)

main()
''',
    "workers": '''
import queue, threading

def work(jobs, results):
    while True:
        job = jobs.get()
        if job is None:
            return
        results.put(sum(job))

def main():
    jobs, results = queue.Queue(maxsize=8), queue.Queue()
    threads = [threading.Thread(target=work, args=(jobs, results)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(200):
        jobs.put(range(number, number + 5000))
    for _ in threads:
        jobs.put(None)
    for thread in threads:
        thread.join()
    print(sum(results.get() for _ in range(200)))

main()
''',
    "coroutines": '''
import asyncio

async def answer(number, limit):
    async with limit:
        await asyncio.sleep(0)
        return number.to_bytes(8, "big") * 1250, number

async def main():
    limit = asyncio.Semaphore(20)
    total = 0
    for start in range(0, 20_000, 500):
        for body, number in await asyncio.gather(*(answer(n, limit) for n in range(start, start + 500))):
            total += len(body) + number
    print(total)

asyncio.run(main())
''',
    "sieve": '''
def primes(limit):
    sieve = bytearray([1]) * (limit + 1)
    sieve[:2] = b"\\0\\0"
    for number in range(2, int(limit ** 0.5) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, limit + 1, number)))
    return sieve

found = primes(20_000_000)
print(sum(found))
''',
    "text index": '''
from array import array

def words(count):
    for number in range(count):
        yield "word%d" % (number * number % 4093)

def main():
    postings = {}
    for position, word in enumerate(words(400_000)):
        if word not in postings:
            postings[word] = array("I")
        postings[word].append(position)
    print(len(postings), max(map(len, postings.values())))
    return postings

index = main()
''',
    "pandas by chunks": '''
import io
import pandas

def main():
    text = io.StringIO("route,rides\\n" + "".join(f"{n % 150},{n % 977}\\n" for n in range(100_000)))
    totals = None
    for chunk in pandas.read_csv(text, chunksize=5000, dtype={"route": "uint8", "rides": "uint16"}):
        sums = chunk.groupby("route")["rides"].sum()
        totals = sums if totals is None else totals.add(sums, fill_value=0)
    print(int(totals.max()))

main()
''',
    "libraries": '''
import argparse, asyncio, concurrent.futures, csv, decimal, email, http.server, json, logging, sqlite3, ssl, urllib.request
import xml.etree.ElementTree, unittest, zipfile
print(len(__import__("sys").modules) > 100)
''',
    "pandas and nothing else": "import pandas\nprint(bool(pandas.__version__))\n",
}
