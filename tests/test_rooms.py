"""The rooms of the house: arrows point one way, and a name means one thing."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from tools.chapters import ROOT

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in sorted((ROOT / "rnn_utils").rglob("*.py"))
}

CHAPTER = re.compile(r"rnn_utils\.chapters\.ch\d\d")


def imported(path: Path) -> set[str]:
    """Return the dotted names that a file imports; ``from a import b`` gives ``a`` and ``a.b``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def taken(names: re.Pattern[str], *, by: re.Pattern[str]) -> list[tuple[str, str]]:
    """Return who takes what: pairs of modules of the package and what they import."""
    return [
        (name, other)
        for name, path in MODULES.items()
        if by.match(name)
        for other in sorted(imported(path))
        if names.match(other)
    ]


def test_the_package_takes_nothing_from_the_workshop() -> None:
    assert taken(re.compile(r"(tools|tests|benchmarks)\b"), by=re.compile("")) == []


def test_no_chapters_module_takes_from_another_chapters() -> None:
    pairs = taken(CHAPTER, by=CHAPTER)
    assert [pair for pair in pairs if CHAPTER.match(pair[0])[0] != CHAPTER.match(pair[1])[0]] == [], (
        "what two chapters need moves down"
    )


def test_nothing_below_takes_from_the_chapters() -> None:
    assert taken(CHAPTER, by=re.compile(r"rnn_utils(?!\.chapters)")) == []


def test_no_room_looks_at_the_tests() -> None:
    rooms = [path for room in ("tools", "benchmarks", "book") for path in (ROOT / room).rglob("*.py")]
    assert [path.name for path in rooms if any(re.match(r"tests\b", name) for name in imported(path))] == []


def test_a_public_function_has_a_name_of_its_own() -> None:
    homes = defaultdict(list)
    for name, path in MODULES.items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                homes[node.name].append(name)
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}
