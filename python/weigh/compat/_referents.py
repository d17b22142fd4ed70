"""What objects refer to, with names, as asizeof tells it.

Nothing here reads an attribute of a program's object the ordinary way: no dict
comes into being, no `__getattr__`, property or `__iter__` of a program runs.
Names are made only when somebody wants to see them, as that may call `repr`.
"""

import types

from weigh import _weigh

FOLLOW_CODE = _weigh.FOLLOW_TYPES | _weigh.FOLLOW_CODE

_type_dict = type.__dict__["__dict__"].__get__
_type_mro = type.__dict__["__mro__"].__get__

# Attributes of objects written in C that keep what they return.
_KEPT = {
    types.TracebackType: ("tb_next",),
    types.CellType: ("cell_contents",),
    types.FunctionType: ("__code__", "__defaults__", "__kwdefaults__", "__name__"),
    types.MethodType: (),
    BaseException: ("args", "__traceback__", "__context__", "__cause__"),
}


class Referent:
    """An object that another refers to, and how it is called there; not `owned`: the class does that."""

    __slots__ = ("_label", "owned", "ref")

    def __init__(self, label, ref):
        self._label = label
        self.owned = True
        self.ref = ref

    @property
    def name(self):
        label = self._label
        return label() if callable(label) else label


class Attributes:
    """Attributes that no dict holds: their values lie in the instance or beside it."""

    __slots__ = ("pairs",)

    def __init__(self, pairs):
        self.pairs = pairs


def clipped(obj, clip=80):
    """What `repr` says, on one line, with the middle left out where it is long."""
    try:
        text = repr(obj).replace("\n", "\\n")
    except Exception:
        return "N/A"
    half = clip // 2 - 2
    if len(text) > clip and half > 0:
        return text[:half] + "...." + text[-half:]
    return text


def name_of(obj, clip=80):
    """The name of a class, function or module; what `repr` says of anything else."""
    if issubclass(type(obj), (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)):
        name = getattr(obj, "__name__", None)
        if isinstance(name, str) and name:
            return name
    return clipped(obj, clip)


def entries(pairs):
    """Two referents for each entry of a dict."""
    for key, value in pairs:
        yield Referent(lambda key=key: f"[K] {_text(key)}", key)
        yield Referent(lambda key=key, value=value: f"[V] {_text(key)}: {clipped(value)}", value)


def _text(key):
    try:
        return str(key)
    except Exception:
        return "N/A"


def _members(obj):
    """(name, value) of what the classes of an object name: slots, and fields of objects written in C."""
    for cls in _type_mro(type(obj)):
        for name, member in list(_type_dict(cls).items()):
            if type(member) is types.MemberDescriptorType:
                try:
                    yield name, member.__get__(obj)
                except (AttributeError, TypeError, SystemError):
                    continue
        for name in _KEPT.get(cls, ()):
            try:
                yield name, _type_dict(cls)[name].__get__(obj)
            except (AttributeError, ValueError, KeyError):
                continue


def _take(owned, obj):
    """Whether an object is among those owned; it is not from then on."""
    found = owned.get(id(obj))
    if not found:
        return False
    found.pop()
    return True


def targets(referent):
    """The objects to be counted for what `referents` returns."""
    if type(referent) is not Referent:
        return [referent]
    if type(referent.ref) is Attributes:
        return [value for _, value in referent.ref.pairs]
    return [referent.ref] if referent.owned else []


def _items(obj, kind):
    """The items of a container, in its own order; () for what is none."""
    if kind is dict or issubclass(kind, dict):
        return entries(list(dict.items(obj)))
    for base in (list, tuple, set, frozenset):
        if issubclass(kind, base):
            return list(base.__iter__(obj))
    return ()


def referents(obj, code=False):
    """What an object refers to: Referent where there is a name, else the object itself.

    Attributes that no dict holds come as one Referent called `__dict__` with
    Attributes in it.
    """
    kind = type(obj)
    follow = FOLLOW_CODE if code else 0
    owned = {}
    for other in _weigh.referents(obj, follow):
        owned.setdefault(id(other), []).append(other)
    result = []
    attributes = _weigh.attributes(obj)
    if isinstance(attributes, list):
        for _, value in attributes:
            _take(owned, value)
        result.append(Referent("__dict__", Attributes(attributes)))
    elif attributes is not None and _take(owned, attributes):
        if kind is types.ModuleType:
            result.extend(entries(list(dict.items(attributes))))
        else:
            result.append(Referent("__dict__", attributes))
    if _take(owned, kind):
        result.append(Referent("__class__", kind))
    for name, value in _members(obj):
        if _take(owned, value):
            result.append(Referent(name, value))
    for item in _items(obj, kind):
        if type(item) is Referent:
            item.owned = _take(owned, item.ref)
        else:
            _take(owned, item)
        result.append(item)
    for rest in owned.values():
        result.extend(rest)
    return result
