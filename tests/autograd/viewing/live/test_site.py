"""The formula page as a static site: what it is built of, and that it works where there is no Python but its own."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from live import step_once, until

from autograd.__main__ import main
from autograd.viewing.live import site
from autograd.viewing.live.site import Package, unpacked


def archive(**contents: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return target.getvalue()


def test_of_a_package_the_chosen_files_are_taken_and_no_others() -> None:
    content = archive(a=b"first", b=b"second")
    package = Package("x@1", hashlib.sha256(content).hexdigest(), {"package/b": "deep/b.js"})
    assert unpacked(package, content) == {"deep/b.js": b"second"}


def test_another_content_than_was_chosen_is_refused() -> None:
    content = archive(a=b"first")
    package = Package("x@1", hashlib.sha256(content + b"!").hexdigest(), {"package/a": "a"})
    with pytest.raises(ValueError, match=r"x@1 has another content than when it was chosen: SHA-256 [0-9a-f]{64}"):
        unpacked(package, content)


def test_the_engine_is_packed_whole_and_the_same_each_time() -> None:
    packed = site._engine()
    names = zipfile.ZipFile(io.BytesIO(packed)).namelist()
    assert {"autograd/value.py", "autograd/viewing/camera.js", "autograd/viewing/live/formula.html"} < set(names)
    assert any(name.startswith("graphviz/") for name in names)
    assert not any("__pycache__" in name or name.startswith("/") for name in names)
    assert site._engine() == packed


def test_without_npm_it_is_said_what_is_missing(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setenv("PATH", "/no/such/folder")
    assert main(["play", "x", "--build", str(tmp_path / "site")]) == 2
    assert "a site is built with npm, which is not installed" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


@pytest.fixture(scope="module")
def built(tmp_path_factory: Any) -> Iterator[str]:
    """The site, and the address of a server of its files."""
    folder = tmp_path_factory.mktemp("site")
    try:
        site.build(folder, "a = tanh(w*x + b); (a - 1)**2", {"w": 0.5, "x": 2.0, "b": -0.3})
    except OSError as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))

    class Files(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, format: str, *arguments: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.extensive
def test_the_site_works_without_a_python_of_the_machine(browser: Any, built: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda r: r.url.startswith((built, "data:", "about:")) or complaints.append(r.url))
    page.goto(built)
    until(page, "Boolean(document.querySelector('#stage svg'))", 120)
    assert page.locator("#output").inner_text() == "f = 0.1565"
    assert page.locator('[data-name="w"] .gradient').inner_text() == "grad -1.004"
    page.locator("#formula").fill("softmax(x, w)[0]")
    until(page, "document.querySelector('#output').textContent === 'f = 0.8176'", 60)
    page.locator("#formula").fill("softmax(x, w")
    until(page, "document.querySelector('#error').textContent.includes('not closed')", 60)
    page.locator("#formula").fill("x*x")
    until(page, "document.querySelector('#output').textContent === 'f = 4'", 60)
    page.locator("#play").click()
    step_once(page)
    context.close()
    assert complaints == []
