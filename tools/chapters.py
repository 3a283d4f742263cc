"""Find, read and describe the chapters."""

import json
import os
import re
from ast import literal_eval
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from rnn_utils.data.mnist import mnist_source
from rnn_utils.errors import BookError

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
META = "rnn_book"  # key of a chapter's own metadata: seconds, data
WORDS_A_MINUTE = 180  # of a text that one thinks about
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}


def chapter_paths(number: str | None = None) -> list[Path]:
    """Return the chapters in order, or the one with this number (``"10"``)."""
    paths = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    if number:
        if not number.isdecimal():
            raise SystemExit(f"CHAPTER={number}: expected the number of a chapter, such as 10. See `ls notebooks`.")
        paths = [path for path in paths if path.name.startswith(f"{int(number):02d}_")]
        if not paths:
            raise SystemExit(f"CHAPTER={number}: no notebooks/{int(number):02d}_*.ipynb. See `ls notebooks`.")
    return paths


class ChapterError(Exception):
    """A chapter cannot be used as it is; the message names it and says what to do."""


def read(path: Path) -> NotebookNode:
    """Read a notebook in the format its file has.

    Raises
    ------
    ChapterError
        If a cell has no id.
    """
    plain = json.loads(path.read_text(encoding="utf-8"))
    for number, cell in enumerate(plain["cells"], start=1):
        if not cell.get("id"):
            first = "".join(cell["source"])[:40]
            raise ChapterError(f"{path.name}: cell {number} ({first!r}) has no id; run `make tidy`, which makes one.")
    return nbformat.reads(json.dumps(plain), as_version=4)


def is_draft(notebook: NotebookNode) -> bool:
    """Tell whether a chapter is not part of the book yet."""
    return bool(notebook.metadata.get(META, {}).get("draft"))


def finished_paths() -> list[Path]:
    """Return the chapters of the book in order, without drafts."""
    return [path for path in chapter_paths() if not is_draft(read(path))]


def seconds(notebook: NotebookNode, name: str) -> float:
    """Return what the chapter of that file name states it takes.

    Raises
    ------
    ChapterError
        If it states nothing.
    """
    stated = notebook.metadata.get(META, {}).get("seconds")
    if not isinstance(stated, int | float) or stated <= 0:
        raise ChapterError(
            f"{name}: rnn_book.seconds in the notebook's metadata is {stated!r}; expected the seconds that it takes on "
            'two cores, such as {"rnn_book": {"seconds": 30}}.'
        )
    return stated


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook beside its place and move it there, so that a stop leaves no half file."""
    beside = path.with_suffix(".ipynb.part")
    beside.write_text(nbformat.writes(notebook, indent=1).rstrip("\n") + "\n", encoding="utf-8")
    beside.replace(path)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def glued(notebook: NotebookNode) -> dict[str, str]:
    """Return the values that the chapter's cells glued, by name."""
    values = {}
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if record := output.get("metadata", {}).get("scrapbook"):
                values[record["name"]] = literal_eval(output["data"][record["mime_prefix"] + "text/plain"])
    return values


def title(notebook: NotebookNode) -> str:
    """Return the chapter's first heading."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (match := re.search(r"^# (.+)$", cell.source, re.MULTILINE)):
            return match[1]
    raise ValueError("a chapter begins with a heading of level one")


def minutes(notebook: NotebookNode) -> int:
    """Return how long a chapter's text takes to read."""
    words = sum(len(cell.source.split()) for cell in notebook.cells if cell.cell_type == "markdown")
    return round(words / WORDS_A_MINUTE)


def kernel_environment(threads: str | None = None) -> dict[str, str]:
    """Return what every kernel of a run or a test gets: the CPU, one thread, silent C++."""
    threads = threads or os.environ.get("RNN_UTILS_THREADS", "1")
    return {
        "RNN_UTILS_THREADS": threads,
        "RNN_UTILS_DEVICE": os.environ.get("RNN_UTILS_DEVICE", "cpu"),
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "PYTHONHASHSEED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "JUPYTER_PATH": str(ROOT / "tools" / "kernel"),
    }


def probed_environment() -> dict[str, str]:
    """Look once whether MNIST can be had, so that no chapter waits for a dead network by itself."""
    # A kernel runs in notebooks/, where a relative path would mean another place.
    named = {name: os.environ[name] for name in ("RNN_UTILS_DATA", "RNN_UTILS_CACHE") if os.environ.get(name)}
    found = {name: str(Path(folder).expanduser().resolve()) for name, folder in named.items()}
    try:
        here = mnist_source() == "mnist"
    except BookError as error:  # a folder or a setting that was named and cannot be used
        raise SystemExit(str(error)) from None
    return found if here else {**found, "RNN_UTILS_OFFLINE": "1"}


def picture_cell(chapter: NotebookNode, name: str | None = None) -> NotebookNode:
    """Return the cell that draws a figure: the one of this name, or the one whose figure a chapter names as its own."""
    return next(cell for cell in code_cells(chapter) if cell.id == (name or chapter.metadata[META]["picture"]))


def picture(chapter: NotebookNode, name: str | None = None) -> str:
    """Return a figure of a chapter, without a name the one that it names as its own."""
    outputs = picture_cell(chapter, name).outputs
    return next(output.data["image/svg+xml"] for output in outputs if "image/svg+xml" in output.get("data", {}))
