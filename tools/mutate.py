"""Break the cells on purpose, one small change at a time, and see that a test notices (`make mutants`).

mutmut makes the changes and runs the tests that need NumPy alone.  Three kinds are added here that matter
most for recurrent cells: of transposes, of the order of gates, of arguments.  tests/mutants.toml says of
every mutant that no test can notice why that is so.
"""

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import libcst as cst
from mutmut.mutation.mutators import mutation_operators

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "_build" / "mutants"
REASONS = ROOT / "tests" / "mutants.toml"
FRAMEWORKS = {"convert", "parity_keras", "parity_torch"}  # their tests need TensorFlow or PyTorch
SETTINGS = """[mutmut]
source_paths =
    rnn_utils
only_mutate ={files}
pytest_add_cli_args_test_selection =
    tests
use_git_change_detection = false
"""


def without_transpose(node: cst.Attribute) -> Iterator[cst.BaseExpression]:
    """Change ``W.T`` to ``W``."""
    if node.attr.value == "T":
        yield node.value


def without_swapped_axes(node: cst.Call) -> Iterator[cst.BaseExpression]:
    """Change ``x.swapaxes(0, 1)`` to ``x``."""
    if isinstance(node.func, cst.Attribute) and node.func.attr.value == "swapaxes":
        yield node.func.value


def with_transpose(node: cst.BinaryOperation) -> Iterator[cst.BinaryOperation]:
    """Change ``h @ W`` to ``h.T @ W`` and to ``h @ W.T``."""
    if isinstance(node.operator, cst.MatrixMultiply):
        for side in ("left", "right"):
            operand = getattr(node, side)
            if isinstance(operand, cst.Name):
                yield node.with_changes(**{side: cst.Attribute(operand, cst.Name("T"))})


def neighbours_swapped(node: cst.Tuple | cst.List) -> Iterator[cst.BaseExpression]:
    """Change ``i, f, g, o = ...`` to ``f, i, g, o = ...`` and so on, on either side of the sign."""
    for elements in swapped(list(node.elements)):
        yield node.with_changes(elements=elements)


def arguments_swapped(node: cst.Call) -> Iterator[cst.Call]:
    """Change ``LSTMState(h, c)`` to ``LSTMState(c, h)`` and so on."""
    if isinstance(node.func, cst.Name) and node.func.value[0].isupper():
        for arguments in swapped(list(node.args)):
            yield node.with_changes(args=arguments)


def swapped(parts: list[cst.CSTNode]) -> Iterator[list[cst.CSTNode]]:
    """Swap two names that follow each other, in every way."""
    for place, (one, other) in enumerate(pairwise(parts)):
        names = [part.value.value for part in (one, other) if isinstance(part.value, cst.Name)]
        if len(names) == 2 and names[0] != names[1]:
            pair = [one.with_changes(value=other.value), other.with_changes(value=one.value)]
            yield [*parts[:place], *pair, *parts[place + 2 :]]


OPERATORS = [
    (cst.Attribute, without_transpose),
    (cst.Call, without_swapped_axes),
    (cst.BinaryOperation, with_transpose),
    (cst.Tuple, neighbours_swapped),
    (cst.List, neighbours_swapped),
    (cst.Call, arguments_swapped),
]


def main() -> int:
    """Make the mutants, test them, and hold the survivors against the reasons; return what does not fit."""
    lay_out()
    mutmut("run", *sys.argv[1:])
    lines = re.findall(r"^ +(\S+): (.+)$", mutmut("results", "--all", "true"), re.MULTILINE)
    alive = {name for name, verdict in lines if verdict not in ("killed", "timeout")}
    explained = {row["mutant"] for row in tomllib.loads(REASONS.read_text(encoding="utf-8"))["survivors"]}
    for name in sorted(alive - explained):
        print("No test notices this, and tests/mutants.toml does not say why:", mutmut("show", name), sep="\n")
    for name in sorted(explained - alive):
        print(f"tests/mutants.toml explains {name}, which does not survive.")
    print(f"{1 - len(alive) / len(lines):.1%} of {len(lines):,} mutants were noticed; {len(alive)} survive.")
    stamp = f'code = "{code()}"\nmutants = {len(lines)}\n'
    text = re.sub(r'code = ".*"\nmutants = \d+\n', stamp, REASONS.read_text(encoding="utf-8"))
    REASONS.write_text(text, encoding="utf-8")
    return len(alive ^ explained)


def modules() -> list[Path]:
    """Return the files that are broken: the cells, and all that they rest on."""
    return sorted(path for path in (ROOT / "rnn_utils" / "cells").glob("*.py") if path.stem not in FRAMEWORKS)


def code() -> str:
    """Hash the functions of these files, without comments and docstrings: mutmut changes nothing else."""
    from tools.slices import Source  # mutmut, which also starts here, must not find this repository

    texts = []
    for source in map(Source.read, modules()):
        functions = (part for part in ast.walk(ast.parse(source.text)) if isinstance(part, ast.FunctionDef))
        texts += [source.segment(function) for function in functions]
    return hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest()[:16]


def lay_out() -> None:
    """Put what mutmut needs into a folder of its own: it works on copies, and looks for its settings there."""
    shutil.rmtree(BUILT, ignore_errors=True)
    shutil.copytree(ROOT / "rnn_utils", BUILT / "rnn_utils", ignore=shutil.ignore_patterns("__pycache__"))
    tests = BUILT / "tests" / "cells"
    unneeded = [f"test_{name}.py" for name in FRAMEWORKS]
    shutil.copytree(ROOT / "tests" / "cells", tests, ignore=shutil.ignore_patterns("__pycache__", *unneeded))
    (tests.parent / "__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", BUILT)  # for the settings of pytest
    files = "".join(f"\n    {path.relative_to(ROOT)}" for path in modules())
    (BUILT / "setup.cfg").write_text(SETTINGS.format(files=files), encoding="utf-8")


def mutmut(*arguments: str) -> str:
    """Run one of mutmut's commands in that folder, with the kinds of change added here; return what it said."""
    command = [sys.executable, "-P", __file__, "--mutmut", *arguments]
    shown = None if arguments[0] == "run" else subprocess.PIPE
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=BUILT, env=environment, check=True, encoding="utf-8", stdout=shown).stdout or ""


if __name__ == "__main__":
    if sys.argv[1:2] != ["--mutmut"]:
        sys.exit(main())
    mutation_operators.extend(OPERATORS)
    from mutmut.__main__ import cli  # reads setup.cfg, so not before this runs

    cli(sys.argv[2:])
