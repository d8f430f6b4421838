"""What the targets do where no framework is installed: sources are written all the same, the rest names the extra."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from generators.recurrences import family, one_output

from autograd import Operation, Program, Value, compile, ops, register
from autograd.compiler.differentiate import differentiate
from autograd.compiler.fold import fold
from autograd.compiler.ir import Loop
from autograd.compiler.layout import layout
from autograd.compiler.lift import lift
from autograd.compiler.program import Framework
from autograd.compiler.record import record
from autograd.compiler.roll import roll
from autograd.compiler.targets import jax, torch


@pytest.mark.parametrize("library", ["jax", "torch", "onnx"])
def test_the_error_names_the_extra(library: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    x = Value(1.0)
    program = compile(x.tanh(), [x])
    calls = {"jax": program.to_jax, "torch": program.to_torch, "onnx": lambda: program.to_onnx(tmp_path / "p.onnx")}
    wanted = rf'{library} is not installed: it comes with the extra "{library}", pip install "valuegrad\[{library}\]"'
    with pytest.raises(ImportError, match=wanted):
        calls[library]()


@pytest.mark.parametrize("framework", ["jax", "torch"])
@pytest.mark.parametrize("name", ["chain", "rnn_of_losses", "lstm", "lorenz", "encoder_decoder"])
def test_text_does_not_depend_on_the_number_of_steps(name: str, framework: Framework) -> None:
    texts = [recurrence(name, steps).source_for(framework) for steps in (100, 150)]
    assert ("jax.lax.scan" if framework == "jax" else "\n        for ") in texts[0]
    assert len({re.sub(r"\d+", "0", " ".join(text.split())) for text in texts}) == 1


@cache
def recurrence(name: str, steps: int) -> Program:
    """Compiled once for both."""
    return compile(*one_output(family(name, steps)))


@pytest.mark.parametrize("target", [jax, torch])
def test_what_is_no_forward_pass_is_refused(target) -> None:
    (output,), inputs = family("chain", 60)
    program = differentiate(layout(lift(roll(fold(record([output], inputs))), True)))
    for statements in (program.backward, [s for s in program.backward if isinstance(s, Loop)]):
        assert statements
        with pytest.raises(NotImplementedError, match=r"targets write forward passes, which have no (Update|Loop)"):
            target.source(replace(program, statements=[*program.statements, *statements], backward=()), True)


@pytest.mark.parametrize("target", [jax, torch])
def test_an_operation_that_a_target_cannot_do_is_named(target) -> None:
    before = dict(ops.OPERATIONS), dict(ops.FLOATS)
    try:
        root = register(Operation("cube_root", "cbrt", "cube_root(x)", ("1",), function=np.cbrt))
        x = Value(0.5)
        program = layout(lift(fold(record([root(x)], [x]))))
        with pytest.raises(NotImplementedError, match="target has no function for the operation 'cube_root'"):
            target.source(program, True)
    finally:
        for table, rows in zip((ops.OPERATIONS, ops.FLOATS), before, strict=True):
            table.clear()
            table.update(rows)
