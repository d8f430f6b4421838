"""What is published: one version everywhere, and no link of a page leads nowhere."""

import re
from pathlib import Path

import pytest
from checkout import ROOT

import autograd

PAGES = sorted(path for folder in (".", "docs", "notebooks", "benchmarks") for path in (ROOT / folder).glob("*.md"))
LINK = re.compile(r"""\]\(([^)\s]+)\)|(?:href|src)="([^"]+)\"""")


def test_the_version_is_said_once() -> None:
    said = re.findall(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    newest = re.search(r"^## (\d\S*?),? ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest
    assert [*said, newest[1]] == [autograd.__version__] * 2


def anchor(heading: str) -> str:
    """A heading's name in a link, as the common hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in (a or b for a, b in LINK.findall(text)):
        if re.match(r"\w+:", target):
            continue
        path, _, name = target.partition("#")
        if page.parent.name == "docs" and path.startswith("lessons/"):  # where the site's build puts them
            path = "../notebooks/" + path.removeprefix("lessons/").replace("index.md", "README.md")
        there = (page.parent / path) if path else page
        assert there.exists(), f"{target} is not there"
        if name:
            headings = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert name in map(anchor, headings), f"{target}: {there.name} has no such heading"
