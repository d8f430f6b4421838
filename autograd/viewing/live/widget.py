"""A live page in a notebook: a frame of its own, which asks through the notebook's connection to Python."""

from __future__ import annotations

import time
from typing import Any

from ..player import framed
from .page import LivePage, answered, asset

PATIENCE = 0.03
"""Seconds that an answer's afterwards keep a notebook from the next question."""

_HOST = "<script>window.askPython = (question) => frameElement.askPython(question);</script>\n"


def widget(page: LivePage, height: str = "46rem") -> Any:
    """The page as an anywidget, of that height; an ImportError that names the extra where there is none."""
    try:
        from anywidget import AnyWidget
        from traitlets import Unicode
    except ImportError:
        raise ImportError(
            'a live page in a notebook needs anywidget: pip install "valuegrad[notebook]". From a terminal, '
            "`python -m autograd play` and `python -m nn play` open the same pages without it"
        ) from None

    class Live(AnyWidget):
        _esm = asset("widget.js")
        frame = Unicode().tag(sync=True)

    made = Live(frame=framed(page.html(host=_HOST), page.title, height))

    def asked(_: Any, content: Any, buffers: Any) -> None:
        """Several views of one widget may ask: each answer has the number of its question."""
        packet, afterwards = answered(page.ask, content["question"])
        made.send({"number": content["number"]}, [packet])
        end = time.monotonic() + PATIENCE  # a notebook does not tell what is waiting
        afterwards(lambda: time.monotonic() > end)

    made.on_msg(asked)
    return made
