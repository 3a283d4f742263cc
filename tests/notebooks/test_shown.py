"""Show first, import later: what a chapter is about has stood in a cell before it is imported."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from tools.chapters import ROOT, code_cells, read
from tools.slices import code_only

ROOMS = ("rnn_utils.chapters", "rnn_utils.nets", "rnn_utils.training")
# What draws, loads or checks may be imported unseen.
UNSEEN = re.compile(r"(draw|load|check)_\w+|\w+_pictures")
STAND_IN = {"20_sine_wave": "rnn_utils.nets.sine"}  # modules of nets of which a chapter shows all


def line_of_thought() -> list[Path]:
    """Return the chapters in the order in which the book is read."""
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    files = [chapter["file"] for part in parts for chapter in part["chapters"]]
    return [ROOT / f"{file}.ipynb" for file in files if file.startswith("notebooks/")]


def bare(node: ast.FunctionDef | ast.ClassDef) -> str:
    """Return a definition's syntax tree without docstrings, annotations, leading imports and checks."""
    tree = ast.parse(code_only(ast.unparse(node)))
    for part in ast.walk(tree):
        if isinstance(part, ast.FunctionDef | ast.ClassDef):
            while part.body and (is_check(part.body[0]) or isinstance(part.body[0], ast.Import)):
                part.body = part.body[1:]
        if isinstance(part, ast.FunctionDef):
            part.returns = None
        if isinstance(part, ast.arg):
            part.annotation = None
    return ast.dump(Plain().visit(tree))


class Plain(ast.NodeTransformer):
    """Turns ``name: kind = value`` into ``name = value``."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return node if node.value is None else ast.Assign([node.target], node.value, lineno=0)


def is_check(node: ast.stmt) -> bool:
    """Tell whether a statement only refuses what cannot be used."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return getattr(node.value.func, "id", "").startswith("check_")
    return isinstance(node, ast.If) and not node.orelse and all(isinstance(part, ast.Raise) for part in node.body)


def modules() -> list[str]:
    """Return the modules of these rooms."""
    paths = [path.relative_to(ROOT).with_suffix("") for path in sorted((ROOT / "rnn_utils").rglob("*.py"))]
    return [name for name in (".".join(path.parts) for path in paths) if name.startswith(ROOMS)]


@cache
def shown(path: Path) -> dict[str, str]:
    """Return the functions and classes that a chapter defines in its cells."""
    nodes = [node for cell in code_cells(read(path)) for node in ast.parse(cell.source).body]
    return {node.name: bare(node) for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def taken(path: Path) -> dict[str, str]:
    """Return what a chapter takes from the rooms of nets and chapters: names with their modules."""
    found, whole = {}, {}
    nodes = [node for cell in code_cells(read(path)) for node in ast.walk(ast.parse(cell.source))]
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(ROOMS):
            for alias in node.names:
                if (ROOT / node.module.replace(".", "/") / f"{alias.name}.py").exists():
                    whole[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                else:
                    found[alias.name] = node.module
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in whole:
            found[node.attr] = whole[node.value.id]
    return {name: module for name, module in found.items() if not UNSEEN.fullmatch(module.rpartition(".")[2])}


@cache
def packaged(module: str) -> dict[str, str]:
    """Return the functions and classes that a module of the package defines."""
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    return {node.name: bare(node) for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


@pytest.mark.parametrize("path", line_of_thought(), ids=lambda path: path.stem)
def test_what_is_imported_was_shown(path: Path) -> None:
    order = line_of_thought()
    before = order[: order.index(path) + 1]
    for name, module in taken(path).items():
        if UNSEEN.fullmatch(name) or name not in packaged(module):
            continue
        places = [earlier for earlier in before if name in shown(earlier)]
        assert places, f"{path.stem}: show {name} of {module} in a cell before it is imported"
        equal = [earlier.stem for earlier in places if shown(earlier)[name] == packaged(module)[name]]
        assert equal, f"{name}: {places[-1].stem} shows another definition than {module}"


@pytest.mark.parametrize(("chapter", "module"), STAND_IN.items())
def test_a_module_of_nets_stands_in_its_chapter(chapter: str, module: str) -> None:
    stands = shown(ROOT / "notebooks" / f"{chapter}.ipynb")
    for name, held in packaged(module).items():
        assert name in stands, (
            f"{module}: {chapter} does not show {name}; show it, or move it to what only a study runs"
        )
        assert stands[name] == held, f"{name}: {chapter} shows another definition than {module}"


def test_what_the_package_holds_is_what_a_chapter_shows() -> None:
    """So what a study or a later chapter runs is what stood in a cell."""
    other = []
    for module in modules():
        own = re.match(r"rnn_utils\.chapters\.ch(\d\d)_", module)  # what is no chapter's own, any chapter may show
        chapters = [path for path in line_of_thought() if own is None or path.stem.startswith(own[1])]
        for name, held in packaged(module).items():
            stands = [shown(chapter)[name] for chapter in chapters if name in shown(chapter)]
            if stands and held not in stands:
                other.append(f"{module}.{name}")
    assert other == [], "shown otherwise"


def test_no_chapter_takes_from_another_chapters_module() -> None:
    pairs = [(path.stem, module) for path in line_of_thought() for module in set(taken(path).values())]
    own = {path.stem: f"rnn_utils.chapters.ch{path.stem[:2]}_" for path in line_of_thought()}
    others = [pair for pair in pairs if pair[1].startswith("rnn_utils.chapters") and own[pair[0]] not in pair[1]]
    assert others == [], "move it down"
