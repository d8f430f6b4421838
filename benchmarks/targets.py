"""What runs a work: the scalar engine, our programs, and the same by hand. Each target is a row of a table."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from autograd import Value, collector_paused, compile
from autograd.compiler import Program
from autograd.compiler.targets.building import BuildError
from autograd.functional import grad_of, values

from . import frameworks
from .work import Run, Work, split


@dataclass(frozen=True)
class Target:
    """What runs a work, and which libraries that needs."""

    title: str
    run: Callable[[Work], Run | None]
    """None for works that it cannot do."""
    libraries: tuple[str, ...] = ()
    ours: bool = True

    def missing(self) -> str:
        """What is not there, in words; nothing if all is."""
        absent = [library for library in self.libraries if importlib.util.find_spec(library) is None]
        if self is TARGETS["c"]:
            absent += [] if _has_compiler() else ["a C compiler"]
        return " and ".join(absent)


def _has_compiler() -> bool:
    try:
        compile(Value(1.0) * 2.0, target="c")
    except BuildError:
        return False
    return True


# ---- ours


def engine(work: Work) -> Run:
    """The scalar engine, without Python's collector: one sample after the other, whose gradients add up."""
    parameters = values(work.theta)
    parts, rows = split(parameters, work.shapes), work.batch.tolist()

    def run() -> Any:
        for parameter in parameters:
            parameter.grad = 0.0
        total = 0.0
        with collector_paused():
            for row in rows:
                loss = work.record(row, *parts) / len(rows)
                loss.backward()
                total += loss.data
        return total, grad_of(parameters)

    def energies_and_slopes() -> Any:
        energies, slopes = [], []
        with collector_paused():
            for row in rows:
                leaves = values(row)
                energy = work.record(list(leaves))
                energy.backward()
                energies.append(energy.data)
                slopes.append(grad_of(leaves))
        return energies, slopes

    return energies_and_slopes if work.forces else run


@lru_cache(maxsize=1)
def program_of(work: Work, target: str) -> Program:
    """Compiled once for all that is made of it."""
    return work.compiled(target)


def by_program(target: str) -> Callable[[Work], Run]:
    """The program that :func:`autograd.compile` gives for a target."""

    def made(work: Work) -> Run:
        program, batch = program_of(work, target), None if work.fixed else work.batch
        theta = program.theta

        def outputs() -> Any:
            found = program(batch, theta)
            return found[:, 0], found[:, 1:]

        return outputs if work.forces else lambda: program.value_and_grad(batch, theta=theta)

    return made


def jax(work: Work) -> Run:
    """What ``to_jax`` gives, jitted with its gradient."""
    m = frameworks.Jax()
    program = program_of(work, "numpy")
    f, theta = program.to_jax(), m.jax.numpy.array(program.theta)
    batch = None if work.fixed else m.jax.numpy.array(work.batch)
    if work.forces:
        outputs = m.jax.jit(f)
        return lambda: _first_and_rest(m.jax.block_until_ready(outputs(batch, theta)))
    return frameworks.jax_run(lambda theta, batch: f(batch, theta), theta, batch, forces=False)


def torch(work: Work) -> Run:
    """What ``to_torch`` gives, eager."""
    m = frameworks.Torch()
    module = program_of(work, "numpy").to_torch()
    batch = [] if work.fixed else [m.torch.tensor(work.batch)]

    def outputs() -> Any:
        with m.torch.no_grad():
            return _first_and_rest(module(*batch))

    def run() -> Any:
        loss = module(*batch).mean()
        return loss.item(), m.torch.autograd.grad(loss, module.theta)

    return outputs if work.forces else run


def onnxruntime(work: Work) -> Run | None:
    """What ``to_onnx`` gives: a file of outputs, forces among them, but it has no gradients."""
    if not work.forces:
        return None
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = program_of(work, "numpy").to_onnx().SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda: _first_and_rest(session.run(None, {"batch": work.batch})[0])


def _first_and_rest(found: Any) -> Any:
    """The energy of each row and the slopes, of an array of NumPy; those of libraries give one without a copy."""
    array = np.asarray(found)
    return array[:, 0], array[:, 1:]


def numpy_by_hand(work: Work) -> Run:
    """What all others are checked against."""
    return work.by_hand(work.theta, work.batch)


TARGETS: Mapping[str, Target] = {
    "engine": Target("scalar engine", engine),
    "numpy": Target("NumPy", by_program("numpy")),
    "numpy-by-hand": Target("NumPy by hand", numpy_by_hand, ours=False),
    "c": Target("C", by_program("c")),
    "jax": Target("JAX", jax, ("jax",)),
    "jax-by-hand": Target("JAX by hand", frameworks.jax_by_hand, ("jax",), ours=False),
    "torch": Target("PyTorch", torch, ("torch",)),
    "torch-by-hand": Target("PyTorch by hand", frameworks.torch_by_hand, ("torch",), ours=False),
    "onnxruntime": Target("onnxruntime", onnxruntime, ("onnx", "onnxruntime")),
}
