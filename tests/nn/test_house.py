"""The house of nn: imports point one way, types included, and the core stays thin."""

import ast
from collections import defaultdict

from checkout import ROOT
from exercises import check

NN = ROOT / "nn"
STOREYS = (
    {"installation"},
    {"basics"},
    {"module", "layers", "losses", "optim"},
    {"fit"},
    {"data"},
    {"viewing"},
    {"history"},
    {"trainer"},
    {"command"},
    {"__main__", "__init__"},
)


def imports(path):
    """The modules of the package that a file imports, wherever in it, by their dotted names."""
    package = path.relative_to(NN).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            start = ".".join((*package[: len(package) - node.level + 1], *filter(None, [node.module])))
            yield from (f"{start}.{alias.name}".lstrip(".") for alias in node.names)
            yield start


def name_of(path):
    parts = path.relative_to(NN).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "__init__"


FILES = {name_of(path): path for path in NN.rglob("*.py")}


def test_no_file_imports_one_of_a_higher_storey():
    storey = {name: i for i, names in enumerate(STOREYS) for name in names}
    for name, path in FILES.items():
        for imported in imports(path):
            if imported in FILES:
                here, there = (storey[which.split(".")[0]] for which in (name, imported))
                assert there <= here, f"{name} imports {imported}"


def test_no_files_import_each_other():
    edges = defaultdict(set)
    for name, path in FILES.items():
        edges[name] = {found for found in imports(path) if found in FILES} - {name}

    reached = {}
    for name in edges:
        seen, left = set(), [name]
        while left:
            for found in edges[left.pop()] - seen:
                seen.add(found)
                left.append(found)
        reached[name] = seen
    assert [name for name, seen in reached.items() if name in seen] == []


def code_lines(path):
    """Lines that are neither empty, nor comments, nor docstrings."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    documents = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            documents.update(range(node.lineno, node.end_lineno + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(bool(line.strip()) and line.strip()[0] != "#" and i not in documents for i, line in lines)


def test_the_core_is_thin():
    core = ("module", "layers", "losses", "optim", "trainer", "history")
    assert sum(code_lines(FILES[name]) for name in core) <= 700


def test_an_exercise_is_checked_from_the_folder_beside_the_lessons(capsys):
    check("4.1", 0.2)
    assert capsys.readouterr().out == "4.1 is right. ✓\n"
