"""Pictures of a training. Each function draws into given axes, or new ones, and returns them."""

from .axes import new_axes, side_by_side, svg_bytes
from .confusion import confusion_matrix, plot_confusion
from .style import settings, theme
from .training import plot_boundary, plot_curve, plot_loss, plot_surface

__all__ = [
    "confusion_matrix",
    "new_axes",
    "plot_boundary",
    "plot_confusion",
    "plot_curve",
    "plot_loss",
    "plot_surface",
    "settings",
    "side_by_side",
    "svg_bytes",
    "theme",
]
