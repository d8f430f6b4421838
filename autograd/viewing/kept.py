"""A Graphviz process that is kept from one picture to the next, where each would begin with importing its wheel.

It is never needed: whoever gets nothing from it renders with a process of its own, and learns there what is wrong.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading

# It ends when its standard input does, and so with its parent, however that ends.
_LOOP = """
import sys, pygraphviz
given, made = sys.stdin.buffer, sys.stdout.buffer
while line := given.readline():
    format, dpi, length = line.split(b" ")
    text = given.read(int(length)).decode()
    try:
        graph = pygraphviz.AGraph().from_string(text)
        if dpi:
            graph.graph_attr["dpi"] = dpi.decode()
        picture = graph.draw(format=format.decode(), prog="dot")
    except Exception:
        picture = b""
    made.write(b"%d\\n" % len(picture) + picture)
    made.flush()
"""


class KeptRenderer:
    """Pictures one after the other from one process, which is started for the second: the first may be the only one."""

    def __init__(self, most_seconds: float) -> None:
        self.most_seconds = most_seconds
        self._forget()
        atexit.register(self.end)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)  # the process is the parent's, and so are its pipes

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = False

    def render(self, dot: str, format: str, dpi: str) -> bytes:
        """The picture; nothing where it failed, or where it is the first."""
        with self._lock:
            if not self._asked:
                self._asked = True
                return b""
            try:
                return self._rendered(dot.encode(), format, dpi)
            except (OSError, ValueError):
                self._end()
                return b""
            except BaseException:  # interrupted: what comes next out of the pipe would be taken for another picture
                self._end()
                raise

    def _rendered(self, text: bytes, format: str, dpi: str) -> bytes:
        if self._process is None:
            self._process = _started()
        given, made = self._process.stdin, self._process.stdout
        assert given
        assert made
        alarm = threading.Timer(self.most_seconds, self._process.kill)
        alarm.daemon = True
        alarm.start()
        try:
            given.write(f"{format} {dpi} {len(text)}\n".encode() + text)
            given.flush()
            length = int(made.readline())  # a ValueError where the process is gone
            picture = made.read(length)
        finally:
            alarm.cancel()
        if len(picture) < length:
            raise ValueError("the process ended within a picture")
        return picture

    def end(self) -> None:
        """End the process, if there is one; the next picture starts another."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _started() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-c", _LOOP]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nowhere, start_new_session=True)  # not Ctrl-C's
