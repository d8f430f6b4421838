"""The links of a built site that lead nowhere within it: ``python docs/links.py [FOLDER]`` prints them."""

import html
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

OTHERS = {"notebooks", "playground", "_static"}  # programs and parts that are not made here
LINK = re.compile(r'\b(?:href|src)="([^"]*)"')


@cache
def anchors_of(page: Path) -> set[str]:
    return set(map(html.unescape, re.findall(r'\b(?:id|name)="([^"]+)"', page.read_text(encoding="utf-8"))))


def dead_links(site: Path) -> Iterator[str]:
    """``PAGE: LINK`` for each link whose file, or whose place in a page, is not there."""
    for page in sorted(site.rglob("*.html")):
        if OTHERS & set(page.relative_to(site).parts):
            continue
        for link in map(html.unescape, LINK.findall(page.read_text(encoding="utf-8"))):
            if re.match(r"\w+:|//", link):
                continue
            path, _, anchor = unquote(link).partition("#")
            there = page.parent / path.partition("?")[0] if path else page
            if not there.is_file() or (
                anchor and there.suffix == ".html" and anchor not in anchors_of(there.resolve())
            ):
                yield f"{page.relative_to(site)}: {link}"


if __name__ == "__main__":
    found = list(dead_links(Path(*sys.argv[1:] or [Path(__file__).parent / "build" / "html"]).resolve()))
    print("\n".join(found) or "every link leads somewhere")
    sys.exit(bool(found))
