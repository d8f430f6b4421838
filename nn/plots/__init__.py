"""Pictures of networks and of how they learn. Each function draws into given axes, or new ones, and returns them."""

from .activations import plot_activation, plot_softmax
from .axes import new_axes, side_by_side, svg_bytes
from .descent import plot_descent, plot_fit
from .training import plot_classes, plot_curve, plot_loss, plot_surface

__all__ = [
    "new_axes",
    "plot_activation",
    "plot_classes",
    "plot_curve",
    "plot_descent",
    "plot_fit",
    "plot_loss",
    "plot_softmax",
    "plot_surface",
    "side_by_side",
    "svg_bytes",
]
