"""One picture from each lesson, for the README: ``python notebooks/pictures.py`` runs the lessons and writes them anew.

The picture of a lesson is the output of its cell that is tagged ``picture``.
"""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

LESSONS = Path(__file__).parent


def picture(notebook: Path) -> str:
    """The SVG that the tagged cell of a lesson shows when the lesson is run."""
    lesson = nbformat.read(notebook, as_version=4)
    NotebookClient(lesson, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(LESSONS)}}).execute()
    (cell,) = (cell for cell in lesson.cells if "picture" in cell.metadata.get("tags", ()))
    (svg,) = (output.data["image/svg+xml"] for output in cell.outputs if "image/svg+xml" in output.get("data", {}))
    return str(svg).rstrip() + "\n"


def main() -> None:
    for notebook in sorted(LESSONS.glob("*.ipynb")):
        path = LESSONS / "pictures" / f"{notebook.stem}.svg"
        path.write_text(picture(notebook), encoding="utf-8")
        print(path.relative_to(LESSONS.parent))


if __name__ == "__main__":
    main()
