"""JAX and PyTorch as the losses by hand use them: what the two call alike, and the little that they do not."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .work import Run, Work, split


def jax_by_hand(work: Work) -> Run:
    """The loss jitted with its gradient, by one vector of parameters: XLA sees their arrays in it."""
    m = Jax()
    batch, theta = m.jax.numpy.array(work.batch), m.jax.numpy.array(work.theta)

    def losses(theta: Any, batch: Any) -> Any:
        return work.loss(m, batch, *split(theta, work.shapes))

    return jax_run(losses, theta, batch, work.forces)


def jax_run(losses: Any, theta: Any, batch: Any, forces: bool) -> Run:
    """The run of a function of theta and a batch that has the loss of each sample."""
    import jax

    def total(batch: Any) -> Any:
        each = losses(theta, batch)
        return each.sum(), each

    def energies_and_slopes(batch: Any) -> Any:
        slopes, energies = jax.grad(total, has_aux=True)(batch)
        return energies, slopes

    if forces:
        energies = jax.jit(energies_and_slopes)
        return lambda: jax.block_until_ready(energies(batch))
    step = jax.jit(jax.value_and_grad(lambda theta, batch: losses(theta, batch).mean()))
    return lambda: jax.block_until_ready(step(theta, batch))


def torch_by_hand(work: Work) -> Run:
    """The loss, eager, and its gradient by one tensor for each array of parameters."""
    m = Torch()
    batch = m.torch.tensor(work.batch, requires_grad=work.forces)
    parameters = [m.torch.tensor(part, requires_grad=True) for part in split(work.theta, work.shapes)]

    def energies_and_slopes() -> Any:
        energies = work.loss(m, batch)
        (slopes,) = m.torch.autograd.grad(energies.sum(), batch)
        return energies.detach(), slopes

    def run() -> Any:
        loss = work.loss(m, batch, *parameters).mean()
        return loss.item(), m.torch.autograd.grad(loss, parameters)

    return energies_and_slopes if work.forces else run


class Jax:
    """JAX, in double precision."""

    def __init__(self) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)
        self.jax = jax
        self.relu, self.sigmoid, self.tanh = jax.nn.relu, jax.nn.sigmoid, jax.numpy.tanh
        self.concatenate = jax.numpy.concatenate
        self.log_softmax, self.zeros, self.scan = jax.nn.log_softmax, jax.numpy.zeros, jax.lax.scan

    def integers(self, array: Any) -> Any:
        return array.astype(int)

    def picked(self, rows: Any, indices: Any) -> Any:
        """The number of each row at its index."""
        return self.jax.numpy.take_along_axis(rows, indices[..., None], -1)[..., 0]

    def causal_attention(self, q: Any, k: Any, v: Any) -> Any:
        """(B, heads, places, n) each."""
        places, n = q.shape[2:]
        scores = q @ k.swapaxes(2, 3) / n**0.5
        return self.jax.nn.softmax(scores + np.triu(np.full((places, places), -np.inf), 1)) @ v

    def convolution(self, images: Any, filters: Any, biases: Any) -> Any:
        out = self.jax.lax.conv(images, filters, (1, 1), "VALID")
        return out + biases[:, None, None]

    def max_pool(self, images: Any) -> Any:
        """Of 2 × 2 numbers each."""
        b, filters, height, width = images.shape
        return images.reshape(b, filters, height // 2, 2, width // 2, 2).max((3, 5))


class Torch:
    """PyTorch, with one thread."""

    def __init__(self) -> None:
        import torch

        torch.set_num_threads(1)
        self.torch, self.convolution = torch, torch.nn.functional.conv2d
        self.relu, self.sigmoid, self.tanh = torch.relu, torch.sigmoid, torch.tanh
        self.concatenate = torch.cat

    def log_softmax(self, rows: Any) -> Any:
        return self.torch.log_softmax(rows, -1)

    def zeros(self, shape: tuple[int, ...]) -> Any:
        return self.torch.zeros(shape, dtype=self.torch.float64)

    def scan(self, step: Any, state: Any, xs: Any) -> Any:
        """The last state, and what each step gives: a loop in Python, as it is in PyTorch."""
        found = []
        for x in xs.unbind():
            state, out = step(state, x)
            found.append(out)
        return state, self.torch.stack(found)

    def integers(self, array: Any) -> Any:
        return array.long()

    def picked(self, rows: Any, indices: Any) -> Any:
        """The number of each row at its index."""
        return rows.gather(-1, indices[..., None])[..., 0]

    def causal_attention(self, q: Any, k: Any, v: Any) -> Any:
        """(B, heads, places, n) each."""
        places, n = q.shape[2:]
        return self.torch.softmax(q @ k.mT / n**0.5 + self.future(places), -1) @ v

    @cache  # noqa: B019  # lives as long as its run
    def future(self, places: int) -> Any:
        return self.torch.full((places, places), -np.inf, dtype=self.torch.float64).triu(1)

    def max_pool(self, images: Any) -> Any:
        """Of 2 × 2 numbers each."""
        return self.torch.nn.functional.max_pool2d(images, 2)
