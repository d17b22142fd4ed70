# Starts the recorder in a program run by `weigh run`, and leaves no other trace.
#
# The launcher puts this folder first on PYTHONPATH, so the interpreter imports
# this file in the place of the user's sitecustomize, at the end of its start-up
# and before the program. It imports nothing that is not in memory already, and
# never prints: what there is to say goes to the launcher through a pipe.
# The syntax is that of every Python since 2.7, so that each can be refused.

import os
import sys


def restore_environment():
    """Take our variables out; return what they said."""
    words = os.environ.pop("WEIGH_BOOT")
    file = os.environ.pop("WEIGH_BOOT_FILE")
    path = os.environ.pop("WEIGH_BOOT_PYTHONPATH", None)
    if path is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = path
    return dict([word.split("=", 1) for word in words.split(";")], file=file)


def restore_path(folder):
    """Take our folder out of where the interpreter looks for modules."""
    if folder in sys.path:
        sys.path.remove(folder)
    sys.path_importer_cache.pop(folder, None)


def refusal(package):
    """Why this interpreter cannot be recorded, or None; and the file of the recorder."""
    version = "%d.%d" % sys.version_info[:2]
    if not (3, 10) <= sys.version_info[:2] <= (3, 15):
        return "Python %s is not supported: choose one of 3.10 to 3.15 with --python" % version, None
    if sys.implementation.name != "cpython":
        return "this is not CPython: choose another interpreter with --python", None
    if "t" in getattr(sys, "abiflags", ""):
        return "free-threaded builds are not supported: choose a build with the GIL with --python", None
    import _imp

    path = package + "/_weigh" + _imp.extension_suffixes()[0]
    try:
        os.stat(path)
    except OSError:
        return "%s: no recorder for Python %s: install weigh for this interpreter" % (package, version), None
    return None, path


def load(path):
    """The extension module weigh._weigh, without the package around it."""
    import _frozen_importlib
    import _frozen_importlib_external
    import _imp

    name = "weigh._weigh"
    loader = _frozen_importlib_external.ExtensionFileLoader(name, path)
    spec = _frozen_importlib.ModuleSpec(name, loader, origin=path)
    module = _imp.create_dynamic(spec)
    _imp.exec_dynamic(module)
    module.__spec__ = spec
    module.__file__ = path
    sys.modules[name] = module
    return module


def stop_at_exit(module):
    """Functions registered first run last: after all that the program registers."""
    known = "atexit" in sys.modules
    import atexit

    atexit.register(module.stop)
    if not known:
        del sys.modules["atexit"]


def start_lines(package, module, words):
    """Count blocks, and gather what lines do for `weigh lines`."""
    module.count()
    stop_at_exit(module)
    sys.path.insert(0, os.path.dirname(package))
    try:
        from weigh import _session
    finally:
        del sys.path[0]
    _session.begin(int(words["fd"]), words["file"])


def start(package, words):
    """Start recording; return "ok" or why not."""
    why, path = refusal(package)
    if why is None:
        try:
            module = load(path)
            if words["mode"] == "lines":
                start_lines(package, module, words)
                return "ok"
            module.start(int(words["fd"]), words["mode"] == "exact", tuple(sys.orig_argv[1:]))
            if words["heap"]:
                wanted = words["heap"].split(",")
                module.heap(words["file"], "peak" in wanted, "end" in wanted, "place" in wanted)
            stop_at_exit(module)
            return "ok"
        except Exception as error:
            why = str(error).replace("\n", " ")
            if isinstance(error, ImportError):
                why += ": install weigh again for this interpreter"
    return "%s: %s" % (sys.executable, why)


def boot():
    words = restore_environment()
    answer = start(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), words)
    status = int(words["status"])
    os.write(status, answer.encode("utf-8", "replace"))
    os.close(status)
    os.close(int(words["fd"]))
    if answer != "ok":
        os._exit(1)


def make_way():
    """Import the sitecustomize that the interpreter would have found without us.

    Where there is none, the ImportError is the one that site.py expects.
    """
    del sys.modules["sitecustomize"]
    import sitecustomize  # noqa: F401


restore_path(os.path.dirname(os.path.abspath(__file__)))
if "WEIGH_BOOT" in os.environ:
    boot()
make_way()
