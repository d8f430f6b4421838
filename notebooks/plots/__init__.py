"""The pictures that only lessons draw. Each function draws into given axes, or new ones, and returns them."""

from .activations import plot_activation, plot_softmax
from .comparison import plot_losses, plot_regions
from .descent import plot_descent, plot_fit
from .gradients import gradient_sizes, plot_gradients
from .images import plot_images, plot_weights
from .language import plot_attention, plot_running_loss

__all__ = [
    "gradient_sizes",
    "plot_activation",
    "plot_attention",
    "plot_descent",
    "plot_fit",
    "plot_gradients",
    "plot_images",
    "plot_losses",
    "plot_regions",
    "plot_running_loss",
    "plot_softmax",
    "plot_weights",
]
