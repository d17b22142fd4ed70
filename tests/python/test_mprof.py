"""weigh mprof: running and attaching, against memory known by construction, and the files it leaves."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from conftest import WEIGH, clean_environment, execute

FUNCTIONS = """
import time
@profile
def inner(n):
    block = bytearray(n << 20)
    for at in range(0, len(block), 4096):
        block[at] = 1
    time.sleep(0.15)
    return block
@profile
def outer():
    inner(10)
    return inner(40)
kept = outer()
"""


def read(path):
    """Lines by their first word, as lists of the others."""
    lines = {"CMDLINE": [], "MEM": [], "CHLD": [], "FUNC": []}
    for line in path.read_text().splitlines():
        word, _, rest = line.partition(" ")
        lines[word].append(rest.split(" "))
    return lines


def peak(lines):
    return max(float(mem) for mem, _ in lines["MEM"])


@pytest.fixture
def mprof(weigh, tmp_path):
    def run(*words, status=0, **options):
        done = weigh("mprof", "run", "-o", "x.dat", "-f", *words, **options)
        assert done.status == status, done.err
        return read(tmp_path / "x.dat")

    return run


def test_program(mprof, tmp_path):
    lines = mprof("-T", "0.05", sys.executable, "-c", "import time; time.sleep(0.4)")
    assert lines["CMDLINE"] == [[sys.executable, "-c", "'import", "time;", "time.sleep(0.4)'"]]
    times = [float(time) for _, time in lines["MEM"]]
    assert times == sorted(times) and len(times) >= 6
    assert times[-1] - times[0] > 0.3
    assert all(re.fullmatch(r"MEM \d+\.\d{6} \d+\.\d{4}|CMDLINE .*", line)
               for line in (tmp_path / "x.dat").read_text().splitlines())


def test_peak_between_readings(mprof):
    code = "import time; time.sleep(.3); b = b'1' * (100 << 20); del b; time.sleep(.6)"
    lines = mprof("-T", "0.4", sys.executable, "-c", code)
    assert 100 < peak(lines) < 150
    assert len(lines["MEM"]) < 8


def test_functions(mprof, script):
    lines = mprof(script(FUNCTIONS))
    calls = {}
    for name, *numbers in lines["FUNC"]:
        calls.setdefault(name, []).append([float(number) for number in numbers])
    assert set(calls) == {"__main__.inner", "__main__.outer"}
    (outer,) = calls["__main__.outer"]
    first, second = calls["__main__.inner"]
    assert (outer[4], first[4], second[4]) == (0, 1, 1)
    assert outer[1] <= first[1] < first[3] <= second[1] < second[3] <= outer[3]
    assert 0.15 <= first[3] - first[1] < 1
    assert first[2] - first[0] == pytest.approx(10, abs=2)
    assert second[2] - second[0] == pytest.approx(40, abs=2)
    assert outer[2] - outer[0] == pytest.approx(40, abs=2)


def test_functions_of_a_program_that_is_killed(mprof, script):
    name = script(FUNCTIONS + "import os; os.kill(os.getpid(), 9)")
    lines = mprof("--exit-code", name, status=-9)
    assert len(lines["FUNC"]) == 3


@pytest.mark.parametrize("words", [["--python"], ["--python", sys.executable]])
def test_module(mprof, script, words):
    script(FUNCTIONS, "package/__main__.py")
    lines = mprof(*words, "package", env=clean_environment(PYTHONPATH="."))
    assert len(lines["FUNC"]) == 3


def test_arguments_and_surroundings(mprof, script, tmp_path):
    name = script(
        "import os, sys, pickle\n"
        "class C: pass\n"
        "print(sys.argv[1:], __name__, os.path.basename(__file__))\n"
        "pickle.loads(pickle.dumps(C()))\n"
        "os.chdir('/')\n"
        "@profile\ndef f(): pass\n"
        "f()\n"
    )
    done = execute([WEIGH, "mprof", "run", "-o", "x.dat", name, "-o", "two words"])
    assert done.out == f"['-o', 'two words'] __main__ {name}\n"
    lines = read(tmp_path / "x.dat")
    assert lines["CMDLINE"][0][1:] == [name, "-o", "'two", "words'"]
    assert len(lines["FUNC"]) == 1


def test_without_python(mprof, script, tmp_path):
    name = script(f"#!{sys.executable}\nprint('profile' in dir(__builtins__))\n")
    (tmp_path / name).chmod(0o755)
    done = execute([WEIGH, "mprof", "run", "--nopython", "-o", "x.dat", "./" + name])
    assert done.out == "False\n"


CHILD = "import time; b = b'1' * (60 << 20); time.sleep(.5)"


def test_children(mprof):
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"
    assert peak(mprof(sys.executable, "-c", code)) < 50
    assert peak(mprof("--include-children", sys.executable, "-c", code)) > 65
    lines = mprof("--multiprocess", sys.executable, "-c", code)
    assert peak(lines) < 50
    assert len({pid for pid, *_ in lines["CHLD"]}) == 1
    assert max(float(mem) for _, mem, _ in lines["CHLD"]) > 60


def test_multiprocess_script(mprof, script):
    name = script(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])")
    assert mprof("-M", name)["CHLD"]


@pytest.mark.parametrize("kind", ["psutil_pss", "psutil_uss", "posix"])
def test_other_figures(mprof, kind):
    code = "import time; b = b'1' * (60 << 20); time.sleep(.3)"
    assert 60 < peak(mprof("--backend", kind, sys.executable, "-c", code)) < 100


def test_exit_status(mprof, script):
    name = script("raise SystemExit(7)")
    mprof(name)
    mprof("--exit-code", name, status=7)
    mprof("-E", sys.executable, "-c", "import os; os.kill(os.getpid(), 15)", status=-15)


def test_timeout_leaves_the_program(tmp_path):
    code = "import time, pathlib; time.sleep(2); pathlib.Path('done').touch()"
    words = [WEIGH, "mprof", "run", "-t", "0.4", "-o", "x.dat", sys.executable, "-c", code]
    # No pipe: whoever reads from one waits for the program, too.
    assert subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    assert not (tmp_path / "done").exists()
    assert 3 <= len(read(tmp_path / "x.dat")["MEM"]) <= 8
    for _ in range(100):
        if (tmp_path / "done").exists():
            break
        time.sleep(0.05)
    assert (tmp_path / "done").exists()


def test_interrupt_keeps_what_was_read(tmp_path):
    words = [WEIGH, "mprof", "run", "-o", "x.dat", sys.executable, "-c", "import time; time.sleep(20)"]
    running = subprocess.Popen(words, start_new_session=True, stderr=subprocess.PIPE)
    while not (tmp_path / "x.dat").exists() or len(read(tmp_path / "x.dat")["MEM"]) < 4:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)
    running.communicate()
    assert running.returncode == -signal.SIGINT
    assert len(read(tmp_path / "x.dat")["MEM"]) >= 4


def test_attach(weigh, tmp_path):
    running = subprocess.Popen([sys.executable, "-c", "import time; b = b'1' * (60 << 20); time.sleep(1.5)"])
    time.sleep(0.3)
    done = weigh("mprof", "attach", "-o", "x.dat", str(running.pid))
    running.wait()
    lines = read(tmp_path / "x.dat")
    assert done.status == 0 and lines["CMDLINE"] == [[str(running.pid)]]
    assert len(lines["MEM"]) >= 5 and 60 < peak(lines) < 90


def test_attach_by_name_until_interrupted(tmp_path):
    asleep = tmp_path / "quite-asleep"
    asleep.symlink_to("/bin/sleep")
    running = subprocess.Popen([asleep, "20"])
    words = [WEIGH, "mprof", "run", "--attach", "-o", "x.dat", "quite-asleep"]
    reading = subprocess.Popen(words, stderr=subprocess.PIPE)
    while not (tmp_path / "x.dat").exists() or len(read(tmp_path / "x.dat")["MEM"]) < 3:
        time.sleep(0.05)
    reading.send_signal(signal.SIGINT)
    _, err = reading.communicate()
    running.kill()
    running.wait()
    assert reading.returncode == 0 and b"peak" in err
    assert len(read(tmp_path / "x.dat")["MEM"]) >= 3


def test_files(weigh, tmp_path):
    for _ in range(2):
        assert weigh("mprof", "run", "-q", "true").status == 0
    names = sorted(path.name for path in tmp_path.glob("mprofile_*.dat"))
    assert len(names) == 2
    listed = weigh("mprof", "list").out.splitlines()
    assert [line.split()[:2] for line in listed] == [["0", names[0]], ["1", names[1]]]
    assert all(re.fullmatch(r"\d \S+ \d\d:\d\d:\d\d \d\d/\d\d/\d{4}", line) for line in listed)
    assert weigh("mprof", "rm", "--dry-run", "-1").out.split() == ["Files", "to", "be", "removed:", names[1]]
    assert weigh("mprof", "rm", "-2").status == 0
    assert [path.name for path in tmp_path.glob("*.dat")] == names[1:]
    (tmp_path / "mine.dat").write_text("MEM 1 2\n")
    assert weigh("mprof", "clean").status == 0
    assert [path.name for path in tmp_path.glob("*")] == ["mine.dat"]
    assert weigh("mprof", "rm", "mine.dat").status == 0
    assert not list(tmp_path.glob("*"))


def test_pictures(weigh, tmp_path, mprof, script):
    mprof(script(FUNCTIONS))
    assert weigh("mprof", "plot", "x.dat", "-o", "x.svg").out == ""
    import xml.etree.ElementTree

    root = xml.etree.ElementTree.parse(tmp_path / "x.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "outer" in "".join(root.itertext())
    assert weigh("mprof", "plot", "x.dat", "-o", "x.html").status == 0
    assert (tmp_path / "x.html").read_text().startswith("<!doctype html>")
    drawn = weigh("mprof", "plot", "x.dat", env=clean_environment(LC_ALL="C")).out
    assert "peak" in drawn and "\x1b" not in drawn and drawn.isascii()


@pytest.mark.parametrize(
    "words, status, says",
    [
        (["run"], 2, "mprof run: nothing to run: give a program or a script"),
        (["run", "no-such-program"], 1, "no-such-program: there is no such program: check its name, or give its path"),
        (["run", "-T", "never", "true"], 2, "--interval: 'never' is no number of seconds from 0.001: give one"),
        (["run", "-o", "there.dat", "true"], 1,
         "there.dat: the file exists: give -f to replace it, or another name with -o"),
        (["run", "-o", "no/folder.dat", "true"], 1,
         "no/folder.dat: No such file or directory: choose another place with -o"),
        (["attach", "4194305"], 1,
         "4194305: there is no such process: give the number or name of one that runs"),
        (["plot"], 1,
         "mprof: no mprofile_*.dat in this folder: make one with 'weigh mprof run', or name a file"),
        (["plot", "5"], 2, "5: no file and no number of one: see 'weigh mprof list'"),
        (["plot", "no.dat"], 1, "no.dat: there is no such file: see 'weigh mprof list'"),
        (["plot", "there.dat"], 1,
         "there.dat:2: 'MEM x' is not MEM, memory, time: mend the line or take it out"),
        (["plot", "-o", "x.png", "empty.dat"], 2,
         "mprof plot: x.png: only SVG and HTML can be written: name it .svg or .html"),
        (["plot", "empty.dat"], 1, "empty.dat: no reading of memory in it: run the program again"),
        (["plot", "-w", "5,5", "empty.dat"], 2,
         "mprof plot: --window '5,5': not two numbers that rise: give it as 0,20.5"),
        (["plot", "-w", "5,6", "one.dat"], 1,
         "one.dat: no reading of memory in this window: give --window another one"),
        (["peak", "empty.dat"], 1, "empty.dat: no reading of memory in it: run the program again"),
        (["rm"], 2, "mprof rm: nothing to remove: give numbers or names of files"),
        (["rm", "mine.txt"], 1, "mine.txt: is no mprof file, nothing was removed: remove it with rm"),
        (["plt"], 2, "mprof: plt: unknown action: did you mean 'weigh mprof plot'?"),
    ],
)
def test_refusals(weigh, tmp_path, words, status, says):
    (tmp_path / "there.dat").write_text("CMDLINE x\nMEM x\n")
    (tmp_path / "empty.dat").write_text("CMDLINE x\n")
    (tmp_path / "one.dat").write_text("MEM 1 17\n")
    (tmp_path / "mine.txt").write_text("words of my own\n")
    done = weigh("mprof", *words)
    assert (done.status, done.err) == (status, f"weigh: {says}\n")
    assert (tmp_path / "mine.txt").exists()
