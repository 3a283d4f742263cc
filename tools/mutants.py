"""Break the cells on purpose, one small change at a time, and see that a test notices (`make mutants`).

mutmut makes the changes and runs the tests that need NumPy alone; tools/mutate.py adds the changes
that matter most for recurrent cells.  The report, tests/mutants.md, is a part of the repository, and
so are the reasons why some changes cannot be noticed, tests/mutants.toml.
"""

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import tokenize
import tomllib
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from io import StringIO
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
MODULES = ("cells", "checks", "clip", "gradcheck", "gru", "lstm", "nested", "parts", "rnn", "sequence", "stack")
TESTS = ("cells", "checks", "clip", "gradcheck", "nested", "sequence", "stack")  # without TensorFlow and PyTorch
BUILT = ROOT / "_build" / "mutants"
REPORT, REASONS = ROOT / "tests" / "mutants.md", ROOT / "tests" / "mutants.toml"
WANTED = 0.95  # of all mutants; of signs, transposes and orders, all
KINDS = ("sign", "transpose", "order", "other")
VERDICTS = {0: "survived", 1: "killed", 3: "killed", 5: "no test", 33: "no test", None: "not run"}  # else: timeout
DEAD = ("killed", "timeout")

Reasons = dict[tuple[str, str, str], str]  # by function, what it was, and what it became


class Mutant(NamedTuple):
    """One small change of one function, and what became of it."""

    module: str
    function: str
    was: str
    became: str
    verdict: str

    @property
    def place(self) -> tuple[str, str, str]:
        """What it is known by in mutants.toml."""
        return f"{self.module}.{self.function}", self.was, self.became

    @property
    def kind(self) -> str:
        """Tell whether a sign, a transpose, the order of things, or something else was changed."""
        was, became = Counter(tokens(self.was)), Counter(tokens(self.became))
        changed = {*(was - became), *(became - was)}
        if not changed:
            return "order"
        if changed <= {"+", "-"} or changed <= {"+=", "-="}:
            return "sign"
        return "transpose" if changed <= {".", "T"} or "swapaxes" in changed else "other"

    def __str__(self) -> str:
        return f"{self.module}.{self.function}: {self.was}  →  {self.became} ({self.verdict})"


def main() -> int:
    """Make the mutants, test them, write the report; return the number of complaints."""
    start = time.perf_counter()
    lay_out()
    command = [sys.executable, "-P", str(ROOT / "tools" / "mutate.py"), "run", *sys.argv[1:]]
    subprocess.run(command, cwd=BUILT, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, check=True)
    mutants, why = [mutant for module in MODULES for mutant in read(module)], reasons()
    REPORT.write_text(report(mutants, why, time.perf_counter() - start), encoding="utf-8")
    found = complaints(mutants, why)
    print(*found, f"The report is {REPORT.relative_to(ROOT)}.", sep="\n")
    return min(len(found), 100)


def lay_out() -> None:
    """Put what mutmut needs into a folder of its own: it works on copies, and looks for its settings there."""
    shutil.rmtree(BUILT, ignore_errors=True)
    shutil.copytree(ROOT / "rnn_utils", BUILT / "rnn_utils", ignore=shutil.ignore_patterns("__pycache__"))
    (BUILT / "tests").mkdir()
    for name in ("__init__", "cell_cases", *(f"test_{name}" for name in TESTS)):
        shutil.copy(ROOT / "tests" / f"{name}.py", BUILT / "tests")
    shutil.copy(ROOT / "pyproject.toml", BUILT)  # for the settings of pytest
    files = "".join(f"\n    rnn_utils/{module}.py" for module in MODULES)
    (BUILT / "setup.cfg").write_text(
        f"[mutmut]\nsource_paths =\n    rnn_utils\nonly_mutate ={files}\n"
        "pytest_add_cli_args_test_selection =\n    tests\nuse_git_change_detection = false\n"
    )


def read(module: str) -> list[Mutant]:
    """Return the mutants of one module."""
    made = BUILT / "mutants" / "rnn_utils" / f"{module}.py"
    lines = made.read_text(encoding="utf-8").splitlines()
    spans = json.loads(made.with_suffix(".py.spans").read_text())["spans"]
    verdicts = json.loads(made.with_suffix(".py.meta").read_text())["exit_code_by_key"]

    def source(name: str) -> list[str]:
        first, last = spans[name]
        return [line.replace(name, "function") for line in lines[first - 1 : last]]

    mutants = []
    for key, code in verdicts.items():
        name = key.rpartition(".")[2]
        stem = name.partition("__mutmut_")[0]
        was, became = difference(source(f"{stem}__mutmut_orig"), source(name))
        mutants.append(Mutant(module, stem.removeprefix("x_"), was, became, VERDICTS.get(code, "timeout")))
    return mutants


def difference(was: Sequence[str], became: Sequence[str]) -> tuple[str, str]:
    """Return the lines that differ, of both, each as one line."""
    changes = [code for code in SequenceMatcher(a=was, b=became, autojunk=False).get_opcodes() if code[0] != "equal"]
    first, last = changes[0], changes[-1]
    parts = was[first[1] : last[2]], became[first[3] : last[4]]
    old, new = (" ".join(line.strip() for line in part) for part in parts)
    return old, new


def tokens(line: str) -> list[str]:
    """Cut a line of Python into its tokens; what does not parse alone, at its blanks."""
    try:
        return [token.string for token in tokenize.generate_tokens(StringIO(line).readline) if token.string.strip()]
    except (tokenize.TokenError, SyntaxError):
        return line.split()


def fingerprint() -> str:
    """Hash the code of the mutated modules, without docstrings and comments."""
    trees = []
    for module in MODULES:
        tree = ast.parse((ROOT / "rnn_utils" / f"{module}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
                node.body = node.body[1:]
        trees.append(ast.dump(tree))
    return hashlib.sha256("\n".join(trees).encode()).hexdigest()[:16]


def reasons() -> Reasons:
    """Read why some mutants survive."""
    rows = tomllib.loads(REASONS.read_text(encoding="utf-8"))["survivors"] if REASONS.exists() else []
    return {(row["function"], row["was"], row["became"]): row["why"] for row in rows}


def complaints(mutants: Sequence[Mutant], why: Reasons) -> list[str]:
    """Say what is not as it should be."""
    alive = [mutant for mutant in mutants if mutant.verdict not in DEAD]
    found = [f"unexplained: {mutant}" for mutant in alive if mutant.place not in why]
    found += [f"must not survive: {mutant}" for mutant in alive if mutant.kind != "other"]
    gone = why.keys() - {mutant.place for mutant in alive}
    found += [f"explained, but no survivor: {function}: {was}  →  {became}" for function, was, became in sorted(gone)]
    score = 1 - len(alive) / len(mutants)
    return found if score >= WANTED else [*found, f"{score:.1%} of the mutants were killed; expected {WANTED:.0%}"]


def report(mutants: Sequence[Mutant], why: Reasons, seconds: float) -> str:
    """Write the report in Markdown."""
    alive = [mutant for mutant in mutants if mutant.verdict not in DEAD]
    lines = [
        "# Mutants",
        "",
        "Written by `make mutants`; not edited by hand.",
        "A mutant is the code with one small change: a sign turned, a transpose left out, two gates swapped.",
        "It is killed if a test of the cells that needs NumPy alone fails, or runs many times as long as it should.",
        "",
        f"**{1 - len(alive) / len(mutants):.1%}** of {len(mutants):,} mutants were killed, "
        f"in {seconds / 60:.0f} minutes on {os.cpu_count()} cores.",
        f"Fingerprint of the code: `{fingerprint()}`.",
        "",
        *table("Kind", {kind: [mutant for mutant in mutants if mutant.kind == kind] for kind in KINDS}),
        "",
        *table("Module", {name: [mutant for mutant in mutants if mutant.module == name] for name in MODULES}),
        "",
        "## Survivors",
        "",
    ]
    for mutant in alive:
        lines += [f"### `{mutant.module}.{mutant.function}`", "", "```diff"]
        lines += [f"- {mutant.was}", f"+ {mutant.became}", "```", "", why.get(mutant.place, "Not explained yet."), ""]
    return "\n".join(lines).rstrip() + "\n"


def table(head: str, groups: dict[str, list[Mutant]]) -> list[str]:
    """Return rows of Markdown that count the mutants of each group."""
    lines = [f"| {head} | Mutants | Killed | of these by time | Survivors |", "|---|--:|--:|--:|--:|"]
    for name, group in groups.items():
        verdicts = Counter(mutant.verdict for mutant in group)
        killed = sum(verdicts[verdict] for verdict in DEAD)
        lines.append(f"| {name} | {len(group)} | {killed} | {verdicts['timeout']} | {len(group) - killed} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
