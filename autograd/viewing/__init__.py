"""Everything that turns a graph into something to look at."""

from .draw import draw
from .drawing import Drawing
from .rendering import RenderingError

__all__ = ["Drawing", "RenderingError", "draw"]
