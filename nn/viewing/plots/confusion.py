"""The confusion matrix: which classes are mistaken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .axes import add_colour_bar, new_axes, plain
from .style import shades_of, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACROSS = 50  # letters: names of more stand upright below a matrix


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

    The shade is the part of the true class, so that each row adds up to one full shade.
    """
    ax = ax or new_axes(6.4, 5.4)
    matrix = np.asarray(counts)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a confusion matrix has a row and a column for each class, got shape {matrix.shape}")
    parts = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    with styled(ax) as palette:
        shades = ax.imshow(parts, cmap=shades_of(palette["paper"], palette["ink"]), vmin=0.0, vmax=1.0)
        for i, j in np.argwhere(matrix > 0).tolist():
            colour = palette["paper" if parts[i, j] > 0.5 else "ink"]
            ax.text(j, i, str(matrix[i, j]), ha="center", va="center", color=colour)
    names = [plain(name) for name in classes or map(str, range(len(matrix)))]
    ax.set_xticks(range(len(names)), names, rotation=90 if sum(map(len, names)) > ACROSS else 0)
    ax.set_yticks(range(len(names)), names)
    ax.spines[:].set_visible(True)
    ax.set(xlabel="predicted class", ylabel="true class")
    add_colour_bar(ax, shades, "part of the true class")
    return ax
