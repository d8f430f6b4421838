"""Pictures for light pages, as pictures that follow the theme of the page they stand on."""

from __future__ import annotations

import numpy as np

from autograd.viewing.palette import DARK, LIGHT, Palette

SHADED = ("paper", "ink", "positive", "negative")
"""Images of pixels are blends of these. Four points of the space of colours, and where they go, make one affine map."""

ON_SHAPES = {"operation"}
"""What has another's colour on a light page, but not on a dark one; of others that are equal, the first one counts."""


def following_theme(svg: str) -> str:
    """A picture for a light page that is one for a dark page where the reader's pages are dark."""
    start = svg.index(">", svg.index("<svg ")) + 1
    pixels = _dark_pixels() if "<image" in svg else ""
    return f"{svg[:start]}\n<style>{rules_for_dark_pages()}</style>{pixels}{svg[start:]}"


def rules_for_dark_pages() -> str:
    """The style sheet that makes a picture for a light page one for a dark page."""
    rules: dict[str, None] = {}
    seen: set[str] = set()
    for part, light in LIGHT.items():
        if part == "operation-ink" or light == DARK[part]:
            continue
        if part in ON_SHAPES:
            for kind in ("fill", "stroke"):
                rules[f':is(path, polygon, ellipse)[{kind}="{light}"] {{ {kind}: {DARK[part]} }}'] = None
        elif light not in seen:
            seen.add(light)
            rules |= dict.fromkeys(f'[{kind}="{light}"] {{ {kind}: {DARK[part]} }}' for kind in ("fill", "stroke"))
            for kind in ("fill", "stroke"):
                rules[f'[style*="{kind}: {light}"] {{ {kind}: {DARK[part]} !important }}'] = None
    white = 'text[fill="#ffffff"] { fill: #ffffff }'  # on operations, which are dark on either page
    style = "\n".join(rule for rule in [*rules, white])
    return f"@media (prefers-color-scheme: dark) {{\n{style}\n}}"


def _dark_pixels() -> str:
    """What style sheets cannot reach: images of pixels, whose colours are blended anew from those of a dark page."""
    light = np.column_stack([_parts(LIGHT), np.ones(len(SHADED))])
    rows = np.linalg.solve(light, _parts(DARK)).T  # each of a part of the new colour: by red, green, blue, and 1
    values = " ".join(f"{r:.6g} {g:.6g} {b:.6g} 0 {one:.6g}" for r, g, b, one in rows.tolist())
    matrix = f'<feColorMatrix type="matrix" values="{values} 0 0 0 1 0"/>'
    rule = "@media (prefers-color-scheme: dark) { image { filter: url(#dark-pixels) } }"
    return f'<filter id="dark-pixels" color-interpolation-filters="sRGB">{matrix}</filter><style>{rule}</style>'


def _parts(palette: Palette) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Red, green and blue of each of the shaded colours, from 0 to 1."""
    return np.array([[int(palette[name][i : i + 2], 16) / 255 for i in (1, 3, 5)] for name in SHADED])
