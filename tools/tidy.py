"""Make a saved notebook normal (`make tidy`): metadata, ids and source as the book keeps them; runs nothing.

README shows the picture of the first chapter, which is written anew too.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from tools.chapters import KERNELSPEC, META, ROOT, chapter_paths, code_cells, picture, read, write

KEPT = {"code": ("compare", "free", "mystnb", "tags"), "markdown": ("tags",)}  # of a cell's metadata
ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
RANDOM = re.compile(r"[0-9a-f]{8}")  # as Jupyter makes them
README_PICTURE = ROOT / "book" / "_static" / "readme.svg"
README_FIGURE = "paths"  # of chapter 1
WORDS = 4  # of a cell that make its id


def main() -> int:
    """Tidy the chapters, or one of them; say which files changed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--chapter", help="number of one chapter, such as 10")
    for path in chapter_paths(parser.parse_args().chapter):
        before = path.read_text(encoding="utf-8")
        write(tidied(opened(path)), path)
        if path.read_text(encoding="utf-8") != before:
            print(f"{path.name}: made normal")
    README_PICTURE.write_text(picture(read(chapter_paths()[0]), README_FIGURE), encoding="utf-8")
    return 0


def opened(path: Path) -> NotebookNode:
    """Read a notebook as any editor saves it, also without ids or in an older form."""
    plain = json.loads(path.read_text(encoding="utf-8"))
    plain["nbformat_minor"] = max(5, plain.get("nbformat_minor", 0))
    seen: set[str] = set()
    for number, cell in enumerate(plain["cells"]):
        if cell.get("id") is None or cell["id"] in seen:
            cell["id"] = f"{number:08x}"  # a stand-in, which `tidied` replaces
        seen.add(cell["id"])
    path.with_suffix(".ipynb.part").write_text(json.dumps(plain), encoding="utf-8")
    try:
        return read(path.with_suffix(".ipynb.part"))
    finally:
        path.with_suffix(".ipynb.part").unlink()


def tidied(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook with nothing in it that differs from editor to editor or from run to run."""
    for cell in notebook.cells:
        cell.source = "\n".join(line.rstrip() for line in cell.source.strip("\n").splitlines())
        kept = KEPT.get(cell.cell_type, ())
        cell.metadata = NotebookNode({name: value for name, value in cell.metadata.items() if name in kept and value})
        cell.pop("attachments", None)
    notebook.cells = [cell for cell in notebook.cells if cell.source]
    name_cells(notebook.cells)
    for number, cell in enumerate(code_cells(notebook), start=1):
        if cell.execution_count is not None or cell.outputs:
            cell.execution_count = number
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number
        cell.outputs = merged_streams(cell.outputs)
    own = {name: value for name, value in notebook.metadata.get(META, {}).items() if name != "fingerprint"}
    notebook.metadata = NotebookNode(kernelspec=KERNELSPEC, language_info={"name": "python"}, **{META: own})
    return notebook


def name_cells(cells: list[NotebookNode]) -> None:
    """Give every cell without a readable id one made of its first words, unique in the chapter."""
    taken = {cell.id for cell in cells if readable(cell.id)}
    seen: set[str] = set()
    for cell in cells:
        if not readable(cell.id) or cell.id in seen:
            words = re.findall(r"[a-z][a-z0-9]*", re.sub(r"^\(.*\)=$", "", cell.source, flags=re.MULTILINE).lower())
            base = "-".join(words[:WORDS]) or "cell"
            names = (base if number == 1 else f"{base}-{number}" for number in range(1, len(cells) + 2))
            cell.id = next(name for name in names if name not in taken | seen)
        seen.add(cell.id)


def readable(name: str) -> bool:
    """Tell whether an id is made of words and not drawn at random."""
    return ID.fullmatch(name) is not None and RANDOM.fullmatch(name) is None


def merged_streams(outputs: list[Any]) -> list[Any]:
    """Join neighbouring pieces of one stream: how they are cut depends on timing."""
    merged: list[Any] = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last is not None and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            merged.append(output)
    return merged


if __name__ == "__main__":
    sys.exit(main())
