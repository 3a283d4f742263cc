"""Begin a chapter (`make new CHAPTER=05 TITLE="A look inside"`): a skeleton that runs, marked as a draft.

The book leaves a draft out, and the rules for finished chapters skip it, until ``draft`` is taken out of the
notebook's metadata and the chapter has its line in ``_toc.yml``.
"""

import argparse
import re
import sys
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.chapters import KERNELSPEC, META, NOTEBOOKS, write

IMPORTS = """\
from rnn_utils import claim, setup, table"""
SETTINGS = """\
SEED = {number}
chosen = setup(SEED)"""


def main() -> int:
    """Write the skeleton and say what comes next."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--chapter", required=True, help="a number that is free, from 1 to 49")
    parser.add_argument("--title", required=True, help="the title; the file is named after it")
    asked = parser.parse_args()
    path = place(asked.chapter, asked.title)
    write(skeleton(int(asked.chapter), asked.title), path)
    print(
        f"{path.relative_to(NOTEBOOKS.parent)} is a draft that runs. Write, then `make check CHAPTER={asked.chapter}`."
    )
    return 0


def place(chapter: str, title: str) -> Path:
    """Return the file of a new chapter, or say why there can be none."""
    if not chapter.isdecimal() or not 1 <= int(chapter) <= 49:
        raise SystemExit(f"CHAPTER={chapter}: expected a number from 1 to 49, such as 05.")
    if taken := sorted(NOTEBOOKS.glob(f"{int(chapter):02d}_*.ipynb")):
        raise SystemExit(f"CHAPTER={chapter}: {taken[0].name} has this number; expected one that is free.")
    words = re.findall(r"[a-z0-9]+", title.lower())
    if not words:
        raise SystemExit(f"TITLE={title}: expected Latin letters or digits, of which the file name is made.")
    return NOTEBOOKS / f"{int(chapter):02d}_{'_'.join(words)}.ipynb"


def skeleton(number: int, title: str) -> NotebookNode:
    """Return a chapter's first cells: the question, the imports, the settings, the end."""
    slug = "-".join(re.findall(r"[a-z0-9]+", title.lower()))
    cells = [
        new_markdown_cell(f"({slug})=\n# {title}\n\nWhat could the last chapter not do?", id="opening"),
        new_code_cell(IMPORTS, id="imports"),
        new_code_cell(SETTINGS.format(number=number), id="settings"),
        new_markdown_cell(f"({slug}-summary)=\n## Summary\n\nWhat was found, and what still fails.", id="summary"),
    ]
    metadata = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}, META: {"draft": True, "seconds": 10}}
    return new_notebook(cells=cells, metadata=metadata)


if __name__ == "__main__":
    sys.exit(main())
