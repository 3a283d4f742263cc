"""A notebook saved by any editor becomes normal, and a new chapter begins as a draft that runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat import NotebookNode

from tools import new, tidy
from tools.chapters import KERNELSPEC, META, ChapterError, chapter_paths, code_cells, read, seconds, write

SAVED = {
    "cells": [
        {"cell_type": "markdown", "metadata": {"vscode": {"a": 1}}, "source": "(here)=\n# How far, then?  \n\n"},
        {
            "cell_type": "code",
            "execution_count": 17,
            "id": "a1b2c3d4",
            "metadata": {"execution": {"iopub.execute_input": "1"}, "tags": ["hide-input"], "collapsed": False},
            "outputs": [
                {"name": "stdout", "output_type": "stream", "text": "a"},
                {"name": "stdout", "output_type": "stream", "text": "b\n"},
            ],
            "source": "print('a', end='')",
        },
        {"cell_type": "code", "execution_count": None, "id": "kept", "metadata": {}, "outputs": [], "source": "x = 1"},
        {"cell_type": "code", "execution_count": None, "id": "kept", "metadata": {}, "outputs": [], "source": "x = 1"},
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": ""},
    ],
    "metadata": {"kernelspec": {"display_name": "my-venv", "name": "my-venv"}, "rnn_book": {"seconds": 3}},
    "nbformat": 4,
    "nbformat_minor": 4,
}


@pytest.fixture
def tidied(tmp_path: Path) -> NotebookNode:
    path = tmp_path / "05_saved.ipynb"
    path.write_text(json.dumps(SAVED), encoding="utf-8")
    return tidy.tidied(tidy.opened(path))


def test_cells_without_a_readable_id_get_one_from_their_words(tidied: NotebookNode) -> None:
    assert [cell.id for cell in tidied.cells] == ["how-far-then", "print-a-end", "kept", "x"]


def test_what_an_editor_adds_is_gone_and_what_the_book_needs_stays(tidied: NotebookNode) -> None:
    assert [dict(cell.metadata) for cell in tidied.cells] == [{}, {"tags": ["hide-input"]}, {}, {}]
    assert tidied.metadata.kernelspec == KERNELSPEC
    assert tidied.metadata[META] == {"seconds": 3}
    assert tidied.cells[0].source == "(here)=\n# How far, then?"
    assert [output.text for output in tidied.cells[1].outputs] == ["ab\n"]
    assert tidied.cells[1].execution_count == 1


@pytest.mark.parametrize("path", chapter_paths(), ids=lambda path: path.stem)
def test_the_chapters_are_tidy(path: Path, tmp_path: Path) -> None:
    write(tidy.tidied(tidy.opened(path)), tmp_path / path.name)
    assert (tmp_path / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8"), "`make tidy`"


def test_a_new_chapter_is_a_draft_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new, "NOTEBOOKS", tmp_path)
    path = new.place("05", "A look inside")
    assert path.name == "05_a_look_inside.ipynb"
    write(new.skeleton(5, "A look inside"), path)
    notebook = read(path)
    assert notebook.metadata[META]["draft"]
    code = "\n".join(cell.source for cell in code_cells(notebook))
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("chapter", "title", "message"),
    [
        ("ten", "A title", "expected a number from 1 to 49"),
        ("50", "A title", "expected a number from 1 to 49"),
        ("5", "Взгляд", "expected Latin letters"),
    ],
)
def test_what_cannot_be_a_chapter_is_refused(
    chapter: str, title: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new, "NOTEBOOKS", tmp_path)
    with pytest.raises(SystemExit, match=message):
        new.place(chapter, title)


def test_a_number_that_is_taken_is_refused() -> None:
    with pytest.raises(SystemExit, match=r"CHAPTER=01: 01_\w+\.ipynb has this number"):
        new.place("01", "Again")


def test_a_missing_id_is_told_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "05_saved.ipynb"
    path.write_text(json.dumps(SAVED), encoding="utf-8")
    with pytest.raises(ChapterError, match=r"^05_saved\.ipynb: cell 1 \('\(here\)=.*has no id; run `make tidy`"):
        read(path)


def test_a_chapter_without_its_time_is_told_in_one_sentence() -> None:
    with pytest.raises(ChapterError, match=r"^05_saved\.ipynb: rnn_book\.seconds .* is None; expected the seconds"):
        seconds(NotebookNode(metadata=NotebookNode()), "05_saved.ipynb")
