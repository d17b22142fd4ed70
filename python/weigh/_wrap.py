"""Functions of every kind, wrapped: around each call of them, or each step of one, something else happens."""

from functools import wraps

# Flags of code objects, as in the module inspect, which is slow to import.
CO_GENERATOR = 0x20
CO_COROUTINE = 0x80
CO_ASYNC_GENERATOR = 0x200


def around_calls(function, call):
    """The same function, each call of it within `with call():`, that of a generator from its first value to its end."""
    flags = _flags(function)
    if flags & CO_ASYNC_GENERATOR:
        return _wrap_async_generator(function, call, _same)
    if flags & CO_COROUTINE:
        return _wrap_coroutine(function, call)
    if flags & CO_GENERATOR:
        return _wrap_generator(function, call)
    return _wrap_function(function, call)


def around_steps(function, enter, leave):
    """The same function, with enter() and leave() of what that returned around all that it does between suspensions."""

    def steps(target):
        return _Steps(target, enter, leave)

    flags = _flags(function)
    if flags & CO_ASYNC_GENERATOR:
        return _wrap_async_generator(function, _Nothing, steps)
    if flags & CO_COROUTINE:

        @wraps(function)
        async def stepped(*args, **kwargs):
            return await steps(function(*args, **kwargs))

    elif flags & CO_GENERATOR:

        @wraps(function)
        def stepped(*args, **kwargs):
            return (yield from steps(function(*args, **kwargs)))

    else:

        @wraps(function)
        def stepped(*args, **kwargs):
            before = enter()
            try:
                return function(*args, **kwargs)
            finally:
                leave(before)

    return stepped


class _Steps:
    """A generator, coroutine or the like, as `await` and `yield from` take it."""

    __slots__ = ("_enter", "_leave", "_target")

    def __init__(self, target, enter, leave):
        self._target = target
        self._enter = enter
        self._leave = leave

    def __iter__(self):
        return self

    __await__ = __iter__

    def __next__(self):
        return self.send(None)

    def send(self, value):
        before = self._enter()
        try:
            return self._target.send(value)
        finally:
            self._leave(before)

    def throw(self, *error):
        before = self._enter()
        try:
            return self._target.throw(*error)
        finally:
            self._leave(before)

    def close(self):
        before = self._enter()
        try:
            return self._target.close()
        finally:
            self._leave(before)


class _Nothing:
    def __enter__(self):
        pass

    def __exit__(self, *error):
        pass


def _same(step):
    return step


def _flags(function):
    return getattr(getattr(function, "__code__", None), "co_flags", 0)


def _wrap_function(function, call):
    @wraps(function)
    def recorded(*args, **kwargs):
        with call():
            return function(*args, **kwargs)

    return recorded


def _wrap_coroutine(function, call):
    @wraps(function)
    async def recorded(*args, **kwargs):
        with call():
            return await function(*args, **kwargs)

    return recorded


def _wrap_generator(function, call):
    @wraps(function)
    def recorded(*args, **kwargs):
        with call():
            return (yield from function(*args, **kwargs))

    return recorded


def _wrap_async_generator(function, call, steps):
    @wraps(function)
    async def recorded(*args, **kwargs):
        with call():
            values = function(*args, **kwargs)
            step = values.__anext__()
            while True:
                try:
                    value = await steps(step)
                except StopAsyncIteration:
                    return
                try:
                    sent = yield value
                except GeneratorExit:
                    await steps(values.aclose())
                    raise
                except BaseException as error:
                    step = values.athrow(error)
                else:
                    step = values.asend(sent)

    return recorded
