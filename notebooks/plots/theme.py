"""Pictures for light pages, as pictures that follow the theme of the page they stand on."""

from __future__ import annotations

from autograd.viewing.palette import DARK, LIGHT

ON_SHAPES = {"operation"}
"""What has another's colour on a light page, but not on a dark one; of others that are equal, the first one counts."""


def following_theme(svg: str) -> str:
    """A picture for a light page that is one for a dark page where the reader's pages are dark."""
    start = svg.index(">", svg.index("<svg ")) + 1
    return f"{svg[:start]}\n<style>{rules_for_dark_pages()}</style>{svg[start:]}"


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
