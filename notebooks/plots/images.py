"""Pictures of images: rows of pixels, and the weights of a layer that reads them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from nn.basics import extras
from nn.basics.arrays import Floats
from nn.layers import Layer
from nn.viewing.plots.axes import add_colour_bar, new_axes
from nn.viewing.plots.style import shades_of, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Shape = tuple[int, int]

WIDTH = 8.0  # of a row of images, in inches: what a notebook has room for
LARGEST = 1.0  # width of an image, in inches
GAP = 0.12  # between two images, as a part of their width
LINE = 0.15  # height of a line of a caption, in inches


def plot_images(
    rows: ArrayLike, shape: Shape, captions: Sequence[str] = (), columns: int = 8, ax: Axes | None = None
) -> Axes:
    """Rows of pixels as images of ``shape`` (height, width), 0 blank and the largest number in full ink.

    A caption stands above each. Images carry no axes: what they show is said by their captions.
    """
    images = _images(rows, shape)
    return _mosaic(images, captions, columns, ax, ("paper", "ink"), (0.0, float(images.max())))[0]


def plot_weights(layer: Layer, shape: Shape, columns: int = 8, ax: Axes | None = None) -> Axes:
    """The weights of each neuron of a layer as an image of ``shape``, under the neuron's number.

    What is blank is 0; what speaks for the neuron is blue, what speaks against it orange.
    """
    images = _images([[weight.data for weight in neuron.weights] for neuron in layer.neurons], shape)
    most = float(np.abs(images).max())
    captions = [str(i) for i in range(len(images))]
    ax, shades = _mosaic(images, captions, columns, ax, ("negative", "paper", "positive"), (-most, most))
    add_colour_bar(ax, shades, "weight", shrink=0.8, pad=0.01, fraction=0.1)
    return ax


def _images(rows: ArrayLike, shape: Shape) -> Floats:
    numbers = np.asarray(rows, dtype=np.float64)
    if numbers.ndim != 2 or numbers.size == 0 or numbers.shape[1] != math.prod(shape):
        raise ValueError(
            f"images of shape {shape} are rows of {math.prod(shape)} numbers, got an array of shape {numbers.shape}"
        )
    return numbers.reshape(-1, *shape)


def _mosaic(
    images: Floats,
    captions: Sequence[str],
    columns: int,
    ax: Axes | None,
    colours: Sequence[str],
    limits: tuple[float, float],
) -> tuple[Axes, Any]:
    """The images in rows of so many, their numbers between the limits in shades of the palette, and the last one."""
    if captions and len(captions) != len(images):
        raise ValueError(f"each image has one caption, got {len(captions)} for {len(images)} images")
    columns = min(columns, len(images))
    count = math.ceil(len(images) / columns)
    inches = min(LARGEST, WIDTH / (columns * (1 + GAP)))
    lines = max((caption.count("\n") + 1 for caption in captions), default=0)
    aspect, above = images.shape[1] / images.shape[2], GAP + lines * LINE / inches
    width, height = 1 + GAP, aspect + above
    ax = ax or new_axes(inches * columns * width + 0.2, inches * count * height + 0.1)
    rectangle = extras.load("matplotlib.patches").Rectangle
    with styled(ax) as palette:
        scale: dict[str, Any] = {"cmap": shades_of(*(palette[colour] for colour in colours)), "clim": limits}
        for i, image in enumerate(images):
            x, y = (i % columns) * width, -(i // columns) * height
            shades = ax.imshow(image, extent=(x, x + 1, y - aspect, y), interpolation="nearest", **scale)
            ax.add_patch(rectangle((x, y - aspect), 1, aspect, fill=False, linewidth=0.5, edgecolor=palette["quiet"]))
            if captions:
                ax.text(x + 0.5, y + GAP / 3, captions[i], ha="center", va="bottom", fontsize=9)
    ax.set(xlim=(-GAP / 2, columns * width - GAP / 2), ylim=(above - count * height - GAP / 2, above), aspect="equal")
    ax.set_axis_off()
    return ax, shades
