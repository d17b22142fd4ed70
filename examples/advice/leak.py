"""A server that remembers, by a default argument, every request it ever answered."""

import time

SECONDS = 3


def log(request, seen=[]):
    seen.append(request)
    return len(seen)


def answer(number):
    request = {"number": number, "body": "x" * 2000}
    return log(request)


def main():
    end = time.monotonic() + SECONDS
    number = 0
    while time.monotonic() < end:
        number += 1
        answer(number)
        time.sleep(0.002)
    print("served")


main()
