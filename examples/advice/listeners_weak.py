"""The same with weak references: a window that nobody else holds is gone, and its listener with it."""

from weakref import WeakMethod

COUNT = 5_000


class Document:
    def __init__(self):
        self.listeners = []

    def change(self):
        return sum(listener()() for listener in self.listeners)


class Window:
    def __init__(self, document, number):
        self.pixels = bytearray(4000 + number % 7)
        document.listeners.append(WeakMethod(self.draw, document.listeners.remove))

    def draw(self):
        return len(self.pixels)


document = Document()
for number in range(COUNT):
    window = Window(document, number)
print(document.change() > 0)
