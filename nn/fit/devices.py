"""Devices: the mean of a program over a batch, and its gradient, by JAX, which gives each device its share of the rows.

Rows that the devices do not divide evenly are filled up with copies of the first, of weight 0: what a copy adds is 0
wherever the row itself is finite, so that no row that nobody gave can turn a sum into nan.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd.extras import load

from ..basics.arrays import Floats, Vector

ON_ONE_CPU = 'jax.config.update("jax_num_cpu_devices", {})'
"""What makes so many devices of one processor, to try things out, before JAX is used first."""


def prepare(devices: int) -> None:
    """Tell JAX, in a process that has not used it, to compute in 64 bits and to have so many devices on a processor."""
    jax = load("jax", "jax")
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_num_cpu_devices", devices)


class Devices:
    """``value_and_grad`` of a program with its batch spread over devices; parameters are on all of them."""

    def __init__(self, program: autograd.Program, devices: int) -> None:
        jax = load("jax", "jax")
        if not 1 <= devices <= jax.device_count():
            raise ValueError(
                f"JAX has {jax.device_count()} devices, wanted {devices}; on a CPU, {ON_ONE_CPU.format(devices)} at "
                f"the start makes so many"
            )
        mesh = jax.sharding.Mesh(np.array(jax.devices()[:devices]), ("rows",))
        spread, everywhere = (jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*a)) for a in (["rows"], []))
        self.n, f = devices, program.to_jax()

        def mean(theta: Any, rows: Any, weights: Any) -> Any:
            return jax.numpy.where(weights > 0, weights * f(rows, theta), 0.0).sum()

        shardings = (everywhere, spread, spread)
        self.step = jax.jit(jax.value_and_grad(mean), in_shardings=shardings, out_shardings=everywhere)

    def value_and_grad(self, rows: Floats, theta: Vector) -> tuple[float, Vector]:
        """The mean of the program over the rows (N, n_inputs) at θ, and its gradient."""
        value, gradient = self.step(theta, *filled(rows, self.n))
        return float(value), np.array(gradient)


def filled(rows: Floats, n: int) -> tuple[Floats, Floats]:
    """The rows, filled up to a multiple of n with copies of the first, and their weights: 1 / N, and 0 for a copy.

    >>> rows, weights = filled(np.array([[1.0], [2.0], [3.0], [4.0], [5.0]]), 4)
    >>> rows[:, 0].tolist(), weights.tolist()
    ([1.0, 2.0, 3.0, 4.0, 5.0, 1.0, 1.0, 1.0], [0.2, 0.2, 0.2, 0.2, 0.2, 0.0, 0.0, 0.0])
    """
    copies = -len(rows) % n
    weights = np.repeat([1.0 / len(rows), 0.0], [len(rows), copies])
    return np.concatenate([rows, np.repeat(rows[:1], copies, axis=0)]), weights
