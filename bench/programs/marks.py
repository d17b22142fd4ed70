"""The mark memory_profiler wants on what it is to trace; nothing under other tools."""

import builtins

profiled = getattr(builtins, "profile", lambda function: function)
