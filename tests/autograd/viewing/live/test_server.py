"""The server of live pages: what it gives to its own page, what it refuses to all others, and when it ends."""

from __future__ import annotations

import http.client
import io
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from checkout import ROOT

from autograd.viewing.live import Answer, LivePage, answered, nothing
from autograd.viewing.live.server import LONGEST, Server, serve


def double(question: Mapping[str, Any]) -> Answer:
    if question["n"] == "mistake":
        raise KeyError("n")
    return Answer({"twice": 2 * float(question["n"])}, b"beside")


PAGE = LivePage("Twice", "", "<p>n</p>", "", {"closing": "</script>"}, double)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(PAGE)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def request(server: Server, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[int, bytes]:
    """Exactly these headers, and the status and content of what is given back; the host is ours unless told."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        given = {"Host": f"127.0.0.1:{server.server_port}", **headers}
        for name, value in given.items():
            connection.putheader(name, value.replace("PORT", str(server.server_port)))
        connection.endheaders(body or None)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


@pytest.mark.parametrize("by", ["the same page", "another page", "nobody, as the page is closed"])
def test_what_is_done_afterwards_ends_when_somebody_asks(server: Server, by: str) -> None:
    ended: list[float] = []

    def ask(question: Mapping[str, Any]) -> Answer:
        return Answer({"n": len(ended)}, afterwards=go_on if question["n"] == 0 else nothing)

    def go_on(is_asked: Callable[[], bool]) -> None:
        end = time.monotonic() + 20
        while not is_asked() and time.monotonic() < end:
            time.sleep(0.001)
        ended.append(end - time.monotonic())

    server.ask = ask
    path, given = f"/{server.token}/ask", {**JSON, "Host": f"127.0.0.1:{server.server_port}"}
    connections = [http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10) for _ in range(2)]
    connections[0].request("POST", path, b'{"n": 0}', given)
    assert b'{"n":0}' in connections[0].getresponse().read()  # it is there before what is done afterwards has ended
    if by.startswith("nobody"):
        connections[0].close()
    else:
        asking = connections[by == "another page"]
        asking.request("POST", path, b'{"n": 1}', given)
        assert b'{"n":1}' in asking.getresponse().read()
    end = time.monotonic() + 10
    while not ended and time.monotonic() < end:
        time.sleep(0.01)
    assert ended[0] > 5
    for connection in connections:
        connection.close()


JSON = {"Content-Type": "application/json"}
QUESTION = b'{"n": 21}'

ASKED = {
    "our page": ({}, 200),
    "our page by another name": ({"Host": "localhost:PORT", "Origin": "http://localhost:PORT"}, 200),
    "our origin": ({"Origin": "http://127.0.0.1:PORT"}, 200),
    "no host of ours": ({"Host": "evil.example"}, 403),
    "our address, rebound": ({"Host": "evil.example:PORT"}, 403),
    "another port": ({"Host": "127.0.0.1:1"}, 403),
    "no host": ({"Host": ""}, 403),
    "another site": ({"Origin": "http://evil.example"}, 403),
    "another port's site": ({"Origin": "http://127.0.0.1:1"}, 403),
    "a secure site": ({"Origin": "https://127.0.0.1:PORT"}, 403),
    "a sandbox": ({"Origin": "null"}, 403),
    "a form": ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    "text": ({"Content-Type": "text/plain"}, 415),
    "JSON with more said": ({"Content-Type": "application/json; charset=utf-8"}, 415),
    "no type": ({"Content-Type": ""}, 415),
    "no length": ({"Content-Length": ""}, 411),
    "a negative length": ({"Content-Length": "-1"}, 411),
    "a length in other digits": ({"Content-Length": "\u0662"}, 411),
    "too long": ({"Content-Length": str(LONGEST + 1)}, 413),
    "longer than any number": ({"Content-Length": "9" * 5000}, 413),
}


@pytest.mark.parametrize(("headers", "status"), ASKED.values(), ids=ASKED)
def test_who_may_ask(server: Server, headers: dict[str, str], status: int) -> None:
    given = {**JSON, "Content-Length": str(len(QUESTION)), **headers}
    given = {name: value.encode().decode("latin-1") for name, value in given.items()}
    found, content = request(server, "POST", f"/{server.token}/ask", given, QUESTION)
    assert found == status
    assert (content[4:] == b'{"twice":42.0}beside') == (status == 200)
    assert content.strip()


PATHS = {
    "the page": ("GET", "/TOKEN/", 200),
    "with a query": ("GET", "/TOKEN/?x=1", 200),
    "no token": ("GET", "/", 403),
    "a wrong token": ("GET", "/x/", 403),
    "a token too long": ("GET", "/TOKENx/", 403),
    "a token that is no ASCII": ("GET", "/TOK\u00e9N/", 403),
    "a file": ("GET", "/TOKEN/live.js", 404),
    "a path": ("GET", "/TOKEN/../../etc/passwd", 404),
    "a question by GET": ("GET", "/TOKEN/ask", 404),
    "the page by POST": ("POST", "/TOKEN/", 404),
    "another method": ("PUT", "/TOKEN/ask", 501),
    "what comes before a request from another site": ("OPTIONS", "/TOKEN/ask", 501),
}


@pytest.mark.parametrize(("method", "path", "status"), PATHS.values(), ids=PATHS)
def test_what_may_be_asked_for(server: Server, method: str, path: str, status: int) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection:
        line = f"{method} {path.replace('TOKEN', server.token)} HTTP/1.1\r\n"
        connection.sendall(f"{line}Host: 127.0.0.1:{server.server_port}\r\nConnection: close\r\n\r\n".encode("latin-1"))
        reply = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    assert int(reply.split()[1]) == status
    assert ("<p>n</p>" in reply) == (status == 200)
    assert "Access-Control" not in reply


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"n": 1} 2'])
def test_a_body_that_is_no_json(server: Server, body: bytes) -> None:
    headers = {**JSON, "Content-Length": str(len(body))}
    assert request(server, "POST", f"/{server.token}/ask", headers, body) == (400, b"wanted JSON\n")


def test_a_mistake_of_the_program_is_a_sentence_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert answered(double, {"n": "mistake"})[0][4:].startswith(b'{"error":"the program has a mistake (KeyError')
    assert "Traceback" in capsys.readouterr().err


def test_what_is_given_may_load_nothing(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("GET", f"/{server.token}/")
    reply = connection.getresponse()
    policy, page = reply.headers["Content-Security-Policy"], reply.read().decode()
    connection.close()
    assert policy.startswith(f"default-src 'none'; script-src 'nonce-{server.nonce}';")
    assert "unsafe-inline" not in policy.split("style-src")[0]
    assert page.count("</script>") == 2  # of the data, whose own text ends nothing, and of the script
    assert json.loads(re.findall(r'json">(.*?)</script>', page)[0]) == {"closing": "</script>"}
    assert not re.search(r'(?:src|href)="(?!data:,")', page)


def test_it_ends_when_the_last_page_is_closed(capsys: pytest.CaptureFixture[str]) -> None:
    server = Server(PAGE, patience=0.2)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def open_page() -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        connection.request("GET", f"/{server.token}/alive")
        return connection.getresponse()

    time.sleep(0.3)
    assert thread.is_alive()  # before the first page is opened it waits for as long as that takes
    first, second = open_page(), open_page()
    first.close()
    time.sleep(0.3)
    assert thread.is_alive()
    second.close()
    thread.join(timeout=10)
    assert not thread.is_alive()
    server.server_close()
    assert capsys.readouterr() == ("", "")


def test_ctrl_c_ends_it_in_one_line() -> None:
    command = [sys.executable, "-m", "autograd", "play", "--no-browser", "x*x"]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # a run of tests in the background ignores Ctrl-C, and would pass that on
    heeds = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, cwd=ROOT, preexec_fn=heeds, **pipes) as process:
        assert process.stdout
        assert re.search(r"http://127\.0\.0\.1:\d+/[\w-]{32}/$", process.stdout.readline().strip())
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, complaints = process.communicate(timeout=20)
    assert (out.strip(), complaints, process.returncode) == ("python -m autograd play: ended", "", 0)


def test_the_browser_is_opened_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    arrived = threading.Event()
    monkeypatch.setattr("webbrowser.open", lambda address: (opened.append(address), arrived.set()))

    def at_once(self: Server, poll_interval: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "serve_forever", at_once)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    serve(PAGE, "x", browser=False)
    assert opened == []
    serve(PAGE, "x")
    assert arrived.wait(10)
    assert opened[0] in sys.stdout.getvalue()


def test_what_the_first_answer_waits_for_is_prepared_once_the_address_is_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printed: list[str] = []
    prepared = threading.Event()

    def prepare() -> None:
        printed.append(out.getvalue())
        prepared.set()

    monkeypatch.setattr(Server, "serve_forever", lambda self, poll_interval: prepared.wait(10))
    monkeypatch.setattr(sys, "stdout", out := io.StringIO())
    serve(replace(PAGE, prepare=prepare), "x", browser=False)
    assert "http://127.0.0.1:" in printed[0]
