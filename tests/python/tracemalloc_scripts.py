"""Scripts that trace with one module or the other, and say what they saw."""

import json
import subprocess
import sys

from conftest import clean_environment

OURS = "from weigh.compat import tracemalloc"
LIBRARYS = "import tracemalloc"


def run(text, *words, environment=None, status=0):
    """What a program prints, as JSON of its last line."""
    command = [sys.executable, "-c", text, *words]
    done = subprocess.run(command, capture_output=True, text=True, env=environment or clean_environment(), timeout=120)
    assert (done.returncode, done.stderr) == (status, "")
    return json.loads(done.stdout.splitlines()[-1])
