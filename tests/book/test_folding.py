"""What folds on a page: the code of a cell that only checks, decided by what the cell does."""

from typing import Any

import pytest
from docutils import nodes
from nbformat import NotebookNode

from book._ext.rnn_book.folding import is_audit, says_how_checked
from rnn_utils.page import CLAIM_MIME
from tools.chapters import finished_paths, read
from tools.checking import only_checks, share_that_only_checks

CLAIM = {"output_type": "display_data", "data": {CLAIM_MIME: {}}, "metadata": {}}
GLUED = {"output_type": "display_data", "data": {}, "metadata": {"scrapbook": {"name": "a-b"}}}
PRINTED = {"output_type": "stream", "name": "stdout", "text": "1\n"}


def cell(source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "outputs": list(outputs)}


@pytest.mark.parametrize("outputs", [[CLAIM], [GLUED], [CLAIM, GLUED]])
def test_a_cell_that_only_checks_is_folded(outputs: list[dict[str, Any]]) -> None:
    text = {"cell_type": "markdown", "source": "a = best"}
    assert only_checks([cell("x = 1"), text, cell("best = x\nclaim(best)", *outputs), text]) == {2}


@pytest.mark.parametrize("outputs", [[], [PRINTED], [CLAIM, PRINTED]])
def test_a_cell_that_shows_something_is_not(outputs: list[dict[str, Any]]) -> None:
    assert only_checks([cell("claim(1)", *outputs)]) == set()


@pytest.mark.parametrize(
    "source",
    [
        "x = 1", "def x(): pass", "for x in y: pass", "a, (x, b) = y", "if y:\n    x = 1", "import y as x", "x[0] = 1",
        "x.grad = 1", "x += 1",
    ],
)  # fmt: skip
def test_what_the_lesson_reads_later_is_shown(source: str) -> None:
    assert only_checks([cell(source, CLAIM), cell("print(x)", PRINTED)]) == set()
    assert only_checks([cell(source, CLAIM), cell("claim(x)", CLAIM)]) == {0, 1}
    assert only_checks([cell("print(x)", PRINTED), cell(source, CLAIM)]) == {1}


def test_the_name_inside_a_comprehension_is_not_the_lesson_s() -> None:
    assert only_checks([cell("claim(max(x for x in y))", CLAIM), cell("print(x)", PRINTED)]) == {0}


@pytest.mark.parametrize("source", ["row('a', 1)", "rows.append(1)", "if y:\n    train(net)"])
def test_what_may_change_something_unseen_is_shown(source: str) -> None:
    assert only_checks([cell(f"{source}\nclaim(y)", CLAIM)]) == set()


def test_little_code_on_the_page_of_chapter_1_only_checks() -> None:
    assert share_that_only_checks(read(finished_paths()[0]).cells) < 0.05


def test_code_that_serves_a_claim_alone_is_counted() -> None:
    def code(source: str, *outputs: dict[str, Any]) -> NotebookNode:
        return NotebookNode(cell(source, *outputs))

    opening = [code("import a"), code("a.b()")]
    lesson = [code("def f(x):\n    return x"), code("y = f(1)\nz = y\nclaim(z)\nprint(y)", CLAIM, PRINTED)]
    assert share_that_only_checks(opening + lesson) == 2 / 6  # z and its claim
    folded = [NotebookNode(cell_type="markdown", source="(a-checked)="), code("q = 1\nprint(q)", PRINTED)]
    assert share_that_only_checks(opening + lesson + folded) == 2 / 6


@pytest.mark.parametrize(
    ("ids", "folds"),
    [
        (["how-this-page-was-checked", "memory-checked"], True),
        (["how-the-trial-was-run", "four-recipes-checked"], True),
        (["the-trial", "four-recipes-trial"], False),
    ],
)
def test_the_audit_is_told_by_its_label_whatever_its_heading_says(ids: list[str], folds: bool) -> None:
    section = nodes.section(ids=ids)
    inner = nodes.paragraph()
    section += nodes.section("", inner, ids=["a-part"])
    assert says_how_checked(section) == is_audit(inner) == folds
