"""Optimizers: how a vector of parameters θ moves, given its gradient g. The formulas are PyTorch's."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from autograd import Value

from .basics.arrays import Vector
from .basics.checks import count, fraction, not_negative, positive, whole
from .module import set_parameters

Rate = float | Callable[[int], float]


class State(NamedTuple):
    """Where an optimizer is: θ, what is carried from step to step, and how many updates led here."""

    theta: Vector
    memory: Mapping[str, Vector]
    steps: int


class Optimizer(ABC):
    """Parameters, a learning rate, and the vectors that an update rule carries from step to step.

    ``lr`` is a number, or a function of the step, which counts from 0, such as a :class:`Schedule`. With ``clip``, a
    gradient whose length is greater is scaled down to it; with ``l1``, it is then that of l1·Σ|θ| too. A parameter that
    is listed twice moves once.

    For an optimizer of one's own, write its ``rule``, and name the vectors it carries, which are 0 at first:

    >>> class Signed(Optimizer):
    ...     def rule(self, state: State, g: Vector, lr: float) -> tuple[Vector, dict[str, Vector]]:
    ...         return state.theta - lr * np.sign(g), {}
    >>> w = Value(3.0)
    >>> (w * w).backward()
    >>> Signed([w], lr=0.5).step()
    >>> w.data
    2.5
    """

    carried: tuple[str, ...] = ()
    """The names of the vectors carried from step to step; all of them are 0 at first."""

    def __init__(self, parameters: Iterable[Value], lr: Rate, *, clip: float | None = None, l1: float = 0.0) -> None:
        if isinstance(parameters, Value) or not isinstance(parameters, Iterable):
            raise TypeError(f"an optimizer takes a list of leaf Values, such as model.parameters(), got {parameters!r}")
        listed = list(parameters)
        if not listed:
            raise ValueError("an optimizer takes at least one parameter, got none")
        if strangers := [p for p in listed if not (isinstance(p, Value) and p.is_leaf)]:
            raise TypeError(f"an optimizer moves leaf Values, got {strangers[0]!r}")
        self.parameters = list(dict.fromkeys(listed))
        self.lr = lr
        self.clip = None if clip is None else positive("clip", clip)
        self.l1 = not_negative("l1", l1)
        self.rate(0)
        self._steps = 0
        self._memory: Mapping[str, Vector] = {name: np.zeros(len(self.parameters)) for name in self.carried}

    @abstractmethod
    def rule(self, state: State, g: Vector, lr: float) -> tuple[Vector, dict[str, Vector]]:
        """The next θ and the next carried vectors. It changes nothing."""

    def settings(self) -> dict[str, Any]:
        """What the rule was made with: the plain attributes, the learning rate apart, which may change."""
        apart = ("parameters", "lr")
        return {
            name: value
            for name, value in vars(self).items()
            if name not in apart and name[0] != "_" and not callable(value)
        }

    @property
    def steps(self) -> int:
        """How many updates were made."""
        return self._steps

    def rate(self, step: int) -> float:
        """The learning rate of a step; a ValueError if it is negative or not finite."""
        lr = self.lr(step) if callable(self.lr) else self.lr
        if type(lr) is float and 0.0 <= lr < math.inf:  # as nearly always: to ask in general takes a microsecond
            return lr
        return not_negative(f"the learning rate at step {step}", lr)

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter."""
        for parameter in self.parameters:
            parameter.zero_grad()

    def step(self) -> None:
        """Move every parameter by one update along its ``grad``."""
        gradient = np.array([parameter.grad for parameter in self.parameters])
        with np.errstate(over="ignore", invalid="ignore"):
            there = self.next(self.here(), gradient)
        self.move_to(there)

    @property
    def runs_users_code(self) -> bool:
        """Whether an update may call code that is not of this file: a function as learning rate, a class of a user's.

        Such code may look at the parameters, so data and ``grad`` have to be in their Values before it runs.
        """
        is_ours = type(self) in OPTIMIZERS.values() and (not callable(self.lr) or isinstance(self.lr, Schedule))
        return not is_ours or any(callable(value) for name, value in vars(self).items() if name != "lr")

    def here(self) -> State:
        """The parameters' data and what is carried along."""
        return State(np.array([parameter.data for parameter in self.parameters]), self._memory, self._steps)

    def next(self, state: State, gradient: Vector) -> State:
        """Where one update leads. It changes nothing: not the state, nor the parameters, nor the optimizer.

        Inf and nan are NumPy's to warn of, or those of who trains, to look for in the result.
        """
        if self.clip is not None and (length := float(np.linalg.norm(gradient))) > self.clip:
            gradient = gradient * (self.clip / length)
        if self.l1:
            gradient = gradient + self.l1 * np.sign(state.theta)
        return State(*self.rule(state, gradient, self.rate(state.steps)), state.steps + 1)

    def move_to(self, state: State) -> None:
        """Set parameters and memory alike; an interrupt is raised only when all of it is done."""
        try:
            self._set(state)
        except KeyboardInterrupt:
            self._set(state)
            raise

    def _set(self, state: State) -> None:
        set_parameters(self.parameters, state.theta)
        self._memory, self._steps = state.memory, state.steps

    def state_dict(self) -> dict[str, Vector]:
        """What is carried from step to step: to be saved, and loaded again by ``load_state_dict``."""
        return {name: vector.copy() for name, vector in self._memory.items()} | {"steps": np.array(float(self._steps))}

    def load_state_dict(self, state: Mapping[str, Vector]) -> None:
        """Go on from a saved state. A ValueError, and nothing changed, if it is that of another optimizer."""
        for name, vector in self.state_dict().items():
            if name not in state or np.shape(state[name]) != vector.shape:
                raise ValueError(
                    f"the state is that of another optimizer: wanted {name!r} of shape {vector.shape}, "
                    f"got {np.shape(state[name]) if name in state else 'none'}"
                )
            if np.isnan(state[name]).any():  # inf is sound: a square of Adam's may overflow
                raise ValueError(f"{name!r} of the state is nan: it is damaged")
        self._memory = {name: np.array(state[name], dtype=np.float64) for name in self._memory}
        self._steps = int(state["steps"])


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
        *,
        clip: float | None = None,
        l1: float = 0.0,
    ) -> None:
        self.momentum = fraction("momentum", momentum)
        self.nesterov = nesterov
        self.weight_decay = not_negative("weight_decay", weight_decay)
        if nesterov and momentum == 0.0:
            raise ValueError("nesterov needs a momentum above 0, got 0")
        super().__init__(parameters, lr, clip=clip, l1=l1)

    def rule(self, state: State, g: Vector, lr: float) -> tuple[Vector, dict[str, Vector]]:
        g = g + self.weight_decay * state.theta if self.weight_decay else g
        velocity = self.momentum * state.memory["velocity"] + g
        step = g + self.momentum * velocity if self.nesterov else velocity
        return state.theta - lr * step, {"velocity": velocity}


class Adam(Optimizer):
    """Adam: steps of about lr, scaled by running means of the gradient and of its square.

    g ← g + weight_decay·θ, m ← β₁m + (1 - β₁)g, v ← β₂v + (1 - β₂)g²,
    θ ← θ - lr·m/(1 - β₁ᵗ) / (√(v/(1 - β₂ᵗ)) + eps). With ``decoupled_weight_decay`` (AdamW) g stays as it is, and
    θ ← θ - lr·weight_decay·θ goes before the step.
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
        *,
        decoupled_weight_decay: bool = False,
        clip: float | None = None,
        l1: float = 0.0,
    ) -> None:
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise TypeError(f"betas is a pair of numbers such as (0.9, 0.999), got {betas!r}")
        self.betas = (fraction("betas[0]", betas[0]), fraction("betas[1]", betas[1]))
        self.eps = not_negative("eps", eps)
        self.weight_decay = not_negative("weight_decay", weight_decay)
        self.decoupled_weight_decay = decoupled_weight_decay
        super().__init__(parameters, lr, clip=clip, l1=l1)

    def rule(self, state: State, g: Vector, lr: float) -> tuple[Vector, dict[str, Vector]]:
        (beta1, beta2), t, theta = self.betas, state.steps + 1, state.theta
        if self.decoupled_weight_decay:
            theta = theta - lr * self.weight_decay * theta
        elif self.weight_decay:
            g = g + self.weight_decay * theta
        mean = beta1 * state.memory["mean"] + (1 - beta1) * g
        square = beta2 * state.memory["square"] + (1 - beta2) * g * g
        scale = np.sqrt(square / (1 - beta2**t)) + self.eps
        return theta - lr * (mean / (1 - beta1**t)) / scale, {"mean": mean, "square": square}


OPTIMIZERS: Mapping[str, type[SGD] | type[Adam]] = {"sgd": SGD, "adam": Adam}


@dataclass(frozen=True)
class Schedule:
    """A learning rate that rises to ``lr`` along a line in ``warm_up`` steps, and falls to 0 along a half cosine.

    lr·(step + 1)/warm_up at first, then lr·(1 + cos(π·(step - warm_up)/(steps - warm_up)))/2, and 0 after ``steps``.
    Where ``steps`` is None it stays at ``lr``.

    >>> rate = Schedule(0.1, steps=6, warm_up=2)
    >>> [round(rate(step), 3) for step in range(7)]
    [0.05, 0.1, 0.1, 0.085, 0.05, 0.015, 0.0]
    """

    lr: float
    steps: int | None = None
    warm_up: int = 0

    def __post_init__(self) -> None:
        not_negative("lr", self.lr)
        whole("warm_up", self.warm_up)
        if self.steps is not None and count("steps", self.steps) <= self.warm_up:
            raise ValueError(f"steps is more than the {self.warm_up} of warm_up, got {self.steps}")

    def __call__(self, step: int) -> float:
        if step < self.warm_up:
            return self.lr * (step + 1) / self.warm_up
        if self.steps is None:
            return self.lr
        share = min(1.0, (step - self.warm_up) / (self.steps - self.warm_up))
        return self.lr * (1.0 + math.cos(math.pi * share)) / 2.0
