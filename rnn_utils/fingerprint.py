"""One number for everything that a stored result depends on: code, helpers, versions, data.

Docstrings and comments do not count, so that mending one forces no re-run; a new release of a
framework does.
"""

import ast
import hashlib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

PACKAGE = "rnn_utils"
KEEPS = {"results"}  # stores and recalls rows, and changes none
# Releases of these change numbers; those of the others do not.
NUMERICAL = {
    "numpy": ("numpy",),
    "tensorflow": ("tensorflow", "keras"),
    "keras": ("tensorflow", "keras"),
    "torch": ("torch",),
    "sklearn": ("scikit-learn",),
    "jieba": ("jieba",),
}


def fingerprint(sources: Iterable[str], root: Path) -> str:
    """Hash Python sources and all that they rest on.

    Parameters
    ----------
    sources : iterable of str
        The code cells of a chapter, or the one file of a study.
    root : Path
        The repository: holds ``requirements.txt``, ``rnn_utils/``, ``benchmarks/results/``.

    Returns
    -------
    str
        32 hexadecimal digits.

    Notes
    -----
    Counted: the syntax trees of the sources and of the ``rnn_utils`` modules they import, directly
    or not; the locked versions of NumPy and of the frameworks imported; what they name in string
    constants: data files (their registered SHA-256), studies, files of ``book/``.
    Not counted: `rnn_utils.results`, which keeps rows and changes none.
    """
    trees = [_without_docstrings(ast.parse(source)) for source in sources]
    modules = _modules(trees, root)
    everything = trees + list(modules.values())
    parts = [ast.dump(tree) for tree in trees]
    parts += [f"{name}: {ast.dump(modules[name])}" for name in sorted(modules)]
    parts += _versions({name for tree in everything for name in _imports(tree)}, root)
    parts += _named_data(everything, root)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:]
    return tree


def _imports(tree: ast.Module) -> set[str]:
    """Return dotted names a tree imports; ``from a import b`` gives ``a.b``."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _modules(trees: list[ast.Module], root: Path) -> dict[str, ast.Module]:
    """Return the package's modules that the trees reach, by name, without docstrings."""
    files = {path.stem: path for path in (root / PACKAGE).glob("*.py")}
    homes = {
        name.rpartition(".")[2]: name.split(".")[1]
        for name in _imports(ast.parse(files["__init__"].read_text(encoding="utf-8")))
    }
    found: dict[str, ast.Module] = {}
    waiting = list(trees)
    while waiting:
        tree = waiting.pop()
        dotted = [name.split(".") for name in _imports(tree) if name.split(".")[0] == PACKAGE]
        wanted = {homes.get(parts[1], parts[1]) for parts in dotted if len(parts) > 1}
        if any(len(parts) == 1 for parts in dotted):  # `import rnn_utils`: look at the attributes used
            used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            wanted |= {homes.get(name, name) for name in used}
        for name in (wanted & files.keys()) - found.keys() - KEEPS:
            found[name] = _without_docstrings(ast.parse(files[name].read_text(encoding="utf-8")))
            waiting.append(found[name])
    return found


def _versions(imports: set[str], root: Path) -> list[str]:
    tops = {name.split(".")[0] for name in imports} | {"numpy"}
    wanted = {package for top in tops for package in NUMERICAL.get(top, ())}
    lines = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    locked = dict(match.groups() for line in lines if (match := re.match(r"([\w.-]+)==(\S+)", line)))
    return [f"{name}=={locked.get(name, 'not locked')}" for name in sorted(wanted)]


def _named_data(trees: list[ast.Module], root: Path) -> list[str]:
    constants = {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    parts = []
    registry = root / PACKAGE / "registry.toml"
    if registry.exists():
        files = tomllib.loads(registry.read_text(encoding="utf-8"))["files"]
        parts += [f"data {row['name']}: {row['sha256']}" for row in files if row["dataset"] in constants]
    for folder, suffix in ((root / "benchmarks" / "results", ".json"), (root / "book", ".toml")):
        for path in sorted(folder.glob(f"*{suffix}")):
            if path.stem in constants or path.name in constants:
                parts.append(f"file {path.name}: {hashlib.sha256(path.read_bytes()).hexdigest()}")
    return parts
