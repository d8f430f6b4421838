"""Optimizers: how a vector of parameters θ moves, given its gradient g. The formulas are PyTorch's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from types import MethodType
from typing import Any, NamedTuple

import numpy as np

from autograd import Value

from .arrays import Vector
from .checks import fraction, not_negative

Rate = float | Callable[[int], float]


class State(NamedTuple):
    """Where an optimizer is: θ, and what is carried from step to step."""

    theta: Vector
    memory: Mapping[str, Vector]

    @property
    def steps(self) -> int:
        """How many updates led here."""
        return int(self.memory["steps"])


class Optimizer(ABC):
    """Parameters, a learning rate, and the vectors that an update rule carries from step to step.

    ``lr`` is a number, or a function of the step, which counts from 0. A parameter that is listed twice moves once.

    To clip gradients, or change them otherwise, override ``next``, which both :meth:`step` and the Trainer go by:

    >>> class Clipped(SGD):
    ...     def next(self, state: State, gradient: Vector) -> State:
    ...         return super().next(state, gradient / max(1.0, np.linalg.norm(gradient)))
    >>> w = Value(3.0)
    >>> (w * w).backward()
    >>> Clipped([w], lr=0.5).step()
    >>> w.data
    2.5

    An overridden ``step`` is called by the Trainer as well, compiled or not, with the gradient in each ``grad``. It is
    to call ``super().step()`` once, which counts the step.
    """

    carried: tuple[str, ...] = ()
    """The names of the vectors carried from step to step; all of them are 0 at first."""

    def __init__(self, parameters: Iterable[Value], lr: Rate) -> None:
        if isinstance(parameters, Value) or not isinstance(parameters, Iterable):
            raise TypeError(f"an optimizer takes a list of leaf Values, such as model.parameters(), got {parameters!r}")
        listed = list(parameters)
        if not listed:
            raise ValueError("an optimizer takes at least one parameter, got none")
        if strangers := [p for p in listed if not (isinstance(p, Value) and p.is_leaf)]:
            raise TypeError(f"an optimizer moves leaf Values, got {strangers[0]!r}")
        self.parameters = list(dict.fromkeys(listed))
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
        gradient = np.array([parameter.grad for parameter in self.parameters])
        self.move_to(self.next(self.here(), gradient))

    @property
    def runs_users_code(self) -> bool:
        """Whether an update may call code that is not of this file: a function as learning rate, a class of a user's.

        Such code may look at the parameters, so data and ``grad`` have to be in their Values before it runs.
        """
        return type(self) not in OPTIMIZERS.values() or any(map(callable, vars(self).values()))

    def after_step(self, state: State, gradient: Vector) -> State:
        """Where ``step`` leads; ``state`` and ``gradient`` have to be in the parameters if it is overridden."""
        if self.step == MethodType(Optimizer.step, self):
            return self.next(state, gradient)
        self.step()
        return self.here()

    def here(self) -> State:
        """The parameters' data and what is carried along."""
        return State(np.array([parameter.data for parameter in self.parameters]), self._memory)

    def next(self, state: State, gradient: Vector) -> State:
        """Where one update leads. It changes nothing: not the state, nor the parameters, nor the optimizer."""
        rate = self.rate(state.steps)
        with np.errstate(over="ignore", invalid="ignore"):  # whoever trains looks for inf and nan in the result
            theta, carried = self._rule(state, gradient, rate)
        return State(theta, {**carried, "steps": np.array(state.steps + 1.0)})

    def move_to(self, state: State) -> None:
        """Set parameters and memory alike; an interrupt is raised only when all of it is done."""
        try:
            self._set(state)
        except KeyboardInterrupt:
            self._set(state)
            raise

    def _set(self, state: State) -> None:
        for parameter, number in zip(self.parameters, state.theta.tolist(), strict=True):
            parameter.data = number
        self._memory = state.memory

    @abstractmethod
    def _rule(self, state: State, g: Vector, lr: float) -> tuple[Vector, dict[str, Vector]]:
        """The next θ and the next carried vectors."""

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

    def _rule(self, state: State, g: Vector, lr: float) -> tuple[Vector, dict[str, Vector]]:
        g = g + self.weight_decay * state.theta
        velocity = self.momentum * state.memory["velocity"] + g
        step = g + self.momentum * velocity if self.nesterov else velocity
        return state.theta - lr * step, {"velocity": velocity}

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

    def _rule(self, state: State, g: Vector, lr: float) -> tuple[Vector, dict[str, Vector]]:
        (beta1, beta2), t = self.betas, state.steps + 1
        g = g + self.weight_decay * state.theta
        mean = beta1 * state.memory["mean"] + (1 - beta1) * g
        square = beta2 * state.memory["square"] + (1 - beta2) * g * g
        scale = np.sqrt(square / (1 - beta2**t)) + self.eps
        return state.theta - lr * (mean / (1 - beta1**t)) / scale, {"mean": mean, "square": square}

    def settings(self) -> dict[str, Any]:
        return {"betas": self.betas, "eps": self.eps, "weight_decay": self.weight_decay}


OPTIMIZERS: Mapping[str, type[SGD] | type[Adam]] = {"sgd": SGD, "adam": Adam}
