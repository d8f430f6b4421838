"""Optimizers: how a vector of parameters θ moves, given its gradient g. The formulas are PyTorch's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd import Value

from .arrays import Vector
from .checks import fraction, not_negative

Rate = float | Callable[[int], float]


class Move(NamedTuple):
    """Where an update leads: the next θ, and what is carried on from there."""

    theta: Vector
    memory: Mapping[str, Vector]


class Optimizer(ABC):
    """Parameters, a learning rate, and the vectors that an update rule carries from step to step.

    ``lr`` is a number, or a function of the step, which counts from 0.
    """

    carried: tuple[str, ...] = ()
    """The names of the vectors carried from step to step; all of them are 0 at first."""

    def __init__(self, parameters: Iterable[Value], lr: Rate) -> None:
        if isinstance(parameters, Value) or not isinstance(parameters, Iterable):
            raise TypeError(f"an optimizer takes a list of leaf Values, such as model.parameters(), got {parameters!r}")
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError("an optimizer takes at least one parameter, got none")
        if strangers := [p for p in self.parameters if not (isinstance(p, Value) and p.is_leaf)]:
            raise TypeError(f"an optimizer moves leaf Values, got {strangers[0]!r}")
        self.lr = lr
        self.rate(0)
        zeros = {name: np.zeros(len(self.parameters)) for name in self.carried}
        self._memory: Mapping[str, Vector] = {**zeros, "steps": np.zeros(())}

    @property
    def steps(self) -> int:
        """How many updates were made."""
        return int(self._memory["steps"])

    def rate(self, step: int) -> float:
        """The learning rate of a step; a ValueError if it is negative or not finite."""
        return not_negative(f"the learning rate at step {step}", self.lr(step) if callable(self.lr) else self.lr)

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter."""
        for parameter in self.parameters:
            parameter.zero_grad()

    def step(self) -> None:
        """Move every parameter by one update along its ``grad``."""
        self.commit(self.next(self.theta(), self.gradient()))

    def theta(self) -> Vector:
        """The parameters' data, as a vector."""
        return np.array([parameter.data for parameter in self.parameters])

    def gradient(self) -> Vector:
        """The parameters' grad, as a vector."""
        return np.array([parameter.grad for parameter in self.parameters])

    def next(self, theta: Vector, gradient: Vector) -> Move:
        """The update from θ and its gradient. Nothing changes yet: it may still be refused."""
        steps = self.steps
        with np.errstate(over="ignore", invalid="ignore"):  # whoever trains looks for inf and nan in the result
            theta, carried = self._rule(theta, gradient, self.rate(steps), steps + 1)
        return Move(theta, {**carried, "steps": np.array(steps + 1.0)})

    def commit(self, move: Move) -> None:
        """Make an update, of parameters and memory alike; an interrupt is raised only when all of it is made."""
        try:
            self._set(move)
        except KeyboardInterrupt:
            self._set(move)
            raise

    def _set(self, move: Move) -> None:
        for parameter, number in zip(self.parameters, move.theta.tolist(), strict=True):
            parameter.data = number
        self._memory = move.memory

    @abstractmethod
    def _rule(self, theta: Vector, g: Vector, lr: float, t: int) -> tuple[Vector, dict[str, Vector]]:
        """The next θ and the next carried vectors; t is the number of this step, the first being 1."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """What the rule was made with, the learning rate apart."""

    def state(self) -> dict[str, Vector]:
        """What is carried from step to step: to be saved, and loaded again by ``load_state``."""
        return {name: vector.copy() for name, vector in self._memory.items()}

    def load_state(self, state: Mapping[str, Vector]) -> None:
        """Go on from a saved state. A ValueError, and nothing changed, if it is that of another optimizer."""
        for name, vector in self._memory.items():
            if name not in state or np.shape(state[name]) != vector.shape:
                raise ValueError(
                    f"the state is that of another optimizer: wanted {name!r} of shape {vector.shape}, "
                    f"got {np.shape(state[name]) if name in state else 'none'}"
                )
            if not np.isfinite(state[name]).all():
                raise ValueError(f"{name!r} of the state is not finite: it is damaged")
        self._memory = {name: np.array(state[name], dtype=np.float64) for name in self._memory}


class SGD(Optimizer):
    """Stochastic gradient descent: g ← g + weight_decay·θ, v ← momentum·v + g, θ ← θ - lr·v.

    With ``nesterov`` the step is lr·(g + momentum·v).
    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html

    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> SGD([w], lr=0.25).step()
    >>> w.data
    0.5
    """

    carried = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: Rate,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        self.momentum = fraction("momentum", momentum)
        self.nesterov = nesterov
        self.weight_decay = not_negative("weight_decay", weight_decay)
        if nesterov and momentum == 0.0:
            raise ValueError("nesterov needs a momentum above 0, got 0")
        super().__init__(parameters, lr)

    def _rule(self, theta: Vector, g: Vector, lr: float, t: int) -> tuple[Vector, dict[str, Vector]]:
        g = g + self.weight_decay * theta
        velocity = self.momentum * self._memory["velocity"] + g
        return theta - lr * (g + self.momentum * velocity if self.nesterov else velocity), {"velocity": velocity}

    def settings(self) -> dict[str, Any]:
        return {"momentum": self.momentum, "nesterov": self.nesterov, "weight_decay": self.weight_decay}


class Adam(Optimizer):
    """Adam: steps of about lr, scaled by running means of the gradient and of its square.

    g ← g + weight_decay·θ, m ← β₁m + (1 - β₁)g, v ← β₂v + (1 - β₂)g²,
    θ ← θ - lr·m/(1 - β₁ᵗ) / (√(v/(1 - β₂ᵗ)) + eps).
    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html

    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> Adam([w], lr=0.25).step()
    >>> round(w.data, 6)
    0.75
    """

    carried = ("mean", "square")

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise TypeError(f"betas is a pair of numbers such as (0.9, 0.999), got {betas!r}")
        self.betas = (fraction("betas[0]", betas[0]), fraction("betas[1]", betas[1]))
        self.eps = not_negative("eps", eps)
        self.weight_decay = not_negative("weight_decay", weight_decay)
        super().__init__(parameters, lr)

    def _rule(self, theta: Vector, g: Vector, lr: float, t: int) -> tuple[Vector, dict[str, Vector]]:
        beta1, beta2 = self.betas
        g = g + self.weight_decay * theta
        mean = beta1 * self._memory["mean"] + (1 - beta1) * g
        square = beta2 * self._memory["square"] + (1 - beta2) * g * g
        scale = np.sqrt(square / (1 - beta2**t)) + self.eps
        return theta - lr * (mean / (1 - beta1**t)) / scale, {"mean": mean, "square": square}

    def settings(self) -> dict[str, Any]:
        return {"betas": self.betas, "eps": self.eps, "weight_decay": self.weight_decay}


OPTIMIZERS: Mapping[str, type[SGD] | type[Adam]] = {"sgd": SGD, "adam": Adam}
