"""What compiling an irregular graph costs: it is said before it is paid, and Ctrl-C leaves at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from checkout import ROOT

from autograd import compile
from autograd.compiler import lift as pass_3
from autograd.compiler.fold import fold
from autograd.compiler.record import record
from benchmarks.graphs import random_operands


def test_an_irregular_graph_is_told_with_its_numbers() -> None:
    """It takes some 8 s, though an operation holds ten nodes."""
    recording = record([random_operands(50_000)], [])
    folded = fold(recording)
    with pytest.warns(RuntimeWarning, match=r"about \d+ s and \d+ MB, for the graph is irregular") as told:
        lifted = pass_3.lift(folded)
    assert f"{len(lifted.groups):,} array operations for {len(recording):,} nodes" in str(told[0].message)


def test_the_warning_points_to_the_line_that_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    output = random_operands(1500)
    compile(output)
    monkeypatch.setattr(pass_3, "PATIENCE", 0.0)
    with pytest.warns(RuntimeWarning, match="Ctrl-C leaves") as told:
        compile(output)
    assert [warning.filename for warning in told] == [__file__]


INTERRUPTED = """
import gc, signal, warnings
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a run of tests in the background would not have
from autograd import compile
from benchmarks.graphs import random_operands

warnings.simplefilter("ignore")
output = random_operands(100_000)
print("compiling", flush=True)
try:
    compile(output)
except KeyboardInterrupt:
    print("left", gc.isenabled())
"""


@pytest.mark.skipif(os.name == "nt", reason="a process on Windows gets no SIGINT of its own")
@pytest.mark.parametrize("delay", [0.1, 2.0])
def test_an_interrupt_leaves_at_once(delay: float) -> None:
    """It would take half a minute to compile; the limit of ten seconds is for a busy machine."""
    command, environment = [sys.executable, "-c", INTERRUPTED], {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "compiling\n"
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=10)[0] == "left True\n"
