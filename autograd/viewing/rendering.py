"""DOT text rendered by Graphviz: the system's ``dot`` where there is one, else the pygraphviz wheel's libraries."""

import importlib.util
import shutil
import subprocess
import sys

FORMATS = ("svg", "png", "pdf")
PNG_DPI = "144"
MOST_SECONDS = 120


class RenderingError(RuntimeError):
    """A picture could not be rendered: there is no Graphviz, or it failed."""


# A process of its own: the libraries print warnings of their own to stderr, and are not safe to call from two threads.
_PYGRAPHVIZ = """
import sys, pygraphviz
format, dpi = sys.argv[1:]
graph = pygraphviz.AGraph().from_string(sys.stdin.buffer.read().decode())
if dpi:
    graph.graph_attr["dpi"] = dpi
sys.stdout.buffer.write(graph.draw(format=format, prog="dot"))
"""


def render(dot: str, format: str) -> bytes:
    """The picture of a DOT graph as svg, png or pdf.

    RenderingError where neither renderer is installed, or where the one that is reports an error.
    """
    try:
        result = subprocess.run(_command(format), input=dot.encode(), capture_output=True, timeout=MOST_SECONDS)
    except subprocess.TimeoutExpired:
        raise RenderingError(f"Graphviz did not finish within {MOST_SECONDS} s: draw a smaller part") from None
    if result.returncode != 0 or not result.stdout:
        reason = result.stderr.decode(errors="replace").strip() or f"exit status {result.returncode}"
        raise RenderingError(f"Graphviz could not render the graph as {format}: {reason}")
    return result.stdout


def render_titled(dot: str) -> str:
    """The picture as one ``<svg>`` element, each part with its name in the DOT text as its title."""
    text = render(dot, "svg").decode()
    return text[text.index("<svg") :]


def _command(format: str) -> list[str]:
    dpi = PNG_DPI if format == "png" else ""
    if program := shutil.which("dot"):
        return [program, f"-T{format}", *([f"-Gdpi={dpi}"] if dpi else [])]
    if importlib.util.find_spec("pygraphviz") and sys.executable:
        return [sys.executable, "-P", "-c", _PYGRAPHVIZ, format, dpi]
    raise RenderingError(
        "there is no Graphviz to render with. Install the program (apt install graphviz, brew install graphviz) "
        'or the wheel that carries its libraries (pip install "valuegrad[view]"); the text in .dot needs neither'
    )
