"""The formula page as a static site: the engine itself in the reader's browser, by Pyodide, with Graphviz beside it."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ...files import write_files
from .formula import formula_page
from .page import asset


@dataclass(frozen=True)
class Package:
    """One package of npm's registry, to the bit, and which of its files are needed under which names."""

    name: str
    sha256: str
    wanted: Mapping[str, str]


PYTHON = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip")

PACKAGES = (
    Package(
        "pyodide@314.0.7",
        "66b7949e5a0cba2250b586d7e368bf12fb482800748d182c4618254b685ffaa0",
        {f"package/{name}": f"pyodide/{name}" for name in PYTHON},
    ),
    Package(
        "@viz-js/viz@3.31.0",
        "7dc0189874849cca2fed7cbe88bf334cd0e6e012db16657794a812ad6f2b8c70",
        {"package/dist/viz.js": "viz.js"},
    ),
)

POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; worker-src 'self'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'"
)
"""Nothing of anybody else's. The page has no secrets, and the pages that it shows have scripts of their own."""


def build(folder: Path, formula: str, numbers: Mapping[str, float]) -> None:
    """Write the site into a folder, which any server of files can serve, at any address.

    Its other parts are fetched by ``npm pack``, as the registry has them today if they are what they were when they
    were chosen; else a ValueError. OSError where there is no npm, or where the folder cannot be written to.
    """
    host = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n<script>\n{asset("site.js")}</script>\n'
    contents = {
        "index.html": formula_page(formula, numbers).html(host=host).encode(),
        "worker.js": asset("worker.js").encode(),
        "engine.zip": _engine(),
    }
    for package in PACKAGES:
        contents |= _fetched(package)
    for name in contents:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    write_files({folder / name: content for name, content in contents.items()})


def _engine() -> bytes:
    """This package, and the one that writes DOT text: the same archive each time."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for package in ("autograd", "graphviz"):
            root = Path(str(files(package)))
            for path in sorted(_sources(root)):
                name = f"{package}/{path.relative_to(root).as_posix()}"
                archive.writestr(zipfile.ZipInfo(name), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _sources(root: Path) -> Iterator[Path]:
    kinds = (".py", ".js", ".css", ".html")
    return (path for path in root.rglob("*") if path.suffix in kinds and "__pycache__" not in path.parts)


def _fetched(package: Package) -> dict[str, bytes]:
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("a site is built with npm, which is not installed: it fetches Python for browsers")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", package.name, "--silent", "--pack-destination", folder]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise OSError(f"npm could not fetch {package.name}: {done.stderr.strip() or done.stdout.strip()}")
        (path,) = Path(folder).glob("*.tgz")
        return unpacked(package, path.read_bytes())


def unpacked(package: Package, content: bytes) -> dict[str, bytes]:
    """The wanted files of a package; a ValueError if it is another one than was chosen."""
    if (found := hashlib.sha256(content).hexdigest()) != package.sha256:
        raise ValueError(f"{package.name} has another content than when it was chosen: SHA-256 {found}")
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        parts = {target: archive.extractfile(name) for name, target in package.wanted.items()}
        return {target: part.read() for target, part in parts.items() if part}
