"""How many bytes does a string take? sys.getsizeof() has one answer, the memory it lies in another."""

import sys

import weigh

for text in ("", "P", "Python", "Python is", "Python is fun"):
    print(f"{text!r:16} getsizeof {sys.getsizeof(text):3}   occupies {weigh.flat(text):3}")

print(weigh.explain("".join(["Py", "thon"])))
