"""Append to a list or an array, or make it as long as it will be? Copies on the way, room left at the end."""

import sys

import numpy as np

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
PART = 1_000


def append_items():
    items = []
    for _ in range(COUNT):
        items.append(None)
    return items


def make_items():
    items = [None] * COUNT
    return items


def append_parts():
    numbers = np.empty(0)
    for _ in range(COUNT // PART):
        numbers = np.append(numbers, np.zeros(PART))
    return numbers


def fill_parts():
    numbers = np.empty(COUNT)
    for start in range(0, COUNT, PART):
        numbers[start : start + PART] = 0
    return numbers


appended, made = append_items(), make_items()
filled, joined = fill_parts(), append_parts()
