"""Runs a script under hooks that only forward: forward_run.py SCRIPT ARGS..."""

import os
import runpy
import sys

import forward  # noqa: F401

del sys.argv[0]
sys.path[0] = os.path.dirname(sys.argv[0])
runpy.run_path(sys.argv[0], run_name="__main__")
