"""DOT to pictures, with each of the two renderers and with neither."""

import importlib.util
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from checkout import ROOT
from stepping import network, neuron

from autograd import draw
from autograd.viewing import rendering
from autograd.viewing.drawing import Drawing
from autograd.viewing.kept import KeptRenderer
from autograd.viewing.rendering import RenderingError, render

LABELLED = 'digraph { a [label="α"]; b [label="β"]; a -> b }'
SIMPLE = 'digraph { a [label="α"]; a -> b }'
NO_SUCH_FOLDER = "/no/such/folder"


@pytest.fixture(params=["dot", "pygraphviz"])
def renderer(request, monkeypatch):
    """Each renderer that is installed, alone."""
    if request.param == "dot":
        if not shutil.which("dot"):
            pytest.skip("no Graphviz program on this machine")
        monkeypatch.setitem(sys.modules, "pygraphviz", None)
    else:
        if not importlib.util.find_spec("pygraphviz"):
            pytest.skip("no pygraphviz on this machine")
        monkeypatch.setenv("PATH", NO_SUCH_FOLDER)


@pytest.fixture
def no_renderer(monkeypatch):
    monkeypatch.setenv("PATH", NO_SUCH_FOLDER)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)


@pytest.mark.usefixtures("renderer")
@pytest.mark.parametrize(("format", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_each_format(format, start):
    assert render(SIMPLE, format).startswith(start)


@pytest.mark.usefixtures("renderer")
def test_svg_is_well_formed_and_the_same_each_time(capfd):
    drawing = Drawing(SIMPLE, "2 nodes")
    assert "α" in "".join(ET.fromstring(drawing.svg).itertext())
    assert Drawing(SIMPLE, "2 nodes").svg == drawing.svg
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("renderer")
def test_a_failure_of_graphviz_is_told():
    with pytest.raises(RenderingError, match=r"could not render the graph as svg.*syntax error"):
        render("digraph { a [label=", "svg")


@pytest.mark.usefixtures("no_renderer")
def test_without_a_renderer_both_ways_to_get_one_are_named(tmp_path):
    drawing = Drawing(SIMPLE, "2 nodes")
    with pytest.raises(RenderingError, match=r"apt install graphviz.*brew install graphviz.*valuegrad\[view\]"):
        drawing.save(tmp_path / "g.svg")
    assert list(tmp_path.iterdir()) == []
    drawing.save(tmp_path / "g.dot")
    assert (tmp_path / "g.dot").read_text() == SIMPLE


@pytest.mark.usefixtures("no_renderer")
def test_a_notebook_without_a_renderer_says_what_is_missing():
    shown = Drawing(SIMPLE, "2 nodes")._repr_mimebundle_()
    assert list(shown) == ["text/plain"]
    assert shown["text/plain"].startswith("Drawing(2 nodes) cannot be shown here: there is no Graphviz")


def test_a_notebook_shows_the_svg(monkeypatch):
    monkeypatch.setattr(
        rendering.subprocess,
        "run",
        lambda *args, **kwargs: finished(b'<?xml?><svg width="200pt"><title>a</title>\n</svg>'),
    )
    monkeypatch.setattr(rendering.shutil, "which", lambda program: program)
    assert Drawing(SIMPLE, "2 nodes")._repr_mimebundle_() == {
        "image/svg+xml": '<svg style="max-width: 100%; min-width: 180px; height: auto" width="200pt"></svg>',
        "text/plain": "Drawing(2 nodes)",
    }


def finished(output: bytes) -> subprocess.CompletedProcess:
    return subprocess.CompletedProcess([], 0, output, b"")


@pytest.mark.usefixtures("renderer")
@pytest.mark.parametrize("name", ["g.svg", "g.SVG", "g.png", "g.pdf", "g.dot"])
def test_save_writes_one_whole_file(tmp_path, name):
    (tmp_path / name).write_text("old")
    Drawing(SIMPLE, "2 nodes").save(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert len((tmp_path / name).read_bytes()) >= len(SIMPLE)


WIDE = "digraph { margin=0; rankdir=LR; node [fontsize=10]; " + " -> ".join(f"n{i}" for i in range(8)) + " }"


def inches(path) -> float:
    """How wide the picture in a file is."""
    content = path.read_bytes()
    if path.suffix == ".png":  # of 144 dots an inch
        return int.from_bytes(content[16:20], "big") / 144
    pattern = rb'<svg width="(\d+)pt"' if path.suffix == ".svg" else rb"MediaBox ?\[ ?0 0 ([\d.]+)"
    found = re.search(pattern, content)
    assert found is not None
    return float(found[1]) / 72


@pytest.mark.usefixtures("renderer")
@pytest.mark.parametrize("name", ["g.svg", "g.png", "g.pdf"])
def test_a_wide_picture_is_scaled_down_to_a_page_and_a_small_one_left_alone(tmp_path, name):
    drawing = Drawing(WIDE, "8 nodes")
    drawing.save(tmp_path / name)
    natural = inches(tmp_path / name)
    assert natural == pytest.approx(drawing.width, abs=0.03)
    assert natural > 8
    drawing.save(tmp_path / name, width=6)
    assert inches(tmp_path / name) == pytest.approx(6, abs=0.15)
    drawing.save(tmp_path / name, width=60)
    assert inches(tmp_path / name) == pytest.approx(natural, abs=0.03)


@pytest.mark.usefixtures("renderer")
def test_text_below_five_points_is_refused_and_half_its_size_is_not(tmp_path):
    drawing = Drawing(WIDE, "8 nodes")
    drawing.save(tmp_path / "g.svg", width=drawing.width / 2)
    with pytest.raises(ValueError, match=r"inches wide: at 2 its text would be 2\.\d points high, wanted 5 or more"):
        drawing.save(tmp_path / "g.svg", width=2)
    with pytest.raises(ValueError, match="width is in inches, above 0, got -1"):
        drawing.save(tmp_path / "g.svg", width=-1)


@pytest.mark.parametrize("name", ["g", "g.jpg", "g.svgz", ".svg"])
def test_save_refuses_another_extension(tmp_path, name):
    with pytest.raises(ValueError, match=r"must end in \.svg, \.png, \.pdf, \.dot or \.html"):
        Drawing(SIMPLE, "2 nodes").save(tmp_path / name)


def test_save_into_a_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*missing'; create it first"):
        Drawing(SIMPLE, "2 nodes").save(tmp_path / "missing" / "g.dot")


def test_save_over_a_folder_leaves_nothing_behind(tmp_path):
    (tmp_path / "g.dot").mkdir()
    with pytest.raises(OSError, match=r"cannot save '.*g\.dot'"):
        Drawing(SIMPLE, "2 nodes").save(tmp_path / "g.dot")
    assert [path.name for path in tmp_path.iterdir()] == ["g.dot"]


def test_save_that_fails_half_way_keeps_the_old_file(tmp_path, monkeypatch):
    (tmp_path / "g.dot").write_text("old")

    def full_disk(*paths):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(OSError, match="No space left on device"):
        Drawing(SIMPLE, "2 nodes").save(tmp_path / "g.dot")
    assert [path.name for path in tmp_path.iterdir()] == ["g.dot"]
    assert (tmp_path / "g.dot").read_text() == "old"


def test_save_into_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    def denied(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", denied)
    with pytest.raises(PermissionError, match=r"cannot save '.*g\.dot': Permission denied"):
        Drawing(SIMPLE, "2 nodes").save(tmp_path / "g.dot")


# ---- the process that is kept


@pytest.fixture
def kept(monkeypatch):
    """The wheel alone, and no picture made with it yet."""
    if not importlib.util.find_spec("pygraphviz"):
        pytest.skip("no pygraphviz on this machine")
    monkeypatch.setenv("PATH", NO_SUCH_FOLDER)
    kept = KeptRenderer(rendering.MOST_SECONDS)
    monkeypatch.setattr(rendering, "_kept", kept)
    yield kept
    kept.end()


def alone(dot, format):
    """As a process of its own renders it."""
    dpi = "144" if format == "png" else ""
    command = [sys.executable, "-P", "-c", rendering._PYGRAPHVIZ, format, dpi]
    return subprocess.run(command, input=dot.encode(), capture_output=True, check=True).stdout


def test_pictures_of_one_process_are_those_of_many(kept):
    asked = [(neuron, "LR", "svg"), (network, "TB", "png"), (neuron, "TB", "png"), (network, "LR", "svg")]
    dots = [(draw(graph(), rankdir).dot, format) for graph, rankdir, format in asked]
    wanted = {(dot, format): alone(dot, format) for dot, format in dots}
    for dot, format in [*wanted, *reversed(wanted)]:
        assert render(dot, format) == wanted[dot, format]
    assert kept._process.poll() is None


def test_the_first_picture_starts_no_process_to_keep(kept):
    render(SIMPLE, "svg")
    assert kept._process is None
    render(SIMPLE, "svg")
    assert kept._process is not None


def test_a_failure_within_the_kept_process_is_told_and_costs_no_later_picture(kept):
    first = render(LABELLED, "svg")
    render(LABELLED, "svg")
    process = kept._process
    with pytest.raises(RenderingError, match=r"could not render the graph as svg.*syntax error"):
        render("digraph { a [label=", "svg")
    assert render(LABELLED, "svg") == first
    assert kept._process is process


def test_a_kept_process_that_was_killed_is_replaced(kept):
    first = render(SIMPLE, "svg")
    render(SIMPLE, "svg")
    kept._process.kill()
    kept._process.wait()
    assert render(SIMPLE, "svg") == first
    assert render(SIMPLE, "svg") == first
    assert kept._process.poll() is None


def test_an_interrupt_leaves_no_picture_behind_for_the_next_to_take(kept, monkeypatch):
    first = render(SIMPLE, "svg")
    render(SIMPLE, "svg")
    made = kept._process.stdout

    class Interrupted:
        def readline(self):
            raise KeyboardInterrupt

        def __getattr__(self, name):
            return getattr(made, name)

    kept._process.stdout = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        render("digraph { other }", "svg")
    assert render(SIMPLE, "svg") == first


def test_one_that_hangs_is_killed(kept):
    kept.most_seconds = 0.05
    render(SIMPLE, "svg")
    kept._process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    hanging = kept._process
    assert render(SIMPLE, "svg").startswith(b"<?xml")
    assert hanging.poll() is not None


def test_a_fork_starts_a_process_of_its_own(kept):
    render(SIMPLE, "svg")
    render(SIMPLE, "svg")
    mine = kept._process
    kept._forget()  # as after a fork
    render(SIMPLE, "svg")
    render(SIMPLE, "svg")
    assert kept._process is not mine
    mine.kill()
    mine.communicate()


def test_it_ends_with_a_parent_that_was_killed(kept):
    code = (
        "import os, signal\nfrom autograd.viewing import rendering\n"
        "for _ in range(2): rendering.render('digraph { a }', 'svg')\n"
        "print(rendering._kept._process.pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    pid = int(done.stdout)
    deadline = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(pid)


def is_running(pid):
    """Whether there is such a process, and it is not one that has ended and that nobody has asked for its status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
