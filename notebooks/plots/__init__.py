"""The pictures that only lessons draw. A function ``plot_…`` draws into given axes, or new ones, and returns them."""

from .activations import plot_activation, plot_softmax
from .bowl import plot_bowl
from .comparison import plot_losses, plot_regions
from .curves import plot_curves
from .descent import plot_descent, plot_fit
from .flipbook import flipbook
from .gradients import gradient_sizes, plot_gradients
from .images import plot_images, plot_weights
from .language import plot_attention, plot_running_loss
from .matrices import draw_product, product_nodes
from .orders import Diary, play_diary
from .signals import plot_signals, signals

__all__ = [
    "Diary",
    "draw_product",
    "flipbook",
    "gradient_sizes",
    "play_diary",
    "plot_activation",
    "plot_attention",
    "plot_bowl",
    "plot_curves",
    "plot_descent",
    "plot_fit",
    "plot_gradients",
    "plot_images",
    "plot_losses",
    "plot_regions",
    "plot_running_loss",
    "plot_signals",
    "plot_softmax",
    "plot_weights",
    "product_nodes",
    "signals",
]
