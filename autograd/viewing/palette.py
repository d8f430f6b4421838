"""The colours of everything that is drawn: one table, from which graphs, plots, pages and the film take theirs.

What differs in colour can be told apart by the colour-blind (Okabe and Ito, 2008), and differs in shape, dashes or
words too. Text stands out from what is behind it by 4.5 to 1 or more (WCAG 2.2).
"""

from collections.abc import Mapping
from typing import Literal, get_args

Theme = Literal["light", "dark"]
"""The pages that a picture is for."""

Palette = Mapping[str, str]
"""A colour for each part that something may play in a picture."""

_COLOURS: Mapping[str, tuple[str, str]] = {
    # pages: what is behind everything, what is written, what is said by the way, what divides, …
    "paper": ("#ffffff", "#14191e"),
    "ink": ("#1c242c", "#e6eaee"),
    "quiet": ("#5d6771", "#9aa5af"),
    "rule": ("#d5dade", "#39434c"),
    "panel": ("#f6f7f8", "#1c242c"),
    "known": ("#2f6aa0", "#7fb2e0"),
    "accent": ("#c8641e", "#ef8a43"),
    "accent-ink": ("#a04d12", "#f4a76f"),
    # graphs: lines, what encloses, and kinds of nodes with their rims
    "line": ("#7b8590", "#9aa5af"),
    "cluster": ("#808890", "#808890"),
    "result": ("#f6f7f8", "#232c34"),
    "leaf": ("#d5e6f6", "#1d3a54"),
    "leaf-rim": ("#4b7fae", "#7fb2e0"),
    "constant": ("#e3e6e9", "#313b44"),
    "operation": ("#5d6771", "#56616b"),
    "operation-ink": ("#ffffff", "#ffffff"),
    "collapsed": ("#f8ebcb", "#463a19"),
    "collapsed-rim": ("#a8842c", "#c8a44c"),
    # numbers: a weight or gradient above 0 and one below, losses, samples
    "positive": ("#0072b2", "#56b4e9"),
    "negative": ("#d55e00", "#f08a3c"),
    "training": ("#0072b2", "#56b4e9"),
    "held-out": ("#d55e00", "#f08a3c"),
    # classes, and whatever else is one of several
    "k0": ("#0072b2", "#56a8e9"),
    "k1": ("#e69f00", "#f0b429"),
    "k2": ("#009e73", "#2fc49a"),
    "k3": ("#cc79a7", "#e39ac4"),
    "k4": ("#56b4e9", "#8fd0f7"),
    "k5": ("#d55e00", "#f08a3c"),
    "k6": ("#b8a800", "#e6dc50"),
    "k7": ("#888888", "#b0b0b0"),
}

LIGHT: Palette = {part: light for part, (light, _) in _COLOURS.items()}
DARK: Palette = {part: dark for part, (_, dark) in _COLOURS.items()}
PALETTES: Mapping[Theme, Palette] = {"light": LIGHT, "dark": DARK}
CLASSES = tuple(f"k{i}" for i in range(8))


def palette_of(theme: Theme) -> Palette:
    """The colours of a theme; a ValueError for what is none."""
    if theme not in get_args(Theme):
        raise ValueError(f"theme is 'light' or 'dark', got {theme!r}")
    return PALETTES[theme]


def css_variables() -> str:
    """The colours as variables of a page, which follow the theme of who reads it."""
    light, dark = (" ".join(f"--{part}: {colour};" for part, colour in palette.items()) for palette in (LIGHT, DARK))
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"


def luminance(colour: str) -> float:
    """The relative luminance of ``#rrggbb``, from 0 for black to 1 for white (WCAG 2.2)."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
