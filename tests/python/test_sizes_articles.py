"""Experiments on sizes that articles on Python's memory print, with the numbers of today (docs/sizes.md)."""

import collections
import sys

import pytest

import weigh


def occupied(requested):
    return (requested + 15) // 16 * 16


@pytest.mark.parametrize("number", [2**29, 2**30, 2**60, 2**90])
def test_an_int_grows_by_four_bytes_a_digit(number):
    assert weigh.flat(number).requested == sys.getsizeof(number)
    assert weigh.flat(number) == occupied(sys.getsizeof(number))


def test_a_float_and_an_int_occupy_the_same():
    assert sys.getsizeof(2.5) != sys.getsizeof(5000)
    assert weigh.flat(2.5) == weigh.flat(5000) == 32


def test_a_string_grows_by_a_byte_a_character_and_its_block_by_sixteen():
    head = sys.getsizeof("")
    for length in range(2, 40):
        text = "".join(["x"] * length)
        assert weigh.flat(text).requested == sys.getsizeof(text) == head + length
        assert weigh.flat(text) == occupied(head + length)


def test_a_list_reserves_room():
    assert weigh.flat([]) == 64
    assert weigh.flat([1]) == 64 + 16
    grown = []
    for i in range(5):
        grown.append(i)
    assert weigh.flat(grown).requested == sys.getsizeof(grown) == 56 + 8 * 8
    assert any("reserve for 3 more" in part.text for part in weigh.explain(grown).parts)


def test_small_ints_are_everybodys():
    """An article has 256 for [1, 2, 3, 4, 5]: 32 for each int, which are there anyway."""
    assert weigh.sizeof([1, 2, 3, 4, 5]) == weigh.flat([1, 2, 3, 4, 5])
    thousands = [5001, 5002, 5003, 5004, 5005]
    assert weigh.sizeof(thousands) == weigh.flat(thousands) + 5 * 32


def test_a_nested_list_one_level_at_a_time():
    nested = [[5001, 5002], [5003, 5004]]
    measured = weigh.measure(nested)
    assert [child.flat for child in measured.children] == [weigh.flat(inner) for inner in nested]
    assert [child.gross for child in measured.children] == [weigh.flat(inner) + 64 for inner in nested]
    assert measured.gross == weigh.flat(nested) + sum(child.gross for child in measured.children)


def test_a_list_may_be_smaller_than_its_items():
    words = ["".join(["hello ", "world"]), "".join(["good ", "night", " to all" * 20])]
    assert sys.getsizeof(words) < sum(map(sys.getsizeof, words))
    assert weigh.sizeof(words) == weigh.flat(words) + sum(map(weigh.flat, words))


def test_what_occurs_twice_counts_once():
    a, b = "".join(["hello ", "world"]), "".join(["good ", "night"])
    assert weigh.sizeof([a, a, b, b]) == weigh.flat([a, a, b, b]) + weigh.flat(a) + weigh.flat(b)


def test_slots_against_a_plain_class():
    """asizeof prints 152 and 32; getsizeof 48 to 56 and 32."""

    class Plain:
        def __init__(self, x, y):
            self.x, self.y = x, y

    class Slots:
        __slots__ = ("x", "y")

        def __init__(self, x, y):
            self.x, self.y = x, y

    class Empty:
        __slots__ = ()

    for _ in range(100):  # the first instances reserve room for more attributes
        plain = Plain(1, 2)
    slots = Slots(1, 2)
    expected = {(3, 10): 160, (3, 11): 96, (3, 12): 80, (3, 13): 96}.get(sys.version_info[:2])
    if expected:
        assert weigh.sizeof(plain) == expected
    assert weigh.sizeof(slots) == weigh.flat(slots) == 48
    assert weigh.sizeof(Empty()) == sys.getsizeof(Empty()) == 32
    assert sys.getsizeof(plain) < weigh.sizeof(plain)


def test_to_look_at_the_dict_is_to_make_it():
    if sys.version_info < (3, 11):
        pytest.skip("instances have their dict from the start")

    class Plain:
        def __init__(self):
            self.x, self.y, self.z = 1, 2, 3

    for _ in range(100):
        plain = Plain()
    before = weigh.sizeof(plain)
    vars(plain)
    assert weigh.sizeof(plain) == before + 64


def test_a_named_tuple_is_said_to_be_as_small_as_a_tuple():
    Row = collections.namedtuple("Row", "route date daytype rides")
    row = Row("1001", "01/01/2001", "W", "7354")
    plain = tuple(row)
    assert sys.getsizeof(row) == sys.getsizeof(plain)
    assert weigh.flat(row).requested == weigh.flat(plain).requested + 8


def test_kinds_of_records():
    fields = {"route": "1001", "date": "01/01/2001", "daytype": "W", "rides": "7354"}

    class Slots:
        __slots__ = tuple(fields)

    slots = Slots()
    for name, value in fields.items():
        setattr(slots, name, value)
    assert weigh.flat(tuple(fields.values())) == 80
    assert weigh.flat(list(tuple(fields.values()))) == 96
    assert weigh.flat(slots) == 64
    assert weigh.flat(dict(fields)) == (240 if sys.version_info < (3, 11) else 192)
