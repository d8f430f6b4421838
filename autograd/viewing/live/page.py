"""LivePage: the HTML of a page, and the one function that answers it, wherever the page is shown."""

from __future__ import annotations

import html
import json
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, NamedTuple

from ...commandline import one_line
from ..player import common_style, fill
from ..rendering import RenderingError

Afterwards = Callable[[Callable[[], bool]], object]
"""What is done once an answer is on its way, for a while, or until the function that it is given is True: then the next
question is there. So Python computes while the page draws."""


def nothing(is_asked: Callable[[], bool]) -> None:
    """What is mostly done afterwards."""


class Answer(NamedTuple):
    """What a question is answered by: JSON, bytes beside it for what is long, and what is done afterwards."""

    head: Mapping[str, Any]
    body: bytes = b""
    afterwards: Afterwards = nothing


class QuestionError(ValueError):
    """A question that is not one of those a page asks."""


Ask = Callable[[Mapping[str, Any]], Answer]


@dataclass(frozen=True)
class LivePage:
    """One HTML page, to be filled in by a host with its nonce, and what answers its questions."""

    title: str
    style: str
    body: str  # HTML
    script: str
    data: Any  # what the page knows before it asks
    ask: Ask
    prepare: Callable[[], object] = object  # what the first answer would wait for, done while the browser is opened

    def html(self, nonce: str = "", host: str = "") -> str:
        """The whole page. Scripts carry ``nonce``; ``host`` is HTML for the head: a policy, another way to ask."""
        data = json.dumps(self.data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
        parts = {
            "title": html.escape(self.title),
            "style": common_style() + asset("live.css") + self.style,
            "body": self.body,
            "nonce": html.escape(nonce),
            "host": host,
            "data": data,
            "script": asset("elements.js", "autograd.viewing") + asset("live.js") + self.script,
        }
        return fill(asset("live.html"), parts)


def asset(name: str, package: str = __package__) -> str:
    """A file beside the modules of a package."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


def answered(ask: Ask, question: object) -> tuple[bytes, Afterwards]:
    """The answer as one packet: the length of its JSON in four bytes, the JSON, and what is beside it; and what is to
    be done once it is sent.

    Where there is no answer, its JSON is one sentence that says why; what was before such a question still is.

    >>> answered(lambda question: Answer({"n": 1 / question["n"]}, b"!"), {"n": 2})[0]
    b'\\t\\x00\\x00\\x00{"n":0.5}!'
    >>> answered(lambda question: Answer({}), ["n"])[0][4:]
    b'{"error":"a question is a JSON object, got list"}'
    """
    try:
        if not isinstance(question, Mapping):
            raise QuestionError(f"a question is a JSON object, got {type(question).__name__}")
        answer = ask(question)
        return packet(answer), answer.afterwards
    except (ValueError, ArithmeticError, MemoryError, ImportError, RenderingError) as error:
        return packet(Answer({"error": one_line(error)})), nothing
    except Exception as error:  # a mistake of ours: the page says so, and the terminal where it is
        traceback.print_exc()
        mistake = f"the program has a mistake ({type(error).__name__}: {one_line(error)})"
        return packet(Answer({"error": mistake})), nothing


def packet(answer: Answer) -> bytes:
    text = json.dumps(answer.head, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    content = text.encode(errors="replace")  # half a surrogate is no character
    return len(content).to_bytes(4, "little") + content + answer.body
