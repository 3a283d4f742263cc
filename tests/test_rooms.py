"""The rooms of the house: arrows point one way, and a name means one thing."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

from tools.chapters import ROOT

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in sorted((ROOT / "rnn_utils").rglob("*.py"))
}


def imported(path: Path) -> set[str]:
    """Return the dotted names that a file imports; ``from a import b`` gives ``a`` and ``a.b``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("name", MODULES)
def test_the_package_takes_nothing_from_the_workshop(name: str) -> None:
    assert not {other.partition(".")[0] for other in imported(MODULES[name])} & {"tools", "tests", "benchmarks"}


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("rnn_utils.chapters.ch")])
def test_no_chapters_module_takes_from_another_chapters(name: str) -> None:
    own = name[: len("rnn_utils.chapters.ch00")]
    others = {other for other in imported(MODULES[name]) if re.match(r"rnn_utils\.chapters\.ch\d\d", other)}
    assert {other for other in others if not other.startswith(own)} == set(), "what two chapters need moves down"


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith("rnn_utils.chapters")])
def test_nothing_below_takes_from_the_chapters(name: str) -> None:
    assert not [other for other in imported(MODULES[name]) if other.startswith("rnn_utils.chapters")]


@pytest.mark.parametrize("room", ["tests", "benchmarks"])
def test_no_room_looks_at_the_tests(room: str) -> None:
    looking = [path for path in (ROOT / "tools").rglob("*.py") if any(n.startswith(room) for n in imported(path))]
    assert looking == []


def test_a_public_function_has_a_name_of_its_own() -> None:
    homes = defaultdict(list)
    for name, path in MODULES.items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                homes[node.name].append(name)
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}
