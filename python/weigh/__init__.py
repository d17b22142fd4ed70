"""Where the memory of a Python program goes: recording from inside a program.

`weigh run script.py` on the command line records a whole program; what is here
records a part of one:

    with weigh.Tracker("load.weigh"):
        load()

or tells what each line of a function takes:

    @weigh.profile
    def load(): ...

or tells what objects occupy:

    weigh.sizeof(rows), print(weigh.measure(rows))

or keeps all objects there are for `weigh heap`:

    weigh.snapshot("now.heap")

The recorder is loaded when the first of these names is used.
"""

__version__ = "0.1.0"

__all__ = [
    "Tracker",
    "WeighError",
    "compare",
    "explain",
    "flat",
    "live_bytes",
    "measure",
    "memory_usage",
    "peak_bytes",
    "profile",
    "reset_peak",
    "sizeof",
    "snapshot",
    "types",
]

# Whether what takes longer than a second shows how far it is, on a terminal.
progress = True

_FROM_RECORDER = ("WeighError", "live_bytes", "peak_bytes", "reset_peak")
_FROM_SIZES = ("compare", "explain", "flat", "measure", "sizeof", "types")


def __getattr__(name):
    if name == "Tracker":
        from weigh._tracker import Tracker as value
    elif name == "load_ipython_extension":
        from weigh._magics import load_ipython_extension as value
    elif name == "profile":
        from weigh._lines import profile as value
    elif name == "snapshot":
        from weigh._snapshot import snapshot as value
    elif name == "memory_usage":
        from weigh._usage import memory_usage as value
    elif name in _FROM_RECORDER:
        from weigh import _weigh

        value = getattr(_weigh, name)
    elif name in _FROM_SIZES:
        from weigh import _sizes

        value = getattr(_sizes, name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
