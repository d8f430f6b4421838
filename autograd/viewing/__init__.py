"""Everything that turns a graph into something to look at."""

from .draw import draw
from .drawing import Drawing
from .explain import Explanation, explain
from .rendering import RenderingError
from .stepper import Stepper, step_through

__all__ = ["Drawing", "Explanation", "RenderingError", "Stepper", "draw", "explain", "step_through"]
