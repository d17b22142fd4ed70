"""What `%load_ext weigh` adds to IPython: %memit, %%memit and %mprun."""

from weigh import _weigh
from weigh._linetable import print_tables
from weigh._lines import LineProfiler, complain
from weigh._sizetable import amount


class _Magics:
    def __init__(self, shell):
        self._shell = shell

    def memit(self, line, cell=None):
        """Tell what a statement takes at its highest, and what stays: %memit [-r RUNS] STATEMENT, or %%memit.

        Bytes are those of blocks, above what was live before; the most of all
        runs.
        """
        runs, statement = _read_runs(line)
        if cell is not None:
            self._run(statement)  # what stands beside %%memit makes ready
            statement = cell
        _weigh.count()
        peak = kept = 0
        for _ in range(runs):
            before = _weigh.live_bytes()
            _weigh.reset_peak()
            self._run(statement)
            peak = max(peak, _weigh.peak_bytes() - before)
            kept = max(kept, _weigh.live_bytes() - before)
        print(f"peak: {amount(peak)}, kept: {amount(kept)} ({runs} run{'s' * (runs > 1)})")

    def mprun(self, line):
        """Profile functions line by line while a statement runs: %mprun -f FUNCTION [-f FUNCTION ...] STATEMENT."""
        names = []
        while line.startswith("-f"):
            name, _, line = line[2:].lstrip().partition(" ")
            names.append(name)
            line = line.lstrip()
        profiler = LineProfiler()
        for name in names:
            if not profiler.add_function(eval(name, self._shell.user_ns)):
                complain(f"{name}: no Python code in it: name a function written in Python")
        profiler.clear()
        before = _weigh.lines_enter()
        try:
            self._run(line)
        finally:
            _weigh.lines_leave(before)
            print_tables(profiler.tables())
            for code in profiler.codes:
                _weigh.lines_remove(code)

    def _run(self, statement):
        code = compile(self._shell.transform_cell(statement), "<memit>", "exec")
        exec(code, self._shell.user_ns)


def _read_runs(line):
    """The number after -r, and what follows; also -r3."""
    if not line.startswith("-r"):
        return 1, line
    count, _, rest = line[2:].lstrip().partition(" ")
    return max(1, int(count)), rest


def load_ipython_extension(shell):
    """Called by `%load_ext weigh`."""
    magics = _Magics(shell)
    shell.register_magic_function(magics.memit, "line_cell", "memit")
    shell.register_magic_function(magics.mprun, "line", "mprun")
