"""A scalar reverse-mode autograd engine that can be seen through at every step.

>>> from autograd import Value
>>> x = Value(3.0, label="x")
>>> y = x * x
>>> y.backward()
>>> x.grad
6.0
"""

from . import functional
from .backward import grad, hessian, jacobian
from .compiler import Program, compile
from .gradcheck import gradcheck
from .modes import detect_anomaly, no_grad
from .value import Value
from .viewing import Drawing, Explanation, Stepper, draw, explain, step_through

__all__ = [
    "Drawing",
    "Explanation",
    "Program",
    "Stepper",
    "Value",
    "compile",
    "detect_anomaly",
    "draw",
    "explain",
    "functional",
    "grad",
    "gradcheck",
    "hessian",
    "jacobian",
    "no_grad",
    "step_through",
]
