"""What runs in the browser's own Python: questions and answers of the formula page, without a server."""

from __future__ import annotations

import json

from .formula import ask
from .page import answered


def answer(question: str) -> bytes:
    """The packet that answers a question, which is JSON as text."""
    return answered(ask, json.loads(question))[0]
