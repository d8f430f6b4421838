"""The data sets that come with the package, or with scikit-learn. Each is always the same, to the bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..basics import extras
from .dataset import Dataset
from .encoding import Encoding


def moons() -> Dataset:
    """Two half circles that reach into each other, with some noise: 500 points."""
    points, labels = extras.load("sklearn.datasets").make_moons(500, noise=0.1, random_state=0)
    return _points("moons", points, labels, ("upper", "lower"))


def circles() -> Dataset:
    """A ring around another, with some noise: 500 points."""
    points, labels = extras.load("sklearn.datasets").make_circles(500, noise=0.1, factor=0.4, random_state=0)
    return _points("circles", points, labels, ("outer", "inner"))


def xor() -> Dataset:
    """Clouds of 50 points around the four corners of a square; each class has two opposite corners."""
    corners = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], 50, axis=0)
    noise = np.random.default_rng(0).normal(0.0, 0.15, corners.shape)
    return _points("xor", corners + noise, corners[:, 0] ^ corners[:, 1], ("equal", "different"))


def line() -> Dataset:
    """z = 2x for 50 numbers x from -1 to 1."""
    x = np.linspace(-1.0, 1.0, 50)
    return Dataset("line", Encoding.of_numbers(["x"]), x[:, np.newaxis], "z", 2.0 * x, scaled=True)


def iris() -> Dataset:
    """The species of 150 irises, from the lengths and widths of their leaves."""
    bunch = extras.load("sklearn.datasets").load_iris()
    return _classes("iris", bunch.feature_names, bunch.data, "species", bunch.target, bunch.target_names)


def digits() -> Dataset:
    """1,797 handwritten digits, of 8 × 8 pixels."""
    bunch = extras.load("sklearn.datasets").load_digits()
    return _classes("digits", bunch.feature_names, bunch.data, "digit", bunch.target, bunch.target_names)


DATASETS: Mapping[str, Callable[[], Dataset]] = {
    "moons": moons,
    "circles": circles,
    "xor": xor,
    "line": line,
    "iris": iris,
    "digits": digits,
}


def _points(name: str, points: Any, labels: Any, classes: tuple[str, ...]) -> Dataset:
    return _classes(name, ("x", "y"), points, "class", labels, classes)


def _classes(name: str, feature_names: Any, features: Any, target: str, labels: Any, classes: Any) -> Dataset:
    return Dataset(
        name,
        Encoding.of_numbers(list(map(str, feature_names))),
        np.asarray(features, dtype=np.float64),
        target,
        np.asarray(labels, dtype=np.float64),
        tuple(map(str, classes)),
    )
