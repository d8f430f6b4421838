"""A Drawing: the picture of a graph, as DOT text that is rendered when it is looked at or saved."""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property, partial

from ..files import save
from .rendering import FORMATS, render


@dataclass(frozen=True)
class Drawing:
    """What :func:`autograd.draw` returns: ``dot`` and ``svg`` are text, :meth:`save` writes a file, and a notebook
    shows the picture itself.

    >>> Drawing("digraph { a -> b }", "2 nodes")
    Drawing(2 nodes)
    """

    dot: str = field(repr=False)
    description: str

    def __repr__(self) -> str:
        return f"Drawing({self.description})"

    @cached_property
    def svg(self) -> str:
        """The picture as one ``<svg>`` element, for a file or for a page; RenderingError without Graphviz."""
        return re.sub(r"<title>[^<]*</title>\n", "", self.titled_svg)

    @cached_property
    def titled_svg(self) -> str:
        """The same with each part's name in ``dot`` as its title, by which a page's script can find it."""
        text = render(self.dot, "svg").decode()
        return text[text.index("<svg") :]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file, whole or not at all; its extension decides: .svg, .png, .pdf or .dot.

        ValueError for another extension, OSError where the folder is missing or cannot be written to,
        RenderingError without Graphviz (which .dot does not need).
        """
        kinds = {f".{format}": partial(self._as_bytes, format) for format in (*FORMATS, "dot")}
        save("a drawing", path, kinds)

    def _as_bytes(self, format: str) -> bytes:
        if format == "dot":
            return self.dot.encode()
        return self.svg.encode() if format == "svg" else render(self.dot, format)

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        try:
            return {"image/svg+xml": self.svg, "text/plain": repr(self)}
        except Exception as error:  # a notebook cell must show something, whatever is wrong with the renderer
            return {"text/plain": f"{self!r} cannot be shown here: {error}"}
