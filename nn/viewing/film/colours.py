"""The colours that scripts paint with, as numbers: to ask a page for its style takes long."""

from __future__ import annotations

import numpy as np

from autograd.viewing.palette import CLASSES, PALETTES

from .view import Data

PAINTED = ("paper", "ink", "positive", "negative", *CLASSES)
RAMP = ("#00224e", "#414d6b", "#7c7b78", "#bcaf6f", "#fee838")
"""From the least number to the greatest: cividis (Nuñez, Anderton, Renslow, 2018)."""


def colours() -> Data:
    """Red, green and blue, from 0 to 255, of each theme's colours, and of 256 steps from the least number to the
    greatest.

    >>> colours()["dark"]["paper"], colours()["ramp"][255]
    ([20, 25, 30], [254, 232, 56])
    """
    themes: Data = {theme: {part: channels(palette[part]) for part in PAINTED} for theme, palette in PALETTES.items()}
    places = np.linspace(0.0, len(RAMP) - 1, 256)
    ramp = [np.interp(places, range(len(RAMP)), numbers) for numbers in zip(*map(channels, RAMP), strict=True)]
    return {**themes, "ramp": np.rint(np.transpose(ramp)).astype(int).tolist()}


def channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
