"""A program under `weigh run` behaves as it does without."""

import json
import os
import subprocess
import sys
import zipfile

import pytest
from conftest import ENDED, EXIT_SIGNAL, EXIT_STATUS, clean_environment

PROGRAMS = {
    "nothing": "",
    "arguments": "import sys; print(sys.argv, __name__, __file__)",
    "main module": "import __main__, sys; print(sorted(vars(__main__)), sys.modules['__main__'] is __main__)",
    "status": "import sys; sys.exit(7)",
    "status from text": "import sys; sys.exit('that was it')",
    "status too large": "raise SystemExit(256 + 3)",
    "uncaught": "def f(n):\n    return f(n - 1) if n else 1 / 0\nf(3)",
    "uncaught in a thread": "import threading\nt = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()",
    "uncaught while exiting": "import atexit\natexit.register(lambda: 1 / 0)",
    "syntax error": "def f(:\n    pass\n",
    "broken output": "import os\nos.close(1)\nprint('x' * 100000)",
    "os._exit": "import os; print('a', flush=True); os._exit(5)",
    "abort": "import os; os.abort()",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "terminated": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "crash": "import ctypes; ctypes.string_at(0)",
    "interrupted": "import os, signal; os.kill(os.getpid(), signal.SIGINT)",
    "recursion": "import sys\ndef f():\n    f()\ntry:\n    f()\nexcept RecursionError as e:\n    print(e)",
    "warnings": "import warnings; warnings.warn('w'); open(__file__)",
    "fork": """
import os, sys
pid = os.fork()
if pid == 0:
    print('child', flush=True)
    sys.exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
""",
    "fork and a thread at exit": """
import os, threading, time
pid = os.fork()
if pid == 0:
    os._exit(0)
os.waitpid(pid, 0)
threading.Thread(target=lambda: [str(i) for i in range(100000)]).start()
""",
    "daemon threads at exit": """
import threading
def busy():
    while True:
        [str(i) for i in range(100)]
for _ in range(4):
    threading.Thread(target=busy, daemon=True).start()
""",
    "exec": "import os, sys; os.execv(sys.executable, [sys.executable, '-c', 'import sys; sys.exit(4)'])",
    "exit functions": """
import atexit
for i in range(3):
    atexit.register(print, i)
""",
    "pool": """
import multiprocessing
if __name__ == '__main__':
    with multiprocessing.get_context('fork').Pool(2) as pool:
        print(pool.map(abs, range(-5, 5)))
    with multiprocessing.get_context('spawn').Pool(2) as pool:
        print(pool.map(abs, range(-5, 5)))
""",
    "asyncio": """
import asyncio
async def main():
    await asyncio.gather(*(asyncio.sleep(0.001) for _ in range(100)))
    process = await asyncio.create_subprocess_exec('true')
    print(await process.wait())
asyncio.run(main())
""",
    "many blocks": "x = [{'a': i, 'b': str(i)} for i in range(50000)]; print(len(x))",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_ends_alike(name, script, run_alike):
    run_alike(script(PROGRAMS[name]), "a", "--b", "-c", "d e", "")


@pytest.mark.parametrize("options", [(), ("--exact",)])
def test_ended_capture(options, script, run_quiet, header):
    assert run_quiet(script("x = [str(i) for i in range(1000)]"), options=options).status == 0
    found = header()
    assert (found.state, found.exit, found.exit_value) == (ENDED, EXIT_STATUS, 0)
    assert found.mode == (2 if options else 1)
    assert found.seal != 0
    assert found.python == sys.hexversion


def test_killed_capture(script, run_quiet, header):
    run_quiet(script(PROGRAMS["killed"]))
    found = header()
    assert (found.state, found.exit, found.exit_value) == (1, EXIT_SIGNAL, 9)


def test_status_capture(script, run_quiet, header):
    run_quiet(script(PROGRAMS["status"]))
    assert (header().exit, header().exit_value) == (EXIT_STATUS, 7)


def test_code(run_alike):
    assert run_alike("-c", "import sys; print(sys.argv, sys.path[0] == '')", "-m", "x").status == 0


def test_code_that_fails(run_alike):
    assert run_alike("-c", "1 +").status == 1


def test_module(script, run_alike):
    script("import sys; print(__name__, __package__, sys.argv[1:], sys.path[0])", "package/__main__.py")
    script("", "package/__init__.py")
    assert "__main__ package ['-x', 'y']" in run_alike("-m", "package", "-x", "y").out


def test_module_from_the_library(run_alike):
    assert run_alike("-m", "json.tool", input="[1]").out == "[\n    1\n]\n"


def test_module_that_is_missing(run_alike):
    assert run_alike("-m", "no_such_module").status == 1


def test_folder(script, run_alike):
    script("import sys, helper; print(helper.name, sys.argv[0], sys.path[0])", "app/__main__.py")
    script("name = 'helped'", "app/helper.py")
    assert run_alike("app", "x").out.startswith("helped app ")


def test_zip(tmp_path, run_alike):
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        archive.writestr("__main__.py", "import sys, helper; print(helper.name, sys.argv)")
        archive.writestr("helper.py", "name = 'zipped'")
    assert run_alike("app.zip", "x").out == "zipped ['app.zip', 'x']\n"


def test_script_from_standard_input(run_alike):
    assert run_alike("-", "x", input="import sys; print(sys.argv)").out == "['-', 'x']\n"


def test_standard_input(script, run_alike):
    copy = script("import sys; sys.stdout.write(sys.stdin.read().upper())")
    assert run_alike(copy, input="a line\n" * 10000).out == "A LINE\n" * 10000


def test_script_elsewhere(script, run_alike):
    name = script("import sys, beside; print(sys.path[0])", "folder/script.py")
    script("", "folder/beside.py")
    run_alike(name)


STATE = """
import json, os, resource, signal, sys
def kind(n):
    try:
        return str(signal.getsignal(n))
    except ValueError:
        return None
json.dump({
    'environ': list(os.environ.items()),
    'path': sys.path,
    'argv': sys.argv,
    'orig_argv': sys.orig_argv,
    'flags': str(sys.flags),
    'executable': sys.executable,
    'prefix': sys.prefix,
    'modules': sorted(sys.modules),
    'importers': sorted(sys.path_importer_cache),
    'meta_path': [getattr(x, '__name__', type(x).__name__) for x in sys.meta_path],
    'hooks': len(sys.path_hooks),
    'files': sorted(os.listdir('/proc/self/fd')),
    'mask': sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, []))),
    'pending': sorted(map(int, signal.sigpending())),
    'dispositions': [kind(n) for n in range(1, signal.NSIG)],
    'group': os.getpgrp() - os.getpgid(os.getppid()),
    'umask': os.umask(0),
    'limits': [resource.getrlimit(n) for n in range(resource.RLIM_NLIMITS if hasattr(resource, 'RLIM_NLIMITS') else 9)],
    'threads': len(os.listdir('/proc/self/task')),
    'profile': [sys.getprofile(), sys.gettrace()],
    'children': os.popen('env | sort | grep -v ^_=').read(),
}, sys.stdout)
"""


def state(result):
    assert result.status == 0, result.err
    return json.loads(result.out)


@pytest.fixture
def states(script, run_quiet):
    from conftest import execute

    def compare(**options):
        name = script(STATE)
        bare = state(execute([sys.executable, name], **options))
        weighed = state(run_quiet(name, **options))
        # The one trace: the recorder itself.
        assert "weigh._weigh" in weighed["modules"]
        weighed["modules"].remove("weigh._weigh")
        for key in bare:
            assert weighed[key] == bare[key], key
        return weighed

    return compare


def test_state(states):
    states()


def test_state_with_a_path(states, tmp_path):
    found = states(env=clean_environment(PYTHONPATH=f"{tmp_path}:/nowhere"))
    assert dict(found["environ"])["PYTHONPATH"] == f"{tmp_path}:/nowhere"


def test_state_with_an_empty_path(states):
    assert dict(states(env=clean_environment(PYTHONPATH=""))["environ"])["PYTHONPATH"] == ""


def test_state_with_signals_blocked_and_ignored(states):
    import signal

    def prepare():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGTERM])
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.signal(signal.SIGQUIT, signal.SIG_IGN)

    found = states(preexec_fn=prepare)
    assert found["mask"] == [10, 15]


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_closed_standard_file(closed, script, run_quiet, header):
    name = script("import os; open('seen', 'w').write(' '.join(sorted(os.listdir('/proc/self/fd'))))")
    from conftest import execute

    execute([sys.executable, name], preexec_fn=lambda: os.close(closed))
    bare = open("seen").read()
    run_quiet(name, preexec_fn=lambda: os.close(closed))
    assert open("seen").read() == bare
    assert header().state == ENDED


def test_own_sitecustomize_still_runs(script, run_alike, tmp_path):
    script("print('customized', __file__, __spec__.origin)", "site/sitecustomize.py")
    name = script("import sys; print(sys.modules['sitecustomize'].__file__)")
    found = run_alike(name, env=clean_environment(PYTHONPATH=str(tmp_path / "site")))
    assert found.out.startswith("customized ")


def test_own_sitecustomize_that_fails(script, run_alike, tmp_path):
    script("import no_such_module", "site/sitecustomize.py")
    found = run_alike(script("print(1)"), env=clean_environment(PYTHONPATH=str(tmp_path / "site")))
    assert "no_such_module" in found.err


def test_children_are_not_recorded(script, run_quiet, tmp_path):
    name = script(
        "import subprocess, sys\n"
        "code = 'import sys; print(\"weigh._weigh\" in sys.modules)'\n"
        "print(subprocess.check_output([sys.executable, '-c', code]))"
    )
    assert run_quiet(name).out == "b'False\\n'\n"


def test_forked_child_leaves_the_capture_alone(script, run_quiet, header):
    name = script(
        "import os\n"
        "if os.fork() == 0:\n"
        "    x = [bytes(1000) for i in range(100000)]\n"
        "    raise SystemExit\n"
        "os.wait()\n"
    )
    assert run_quiet(name).status == 0
    assert header().state == ENDED


def test_python_minus_m(script, tmp_path):
    from conftest import execute

    name = script("import os, sys; print(sys.argv, [k for k in os.environ if 'WEIGH' in k]); sys.exit(6)")
    command = [sys.executable, "-m", "weigh", "run", "-q", "-o", "m.weigh", name, "x"]
    found = execute(command)
    assert found == (6, "['script.py', 'x'] []\n", "")
    assert (tmp_path / "m.weigh").exists()


def test_weigh_python_of_the_user_stays(script, run_quiet):
    name = script("import os; print(os.environ['WEIGH_PYTHON'])")
    found = run_quiet(name, env=clean_environment(WEIGH_PYTHON="/somewhere"))
    assert found.out == "/somewhere\n"


def test_interpreter_from_the_environment(script, weigh):
    name = script("import sys; print(sys.executable)")
    found = weigh("run", "-q", name, env=clean_environment(WEIGH_PYTHON=sys.executable))
    assert found.out == sys.executable + "\n"


def test_a_reader_that_leaves_early(script):
    """The summary goes to a pipe nobody reads: the status is still the program's."""
    from conftest import WEIGH

    name = script("import sys; sys.stdin.read(); sys.exit(9)")
    child = subprocess.Popen([WEIGH, "run", name], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stderr.close()
    child.stdin.close()
    assert child.wait(60) == 9
