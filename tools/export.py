"""Write the notebooks that people download to _build/notebooks (`make notebooks`)."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from copy import deepcopy
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from pybtex.database import parse_file

from rnn_utils.page import CLAIM_MIME
from tools.chapters import META, ROOT, code_cells, finished_paths, glued, read, title, write
from tools.checking import only_checks
from tools.plain import Names, plain

EPOCH = "315532800"  # 1980, where the times of a zip begin

# What the wheel is built from.
INSIDE = (
    "LICENSE", "README.md", "pyproject.toml", "rnn_utils/**/*.py", "rnn_utils/**/*.toml", "rnn_utils/py.typed",
    "rnn_utils/data/*.jsonl.gz", "rnn_utils/faces/*", "book/*.toml", "book/programs/*.py", "benchmarks/results/*.json",
)  # fmt: skip

# The first cell.  The wheel's version ends with a hash, so that another one is replaced.
INSTALL = """\
# Installs this book's helpers, rnn_utils; leaves the frameworks that are here as they are.
import pathlib, subprocess, sys
from importlib import metadata

wheel = "{wheel}"
missing = []
if wheel.split("-")[1] not in {{found.version for found in metadata.distributions(name="rnn-utils")}}:
{find}{more}
if missing and subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *missing]).returncode:
    raise SystemExit(f"pip failed. Without it, in a terminal: uv pip install {{' '.join(map(repr, missing))}}")"""
BESIDE = """\
    if not pathlib.Path(wheel).exists():
        raise SystemExit(f"Put {wheel} beside this notebook (`make notebooks` writes both).")
    missing.append(f"./{wheel}[chapters]")"""
PUBLISHED = """\
    beside, published = f"./{{wheel}}[chapters]", "rnn-utils[chapters] @ {address}"
    missing.append(beside if pathlib.Path(wheel).exists() else published)"""
OLD_CELLS = """
if not list(metadata.distributions(name="tf-keras")):  # the cells of TensorFlow 1
    major, minor, *_ = metadata.version("tensorflow").split(".")
    missing.append(f"tf-keras=={major}.{minor}.*")"""


def main() -> None:
    """Export to _build/notebooks and say so."""
    folder = ROOT / "_build" / "notebooks"
    export(folder)
    print(f"{len(finished_paths())} notebooks and the wheel of rnn_utils are in {folder.relative_to(ROOT)}/")


def export(folder: Path) -> None:
    """Write every chapter and the wheel of ``rnn_utils`` into the folder, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wheel = build_wheel(folder)
    names = book_names()
    for path in finished_paths():
        write(exported(read(path), names, wheel.name), folder / path.name)


def build_wheel(folder: Path) -> Path:
    """Build ``rnn_utils`` from a copy, so that nothing is left in the repository.

    A wheel is a zip, which holds the times and modes of its files: both are fixed, so that one commit makes one file.
    Its version ends with a hash of what is inside.
    """
    with tempfile.TemporaryDirectory() as temporary:
        stage = Path(temporary) / "source"
        stage.mkdir()
        names = sorted(path.relative_to(ROOT) for pattern in INSIDE for path in ROOT.glob(pattern))
        for name in names:
            (stage / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, stage / name)
        content = hashlib.sha256(b"".join((stage / name).read_bytes() for name in names)).hexdigest()
        project = stage / "pyproject.toml"
        text = project.read_text(encoding="utf-8")
        project.write_text(re.sub(r'(?m)^version = "(.*)"$', rf'version = "\1+{content[:8]}"', text), encoding="utf-8")
        for path in stage.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
        command += ["--wheel-dir", str(folder), str(stage)]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH}
        done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, umask=0o022)
        if done.returncode:
            raise SystemExit(f"The wheel of rnn_utils was not built:\n{done.stderr[-2000:]}")
    return next(folder.glob("*.whl"))


def install_cell(wheel: str, address: str, *, old_cells: bool = False) -> str:
    """Return the first cell's source; the address is that of the published wheel, if it is published."""
    find = PUBLISHED.format(address=address) if address else BESIDE
    return INSTALL.format(wheel=wheel, find=find, more=OLD_CELLS if old_cells else "")


def book_names() -> Names:
    """Gather titles, labels, citations and claims of the whole book."""
    names = Names()
    for path in sorted((ROOT / "book").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if heading := re.search(r"^# (.+)$", text, re.MULTILINE):
            names.documents[f"/book/{path.stem}"] = heading[1]
        names.labels |= labels(text)
    for path in finished_paths():
        notebook = read(path)
        names.documents[f"/notebooks/{path.stem}"] = title(notebook)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                names.labels |= labels(cell.source)
        for cell in code_cells(notebook):
            found = [output.get("data", {}).get(CLAIM_MIME) for output in cell.outputs]
            names.claims |= {record["id"]: record["sentence"] for record in found if record}
    for key, entry in parse_file(str(ROOT / "book" / "references.bib")).entries.items():
        people = [" ".join(person.last_names).strip("{}") for person in entry.persons.get("author", [])]
        short = people[0] if len(people) == 1 else " and ".join(people) if len(people) == 2 else f"{people[0]} et al."
        names.citations[key] = (short, entry.fields.get("year", "n.d."))
    return names


def labels(text: str) -> dict[str, str]:
    """Return labels of headings and exercises with the words they stand for."""
    found = dict(re.findall(r"^\(([\w-]+)\)=\n#+ (.+)$", text, re.MULTILINE))
    return found | {label: name for name, label in re.findall(r"\{exercise\} ?(.*)\n:label: (\S+)", text)}


def exported(notebook: NotebookNode, names: Names, wheel: str) -> NotebookNode:
    """Return the chapter as people get it: plain Markdown, numbers filled in, an install cell first."""
    result = deepcopy(notebook)
    names.glued = glued(notebook)
    repository = os.environ.get("BOOK_REPOSITORY")  # owner/name, known where the book is published
    address = f"https://raw.githubusercontent.com/{repository}/notebooks/{wheel}" if repository else ""
    old = any(re.search(r"tf_keras|graph_programs", cell.source) for cell in code_cells(notebook))
    cells = [new_code_cell(install_cell(wheel, address, old_cells=old), id="install")]
    for cell in result.cells:
        if cell.cell_type == "markdown":
            cell.source = plain(cell.source, names)
        else:
            cell.metadata = NotebookNode({key: value for key, value in cell.metadata.items() if key == "tags"})
            cell.outputs = [output for output in cell.outputs if "scrapbook" not in output.get("metadata", {})]
        if cell.cell_type == "code" or cell.source:
            cells.append(cell)
    result.cells = checks_after_reading(cells)
    result.metadata.pop(META, None)
    return result


def checks_after_reading(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Return the cells with those that only check behind the text that reads the result before them.

    None passes a cell that does something, so everything runs as before; none leaves its section.
    """
    checks, waiting, found = only_checks(cells), [], []
    for number, cell in enumerate(cells):
        if number in checks:
            waiting.append(cell)
            continue
        if cell.cell_type == "code" or re.search(r"^#+ |^> \*\*|^\*\*Solution", cell.source, re.MULTILINE):
            found += waiting
            waiting = []
        found.append(cell)
    return found + waiting


if __name__ == "__main__":
    main()
