"""Bad input to `weigh run`: one line that says what, where and what to do."""

import os
import stat
import subprocess
import sys

import pytest
from conftest import ENDED, WEIGH, clean_environment, execute


def refused(ending, status, *words):
    assert ending.status == status, ending
    assert ending.out == ""
    lines = ending.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("weigh: "), ending.err
    assert lines[0].count(": ") >= 2, "where, what and what to do"
    for word in words:
        assert word in lines[0]


@pytest.fixture
def marker(script, tmp_path):
    """A script that leaves a file behind when it runs, and whether it did."""
    name = script("open('ran', 'w')")
    return name, (tmp_path / "ran").exists


def captures():
    return [name for name in os.listdir() if "weigh" in name]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("-o",),
        ("-m",),
        ("-c",),
        ("--no-such-option", "x.py"),
        ("--exact=1", "x.py"),
        ("--heap=sometimes", "x.py"),
        ("-o", "", "x.py"),
    ],
)
def test_usage(words, weigh, script):
    script("", "x.py")
    refused(weigh("run", *words), 2, "run: ")
    assert captures() == []


@pytest.mark.parametrize("ending", [".heap-end", ".heap-peak"])
def test_snapshot_of_an_earlier_run(ending, weigh, marker):
    """What a killed run left behind is removed only when asked for."""
    name, ran = marker
    with open("out.weigh" + ending, "w") as file:
        file.write("theirs")
    refused(weigh("run", "-o", "out.weigh", "--python", sys.executable, name), 1, "out.weigh: ")
    assert not ran() and os.path.exists("out.weigh" + ending)
    assert weigh("run", "-f", "-o", "out.weigh", "--python", sys.executable, name).status == 0
    assert ran() and not os.path.exists("out.weigh" + ending)


def test_help(weigh):
    found = weigh("run", "--help")
    assert found.status == 0 and found.err == ""
    assert "--exact" in found.out and "-m" in found.out


def test_missing_script(weigh):
    refused(weigh("run", "missing.py"), 1, "missing.py: ")
    assert captures() == []


def test_folder_without_main(weigh, tmp_path):
    (tmp_path / "folder").mkdir()
    refused(weigh("run", "folder"), 1, "folder: ", "__main__.py")


@pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
def test_unreadable_script(weigh, script):
    name = script("")
    os.chmod(name, 0)
    refused(weigh("run", name), 1, name)


def test_existing_output(weigh, marker, tmp_path):
    name, ran = marker
    (tmp_path / "kept").write_text("kept")
    refused(weigh("run", "-o", "kept", name), 1, "kept: ", "-f")
    assert not ran()
    assert (tmp_path / "kept").read_text() == "kept"


def test_existing_output_with_force(weigh, marker, header, tmp_path):
    name, ran = marker
    (tmp_path / "old.weigh").write_text("old")
    assert weigh("run", "-q", "-f", "-o", "old.weigh", name).status == 0
    assert header("old.weigh").state == ENDED
    assert sorted(captures()) == ["old.weigh"]


def test_force_replaces_no_device_and_no_folder(weigh, marker, tmp_path):
    name, ran = marker
    refused(weigh("run", "-f", "-o", "/dev/null", name), 1, "/dev/null: ")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    (tmp_path / "folder").mkdir()
    refused(weigh("run", "-f", "-o", "folder", name), 1, "folder: ")
    refused(weigh("run", "-o", "folder", name), 1, "folder: ")
    assert not ran()


def test_output_in_a_missing_folder(weigh, marker):
    name, ran = marker
    refused(weigh("run", "-o", "no/such/out.weigh", name), 1, "no/such/out.weigh: ")
    assert not ran()


def test_output_where_nothing_can_be_written(weigh, marker):
    name, ran = marker
    refused(weigh("run", "-o", "/proc/out.weigh", name), 1, "/proc/out.weigh: ")
    assert not ran()


@pytest.mark.parametrize("python", ["/no/such/python", "no-such-python", "/", "/etc/passwd"])
def test_missing_interpreter(python, weigh, marker):
    name, ran = marker
    refused(weigh("run", "--python", python, name), 1, python, "--python")
    assert captures() == []


def test_interpreter_that_cannot_be_executed(weigh, marker, tmp_path):
    name, ran = marker
    (tmp_path / "python").write_text("#!/no/such/shell\n")
    (tmp_path / "python").chmod(0o755)
    environment = clean_environment(WEIGH_PACKAGE=package())
    refused(weigh("run", "--python", "./python", name, env=environment), 1, "./python: ")
    assert captures() == []


def package():
    import weigh

    return os.path.dirname(weigh.__file__)


def test_interpreter_that_ignores_us(weigh, script, tmp_path):
    """The program runs; that it was not recorded is said afterwards."""
    (tmp_path / "python").write_text(f'#!/bin/sh\nexec {sys.executable} -I "$@"\n')
    (tmp_path / "python").chmod(0o755)
    name = script("print('ran'); raise SystemExit(3)")
    found = weigh("run", "--python", "./python", name, env=clean_environment(WEIGH_PACKAGE=package()))
    assert (found.status, found.out) == (3, "ran\n")
    assert found.err.startswith("weigh: ./python: ") and "unrecorded" in found.err
    assert captures() == []


def interpreter_of_another_kind():
    """A Python that weigh does not support, if the machine has one."""
    for version in ("2.7", "3.6", "3.7", "3.8", "3.9"):
        for folder in ("/usr/bin", "/usr/local/bin", os.path.expanduser(f"~/.pyenv/versions/{version}.*/bin")):
            import glob

            for path in glob.glob(f"{folder}/python{version}"):
                yield path


@pytest.mark.parametrize("python", list(interpreter_of_another_kind()) or [None])
def test_unsupported_interpreter(python, weigh, marker):
    if python is None:
        pytest.skip("no unsupported interpreter here")
    name, ran = marker
    found = weigh("run", "--python", python, name, env=clean_environment(WEIGH_PACKAGE=package()))
    refused(found, 1, python, "3.10")
    assert not ran()
    assert captures() == []


def test_package_without_a_recorder_for_this_python(weigh, marker, tmp_path):
    import shutil

    name, ran = marker
    copy = tmp_path / "other"
    shutil.copytree(package(), copy, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    found = weigh("run", "--python", sys.executable, name, env=clean_environment(WEIGH_PACKAGE=str(copy)))
    refused(found, 1, "no recorder for Python")
    assert not ran()


def test_damaged_recorder(weigh, marker, tmp_path):
    import shutil

    name, ran = marker
    copy = tmp_path / "other"
    shutil.copytree(package(), copy, ignore=shutil.ignore_patterns("__pycache__"))
    for path in copy.glob("*.so"):
        path.unlink()
        path.write_bytes(b"\x7fELF")
    found = weigh("run", "--python", sys.executable, name, env=clean_environment(WEIGH_PACKAGE=str(copy)))
    refused(found, 1, "install weigh")
    assert not ran()


def test_limit_on_file_sizes(run_quiet, script, tmp_path):
    """No file of that size, not even in memory: a refusal, not a dead program."""
    import resource

    name = script("")
    limited = run_quiet(name, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)))
    refused(limited, 1, "ulimit -f")
    assert captures() == []


def has_small_disk(path):
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path], stdin=subprocess.DEVNULL, capture_output=True
    )
    return made.returncode == 0


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MiB; tests that need one are skipped where it cannot be made."""
    path = tmp_path / "disk"
    path.mkdir()
    if os.getuid() != 0 or not has_small_disk(path):
        pytest.skip("needs the right to mount")
    yield path
    # What the program forked may still look at it.
    subprocess.run(["umount", "--lazy", path], check=True)


def test_disk_full_from_the_start(weigh, script, small_disk, header):
    """The recording is held in memory, and its compact form fits."""
    found = weigh("run", "-q", "-o", "disk/out.weigh", script("x = [str(i) for i in range(100000)]"))
    assert found == (0, "", "")
    assert header("disk/out.weigh").state == ENDED
    assert os.listdir(small_disk) == ["out.weigh"]


def test_disk_full_to_the_end(weigh, script, small_disk):
    (small_disk / "filler").write_bytes(bytes(1 << 20))
    found = weigh("run", "-o", "disk/out.weigh", script("raise SystemExit(5)"))
    assert found.status == 5
    *summary, last = found.err.splitlines()
    assert summary, "the summary is printed all the same"
    assert last.startswith("weigh: disk/out.weigh: ") and "not written" in last
    assert os.listdir(small_disk) == ["filler"]


def test_disk_that_fills_during_the_run(weigh, script, tmp_path):
    """The file has all its room before the program starts: it goes on, and nothing is lost."""
    path = tmp_path / "disk"
    path.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=9m", "tmpfs", path], capture_output=True)
    if made.returncode:
        pytest.skip("needs the right to mount")
    name = script(
        "try:\n"
        "    with open('disk/filler', 'wb', 0) as filler:\n"
        "        while True:\n"
        "            filler.write(bytes(4096))\n"
        "except OSError as e:\n"
        "    print(e.errno)\n"
        "x = [str(i) for i in range(200000)]\n"
    )
    try:
        found = weigh("run", "-q", "-o", "disk/out.weigh", name)
        assert (found.status, found.out) == (0, "28\n")
        assert (path / "out.weigh").read_bytes()[:8] == b"WEIGHCAP"
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


def test_default_name(weigh, script, tmp_path):
    name = script("", "folder/my prog.py")
    assert weigh("run", "-q", name).status == 0
    assert weigh("run", "-q", "-m", "this").status == 0
    assert weigh("run", "-q", "-c", "pass").status == 0
    first = sorted(name.split(".")[0] for name in captures())
    assert first == ["weigh-code", "weigh-my prog", "weigh-this"]
    assert all(name.endswith(".weigh") and name.split(".")[1].isdigit() for name in captures())


def test_summary_goes_to_stderr_without_colour(weigh, script):
    found = weigh("run", "-o", "out.weigh", script("print('out')"))
    assert found.out == "out\n"
    assert found.err and "\x1b" not in found.err
    assert "out.weigh" in found.err


def test_missing_program(tmp_path):
    """`python -m weigh` without the native program beside it."""
    import shutil

    shutil.copytree(package(), tmp_path / "weigh", ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        "import sysconfig, sys, runpy; sysconfig.get_path = lambda *a: '/nowhere';"
        "sys.executable = '/nowhere/python'; sys.argv = ['weigh', '--version'];"
        "runpy.run_module('weigh', run_name='__main__', alter_sys=True)"
    )
    found = execute([sys.executable, "-c", code], env=clean_environment(PYTHONPATH=str(tmp_path)))
    assert found.status == 1
    assert found.err.startswith("weigh: ") and "install weigh again" in found.err


def test_versions_agree(weigh):
    import weigh as module

    assert weigh("--version").out == f"weigh {module.__version__}\n"


def test_program_is_native():
    with open(WEIGH, "rb") as file:
        assert file.read(4) == b"\x7fELF"
