"""A scalar reverse-mode autograd engine that can be seen through at every step.

>>> from autograd import Value
>>> x = Value(3.0, label="x")
>>> y = x * x
>>> y.backward()
>>> x.grad
6.0
"""

from typing import TYPE_CHECKING

from . import functional
from .backward import grad, hessian, jacobian
from .collector import collector_paused
from .functional import data_of, grad_of, values
from .gradcheck import gradcheck
from .installation import warn_of_namesake
from .modes import detect_anomaly, no_grad
from .ops import Operation
from .registry import register
from .value import Value
from .viewing import Drawing, Explanation, Stepper, draw, explain, step_through

if TYPE_CHECKING:
    from .compiler import Program, compile
    from .viewing.live.notebook import play

__version__ = "0.1.0"

__all__ = [
    "Drawing",
    "Explanation",
    "Operation",
    "Program",
    "Stepper",
    "Value",
    "collector_paused",
    "compile",
    "data_of",
    "detect_anomaly",
    "draw",
    "explain",
    "functional",
    "grad",
    "grad_of",
    "gradcheck",
    "hessian",
    "jacobian",
    "no_grad",
    "play",
    "register",
    "step_through",
    "values",
]


warn_of_namesake()


def __getattr__(name: str) -> object:
    """What is imported when it is first asked for: a page, and the compiler: NumPy takes longer than all the rest."""
    if name in ("Program", "compile"):
        from . import compiler

        globals().update(Program=compiler.Program, compile=compiler.compile)
        return globals()[name]
    if name == "play":
        from .viewing.live.notebook import play

        globals()["play"] = play
        return play
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
