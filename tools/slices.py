"""What a function rests on: the definitions that it reaches by name, in its file and in ``rnn_utils``.

A stored run says what made it by the hash of these texts, without comments, docstrings and blank lines.
So moving a definition, or changing what a run does not reach, leaves its rows fresh; one changed number
makes stale what it changes.
"""

import ast
import hashlib
import io
import re
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = "rnn_utils"
# Modules that cannot change a number: messages, drawings, what a page shows, and images held by their hash.
SILENT = re.compile(r"errors|drawing|page|mnist|\w+_pictures")
# Whose releases change numbers, by the name that is imported.
NUMERICAL = {
    "numpy": ("numpy",),
    "tensorflow": ("tensorflow", "keras"),
    "keras": ("tensorflow", "keras"),
    "torch": ("torch",),
    "pytorch_lightning": ("pytorch-lightning",),
    "onnxruntime": ("onnx", "onnxruntime", "onnxscript"),
    "sklearn": ("scikit-learn",),
    "statsmodels": ("statsmodels",),
    "jieba": ("jieba",),
}


def fingerprint(script: Path, function: str, words: frozenset[str], root: Path) -> str:
    """Hash what a function of a script rests on.

    Parameters
    ----------
    script : Path
        The file that defines it.
    function : str
        Its name.
    words : frozenset of str
        The texts among its arguments, such as ``"LSTM"``.  Of a dictionary written out at the top of a
        module, only the entries count that they name, if they name any.
    root : Path
        The repository: holds ``rnn_utils/`` and ``requirements.txt``.

    Returns
    -------
    str
        16 hexadecimal digits, the same on every Python.

    Notes
    -----
    Counted beside the definitions: the locked releases of the packages they use, the registered SHA-256
    of the data sets they name, and the programs they name by a path from the script's folder.
    """
    found = reached(script, function, words, root)
    lines = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    locked = dict(match.groups() for line in lines if (match := re.match(r"([\w.-]+)==([\w.]+)", line)))
    wanted = {name for package in {*found.packages, "numpy"} for name in NUMERICAL.get(package, ())}
    parts = [*sorted(found.texts), *(f"{name}=={locked.get(name)}" for name in sorted(wanted))]
    for registry in sorted((root / PACKAGE).rglob("registry.toml")):
        rows = tomllib.loads(registry.read_text(encoding="utf-8"))["files"]
        parts += [f"{row['name']} {row['sha256']}" for row in rows if row["dataset"] in found.literals]
    named = {script.parent / name for name in found.literals if isinstance(name, str) and name.endswith(".py")}
    parts += [code_only(path.read_text(encoding="utf-8")) for path in sorted(named) if path.is_file()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


class Reached(NamedTuple):
    """Texts of definitions, the packages that they use, and the constants in them."""

    texts: set[str]
    packages: set[str]
    literals: set[object]


def reached(script: Path, function: str, words: frozenset[str], root: Path) -> Reached:
    """Follow names from a function to all that it rests on; the parameters are those of `fingerprint`."""
    found = Reached(set(), set(), set())
    sources: dict[Path, Source] = {}
    waiting, seen = [(script, function)], set()
    while waiting:
        place = waiting.pop()
        path, name = place
        if place in seen or (path != script and SILENT.fullmatch(path.stem)):
            continue
        seen.add(place)
        if path not in sources:
            sources[path] = Source.read(path)
        source = sources[path]
        uses = {source.imports[name]} if name in source.imports else set()  # handed on by an __init__
        for text, node in source.definitions(name, words):
            found.texts.add(text)
            found.literals.update(part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
            uses |= source.uses(node)
        for module, member in uses:
            home = (path, member) if module is None else located(module, member, root)
            if home is not None:
                waiting.append(home)
            elif module.partition(".")[0] != PACKAGE:
                found.packages.add(module.partition(".")[0])
    return found


def located(module: str, member: str, root: Path) -> tuple[Path, str] | None:
    """Return the file and name of a member of the package's modules; None for other packages."""
    parts = module.split(".")
    if parts[0] != PACKAGE:
        return None
    base = root.joinpath(*parts)
    path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    return (path, member) if path.exists() else None


class Source(NamedTuple):
    """A file cut into what it defines: names with their statements, and what it imports."""

    text: str  # without comments and docstrings, each line where it was
    nodes: dict[str, list[ast.stmt]]
    imports: dict[str, tuple[str, str]]

    @staticmethod
    def read(path: Path) -> "Source":
        """Read a file."""
        text = code_only(path.read_text(encoding="utf-8"))
        tree, nodes = ast.parse(text), {}
        for node in tree.body:
            for name in _defined(node):
                nodes.setdefault(name, []).append(node)
        top = ast.Module([node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)], [])
        return Source(text, nodes, dict(_imported(top)))

    def definitions(self, name: str, words: frozenset[str]) -> Iterator[tuple[str, ast.AST]]:
        """Yield the texts and nodes that define a name; of a dictionary, the entries that are named."""
        for node in self.nodes.get(name, []):
            value = getattr(node, "value", None)
            if isinstance(value, ast.Dict):
                entries = [
                    ast.Tuple([key, entry], ast.Load())
                    for key, entry in zip(value.keys, value.values, strict=True)
                    if isinstance(key, ast.Constant) and key.value in words
                ]
                if entries:
                    yield from ((f"{name}: {self.segment(*entry.elts)}", entry) for entry in entries)
                    continue
            yield self.segment(node), node

    def segment(self, *nodes: ast.AST) -> str:
        """Return the text of nodes, decorators included, without blank lines."""
        pieces = []
        for node in nodes:
            for decorator in getattr(node, "decorator_list", []):
                pieces.append(f"@{ast.get_source_segment(self.text, decorator)}")
            pieces.append(ast.get_source_segment(self.text, node))
        return "\n".join(line.rstrip() for line in "\n".join(pieces).splitlines() if line.strip())

    def uses(self, node: ast.AST) -> set[tuple[str | None, str]]:
        """Return what a definition uses, as (module, name); the module is None for this file."""
        imports = self.imports | dict(_imported(node))
        found: set[tuple[str | None, str]] = set()
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id in imports:
                module, member = imports[part.value.id]
                found.add((f"{module}.{member}".removesuffix("."), part.attr))
            if isinstance(part, ast.Name) and part.id in imports:
                found.add(imports[part.id])
            elif isinstance(part, ast.Name) and part.id in self.nodes:
                found.add((None, part.id))
        return found


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", ast.Pass())]
    return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]


def _imported(tree: ast.AST) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield local names with the module and member they stand for; a whole module has no member."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], (alias.name, "")
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, (node.module, alias.name)


def code_only(text: str) -> str:
    """Blank out comments and docstrings; nothing else moves, so places stay what they were."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            lines[token.start[0] - 1] = lines[token.start[0] - 1][: token.start[1]]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            first = node.body[0]
            blank = [""] * (first.end_lineno - first.lineno)
            lines[first.lineno - 1 : first.end_lineno] = [
                " " * first.col_offset + "..." * (len(node.body) == 1),
                *blank,
            ]
    return "\n".join(lines)
