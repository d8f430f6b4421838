"""The data sets that come with the package, or with scikit-learn. Each is always the same, to the bit.

Points of the plane lie where they would without noise, and then as far from there as their noise says. Moons and
circles are scikit-learn's, to the bit, which takes longer to be loaded than to train on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..basics import extras
from .dataset import Dataset
from .encoding import Encoding


def moons(noise: float = 0.1) -> Dataset:
    """Two half circles that reach into each other: 500 points."""
    angle = np.linspace(0.0, np.pi, 250)
    upper, lower = (np.cos(angle), np.sin(angle)), (1.0 - np.cos(angle), 1.0 - np.sin(angle) - 0.5)
    return _two_curves("moons", upper, lower, noise, ("upper", "lower"))


def circles(noise: float = 0.1) -> Dataset:
    """A ring around another: 500 points."""
    angle = np.linspace(0.0, 2.0 * np.pi, 250, endpoint=False)
    outer, inner = (np.cos(angle), np.sin(angle)), (0.4 * np.cos(angle), 0.4 * np.sin(angle))
    return _two_curves("circles", outer, inner, noise, ("outer", "inner"))


def xor(noise: float = 0.15) -> Dataset:
    """Clouds of 50 points around the four corners of a square; each class has two opposite corners."""
    corners = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], 50, axis=0)
    clouds = corners + np.random.default_rng(0).normal(0.0, noise, corners.shape)
    return _points("xor", clouds, corners[:, 0] ^ corners[:, 1], ("equal", "different"))


def spiral(noise: float = 0.1) -> Dataset:
    """Two arms that wind around each other, one and a half times: 500 points."""
    generator = np.random.default_rng(0)
    share = np.sqrt(generator.uniform(0.0, 1.0, 500))  # evenly over the area
    arm = np.arange(500) % 2
    angle = 3.0 * np.pi * share + np.pi * arm
    points = 3.0 * share[:, np.newaxis] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _points("spiral", points + generator.normal(0.0, noise, points.shape), arm, ("one", "other"))


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


NOISY: Mapping[str, Callable[..., Dataset]] = {"moons": moons, "circles": circles, "xor": xor, "spiral": spiral}
"""Points of the plane, with noise of one's choice."""

DATASETS: Mapping[str, Callable[..., Dataset]] = {
    **NOISY,
    "line": line,
    "iris": iris,
    "digits": digits,
}


def _two_curves(name: str, first: Any, second: Any, noise: float, classes: tuple[str, str]) -> Dataset:
    """The points of both, shuffled and then moved, in the order in which scikit-learn draws its random numbers."""
    generator, order = np.random.RandomState(0), np.arange(500)
    generator.shuffle(order)
    points = np.concatenate([first, second], axis=1).T[order]
    return _points(name, points + generator.normal(scale=noise, size=points.shape), order // 250, classes)


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
