"""Pictures of networks and of how they learn. Each function draws into given axes, or new ones, and returns them."""

from .activations import plot_activation, plot_softmax
from .axes import new_axes, side_by_side, svg_bytes
from .comparison import plot_losses, plot_regions
from .descent import plot_descent, plot_fit
from .gradients import gradient_sizes, plot_gradients
from .images import confusion_matrix, plot_confusion, plot_images, plot_weights
from .training import plot_boundary, plot_curve, plot_loss, plot_surface

__all__ = [
    "confusion_matrix",
    "gradient_sizes",
    "new_axes",
    "plot_activation",
    "plot_boundary",
    "plot_confusion",
    "plot_curve",
    "plot_descent",
    "plot_fit",
    "plot_gradients",
    "plot_images",
    "plot_loss",
    "plot_losses",
    "plot_regions",
    "plot_softmax",
    "plot_surface",
    "plot_weights",
    "side_by_side",
    "svg_bytes",
]
