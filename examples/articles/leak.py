"""References kept by accident: a program that answers requests grows. What has grown, and who holds it?"""

import sys

import weigh

BEFORE, AFTER = sys.argv[1:] if len(sys.argv) > 2 else ("before.heap", "after.heap")


class Request:
    def __init__(self, number):
        self.number = number
        self.body = str(number) * 50


class Server:
    def __init__(self):
        self.failed = []

    def answer(self, number):
        request = Request(number)
        try:
            return 1 // (number % 10)
        except ZeroDivisionError as error:
            self.failed.append((request, error))


def main():
    server = Server()
    for number in range(1_000):
        server.answer(number)
    weigh.snapshot(BEFORE, overwrite=True)
    for number in range(1_000, 21_000):
        server.answer(number)
    weigh.snapshot(AFTER, overwrite=True)


main()
