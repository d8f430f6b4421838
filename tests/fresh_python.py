"""Runs a script in a Python of its own, for what a test cannot change in its own process."""

import os
import subprocess
import sys

from checkout import ROOT

# A graph that is walked by recursion, in Python or in C, does not survive this.
SHALLOW = """
import os, sys, threading

def run_shallow(function):
    sys.setrecursionlimit(150)
    threading.stack_size(1024 * 1024)
    threading.excepthook = lambda args: (sys.__excepthook__(*args[:3]), sys.stderr.flush(), os._exit(1))
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()
"""


def run_python(script: str, **environment: str) -> str:
    """What the script prints; an error if it fails."""
    process = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout
