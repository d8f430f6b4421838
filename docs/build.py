"""Builds the documentation site: ``python docs/build.py``, into docs/build/html.

The lessons are run first, so that their pages can be played on the site; ``--as-kept`` takes them with the outputs that
they are kept with, in seconds. A warning of Sphinx, or a link that leads nowhere within the site, is an error.

Without network the site is whole but for its playground, whose parts come from npm's registry: where they cannot be
fetched, the site says so in its place. With ``--jupyterlite`` the lessons can be run in the reader's browser too; that
needs packages of its own, and the network.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from links import dead_links
from sphinx.cmd.build import main as sphinx

from autograd.viewing.live.site import build as build_playground

DOCS = Path(__file__).parent
ROOT = DOCS.parent
NOTEBOOKS = ROOT / "notebooks"
LESSONS = DOCS / "lessons"  # made here, and not kept
OUT = DOCS / "build" / "html"
JUPYTERLITE = ("jupyterlite-core", "jupyterlite-pyodide-kernel", "jupyter-server")
RUN_HERE = 'They can be run here, in your browser: <a href="../notebooks/lab/index.html">open the notebooks</a>.\n\n'
INSTALL = "%pip install -q valuegrad matplotlib scikit-learn tqdm"
GRAPHVIZ = """
from pyodide.code import run_js

await run_js('''import(location.href.replace(/extensions.*/, "viz.js"))
    .then(({ instance }) => instance())
    .then((graphviz) => { globalThis.renderDot = (dot, format) => graphviz.renderString(dot, { format }); })''');
"""

sys.path.insert(0, str(NOTEBOOKS))
from run_lessons import executed  # noqa: E402  it stands beside the lessons


def copy_lessons(as_kept: bool, have_notebooks: bool) -> None:
    """The lessons and their index, as pages of the site; it says where they can be run, if they can."""
    shutil.rmtree(LESSONS, ignore_errors=True)
    LESSONS.mkdir()
    names = []
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        print("lesson", path.name, flush=True)
        lesson = nbformat.read(path, as_version=4) if as_kept else executed(path)
        for cell in lesson.cells:
            cell.source = cell.source.replace("](README.md)", "](index.md)")
        nbformat.write(lesson, LESSONS / path.name)
        names.append(path.stem)
    index = (NOTEBOOKS / "README.md").read_text(encoding="utf-8")
    toctree = "\n".join(["```{toctree}", ":hidden:", *names, "```", ""])
    (LESSONS / "index.md").write_text(f"{index}\n{RUN_HERE * have_notebooks}{toctree}", encoding="utf-8")


def fetched_playground(folder: Path) -> bool:
    """The playground in that folder, if its parts can be fetched."""
    print("playground", flush=True)
    try:
        build_playground(folder, "", {})
    except OSError as error:
        print(f"the site is built without its playground: {error}")
        return False
    return True


def add_notebooks(folder: Path, playground: Path) -> None:
    """JupyterLite with the lessons in it, with this package for its Python, and with the playground's Graphviz."""
    graphviz = playground / "viz.js"
    first = INSTALL + GRAPHVIZ if graphviz.exists() else INSTALL
    with TemporaryDirectory() as made:
        contents, wheels = Path(made, "contents"), Path(made, "wheels")
        shutil.copytree(
            NOTEBOOKS, contents, ignore=shutil.ignore_patterns("__pycache__", "pictures*", "run_lessons.py")
        )
        for path in contents.glob("*.ipynb"):
            lesson = nbformat.read(path, as_version=4)
            lesson.cells[1] = nbformat.v4.new_code_cell(first, id=lesson.cells[1].id)
            nbformat.write(lesson, path)
        run = [sys.executable, "-m"]
        # graphviz is no part of Pyodide: the wheel stands beside ours
        subprocess.run([*run, "pip", "wheel", "-q", "--no-deps", "-w", wheels, ROOT, "graphviz"], check=True)
        given = [part for wheel in sorted(wheels.iterdir()) for part in ("--piplite-wheels", wheel)]
        where = ["--lite-dir", made, "--contents", contents, "--output-dir", folder]
        subprocess.run([*run, "jupyterlite_core.app", "build", *where, *given], check=True, cwd=made)
    if graphviz.exists():
        shutil.copy(graphviz, folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--as-kept", action="store_true", help="do not run the lessons")
    parser.add_argument("--jupyterlite", action="store_true", help="add notebooks that run in the browser")
    options = parser.parse_args()
    if options.jupyterlite and (missing := [name for name in JUPYTERLITE if not find_spec(name.replace("-", "_"))]):
        parser.error(f"--jupyterlite needs packages that are not here: pip install {' '.join(missing)}")
    copy_lessons(options.as_kept, options.jupyterlite)
    shutil.rmtree(OUT, ignore_errors=True)
    with TemporaryDirectory() as made:
        playground = Path(made, "playground")
        tags = ["-t", "playground"] if fetched_playground(playground) else []
        status = sphinx(["-b", "html", "-W", "--keep-going", "-q", *tags, str(DOCS), str(OUT)])
        if tags:
            shutil.copytree(playground, OUT / "playground")
    if options.jupyterlite:
        add_notebooks(OUT / "notebooks", OUT / "playground")
    dead = list(dead_links(OUT))
    print("\n".join(["links that lead nowhere:", *dead] if dead else [str(OUT / "index.html")]))
    return status or bool(dead)


if __name__ == "__main__":
    sys.exit(main())
