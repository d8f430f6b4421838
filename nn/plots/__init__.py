"""Pictures of networks and of how they learn. Each function draws into given axes, or new ones, and returns them."""

from .axes import new_axes, side_by_side, svg_bytes
from .training import plot_classes, plot_curve, plot_loss, plot_surface

__all__ = ["new_axes", "plot_classes", "plot_curve", "plot_loss", "plot_surface", "side_by_side", "svg_bytes"]
