"""Live pages: views of a running Python process. A page asks, the process answers; all that is computed is its."""

from .page import Answer, LivePage, QuestionError, answered, nothing, packet

__all__ = ["Answer", "LivePage", "QuestionError", "answered", "nothing", "packet"]
