"""Pictures for classes and images: which classes are mistaken for which, rows as images, a layer's weights as images.

Shades alone carry the numbers, so that greyscale loses nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...basics import extras
from ...layers import Layer
from .axes import new_axes, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Shape = tuple[int, int]
Floats = NDArray[np.float64]

WIDTH = 8.0  # of a row of images, in inches: what a notebook has room for
LARGEST = 1.0  # width of an image, in inches
GAP = 0.12  # between two images, as a part of their width
ACROSS = 50  # letters: names of more stand upright below a matrix
LINE = 0.15  # height of a line of a caption, in inches


def confusion_matrix(targets: ArrayLike, predicted: ArrayLike, n_classes: int) -> NDArray[np.int64]:
    """How many samples of class i (row) were taken for class j (column).

    >>> confusion_matrix([0, 0, 1], [0, 1, 1], 2)
    array([[1, 1],
           [0, 1]])
    """
    rows, columns = (np.asarray(indices, dtype=np.int64) for indices in (targets, predicted))
    if rows.shape != columns.shape or rows.ndim != 1:
        raise ValueError(f"each target has one prediction, got shapes {rows.shape} and {columns.shape}")
    counts = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(counts, (rows, columns), 1)
    return counts


def plot_confusion(counts: ArrayLike, classes: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
    """A confusion matrix: the true class down, the predicted one across, the count in each cell, none where it is 0.

    The shade is the part of the true class, so that each row adds up to one full black.
    """
    ax = ax or new_axes(6.4, 5.4)
    matrix = np.asarray(counts)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a confusion matrix has a row and a column for each class, got shape {matrix.shape}")
    parts = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    shades = ax.imshow(parts, cmap="Greys", vmin=0.0, vmax=1.0)
    for i, j in np.argwhere(matrix > 0).tolist():
        ax.text(j, i, str(matrix[i, j]), ha="center", va="center", color="white" if parts[i, j] > 0.5 else "black")
    names = [plain(name) for name in classes or map(str, range(len(matrix)))]
    ax.set_xticks(range(len(names)), names, rotation=90 if sum(map(len, names)) > ACROSS else 0)
    ax.set_yticks(range(len(names)), names)
    ax.spines[:].set_visible(True)
    ax.set(xlabel="predicted class", ylabel="true class")
    ax.figure.colorbar(shades, ax=ax, label="part of the true class")
    return ax


def plot_images(
    rows: ArrayLike, shape: Shape, captions: Sequence[str] = (), columns: int = 8, ax: Axes | None = None
) -> Axes:
    """Rows of pixels as images of ``shape`` (height, width), 0 white and the largest number black.

    A caption stands above each. Images carry no axes: what they show is said by their captions.
    """
    images = _images(rows, shape)
    return _mosaic(images, captions, columns, ax, {"cmap": "Greys", "vmin": 0.0, "vmax": images.max()})[0]


def plot_weights(layer: Layer, shape: Shape, columns: int = 8, ax: Axes | None = None) -> Axes:
    """The weights of each neuron of a layer as an image of ``shape``, under the neuron's number.

    Grey is 0; what speaks for the neuron is lighter, what speaks against it darker.
    """
    images = _images([[weight.data for weight in neuron.weights] for neuron in layer.neurons], shape)
    most = float(np.abs(images).max())
    captions = [str(i) for i in range(len(images))]
    ax, shades = _mosaic(images, captions, columns, ax, {"cmap": "gray", "vmin": -most, "vmax": most})
    ax.figure.colorbar(shades, ax=ax, label="weight", shrink=0.8, pad=0.01, fraction=0.1)
    return ax


def _images(rows: ArrayLike, shape: Shape) -> Floats:
    numbers = np.asarray(rows, dtype=np.float64)
    if numbers.ndim != 2 or numbers.size == 0 or numbers.shape[1] != math.prod(shape):
        raise ValueError(
            f"images of shape {shape} are rows of {math.prod(shape)} numbers, got an array of shape {numbers.shape}"
        )
    return numbers.reshape(-1, *shape)


def _mosaic(
    images: Floats, captions: Sequence[str], columns: int, ax: Axes | None, scale: dict[str, Any]
) -> tuple[Axes, Any]:
    """The images in rows of so many, and the last one drawn, which has the scale of all."""
    if captions and len(captions) != len(images):
        raise ValueError(f"each image has one caption, got {len(captions)} for {len(images)} images")
    columns = min(columns, len(images))
    count = math.ceil(len(images) / columns)
    inches = min(LARGEST, WIDTH / (columns * (1 + GAP)))
    lines = max((caption.count("\n") + 1 for caption in captions), default=0)
    aspect, above = images.shape[1] / images.shape[2], GAP + lines * LINE / inches
    width, height = 1 + GAP, aspect + above
    ax = ax or new_axes(inches * columns * width + 0.2, inches * count * height + 0.1)
    for i, image in enumerate(images):
        x, y = (i % columns) * width, -(i // columns) * height
        shades = ax.imshow(image, extent=(x, x + 1, y - aspect, y), interpolation="nearest", **scale)
        ax.add_patch(extras.load("matplotlib.patches").Rectangle((x, y - aspect), 1, aspect, fill=False, linewidth=0.5))
        if captions:
            ax.text(x + 0.5, y + GAP / 3, captions[i], ha="center", va="bottom", fontsize=9)
    ax.set(xlim=(-GAP / 2, columns * width - GAP / 2), ylim=(above - count * height - GAP / 2, above), aspect="equal")
    ax.set_axis_off()
    return ax, shades
