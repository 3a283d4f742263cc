"""`make run` writes beside a chapter's numbers how far its runs lie apart."""

from copy import deepcopy

import pytest
from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_code_cell, new_notebook, new_output

from rnn_utils.page import CLAIM_MIME
from tests.tools.test_comparing import glued
from tools import processors
from tools.chapters import META
from tools.drawn import SVG
from tools.measured import extent, keep_ranges, measured

NAMES = ["A, AVX2, 1 thread", "A, SSE4.2, 1 thread"]


def chapter(loss: str = "0.500", value: float = 2.0, figure: str | None = None, words: str = "net") -> NotebookNode:
    """Return a run of a chapter of four cells: exact, close with a glued number, close with a picture, a claim."""
    record = {"id": "a-b", "sentence": "s", "comparison": ">", "bar": 1, "value": value, "baseline": [0, value / 4]}
    cells = [
        new_code_cell("", outputs=[new_output("stream", name="stdout", text=words)]),
        new_code_cell("", outputs=[from_dict(glued(loss)[0])], metadata={"compare": {"reason": "training"}}),
        new_code_cell("", metadata={"compare": {"reason": "training"}}),
        new_code_cell("", outputs=[new_output("display_data", {CLAIM_MIME: record})]),
    ]
    cells[2].outputs = [new_output("display_data", {SVG: figure or curve(0)})]
    return new_notebook(cells=cells, metadata={META: {"seconds": 1}})


def curve(pixels: float) -> str:
    """Return a figure of one line, so many pixels below its place."""
    path = f'<path d="M 0 {0.75 * pixels} L 50 {0.75 * pixels}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg">{path}</svg>'


def seen(notebook: NotebookNode) -> tuple[dict, float, dict]:
    _, close, figure, claim = notebook.cells
    return close.metadata.compare.seen, figure.metadata.compare.moves, claim.outputs[0].data[CLAIM_MIME]["range"]


def test_differences_between_runs_are_written_down() -> None:
    first = chapter()
    assert measured(chapter("0.9"), [first, chapter("0.510", 2.5, curve(1)), chapter("0.501", 1.5)], NAMES) == []
    relative, moved, ranges = seen(first)
    assert relative == {"best-loss": 0.02}
    assert moved == 1.0
    assert ranges == {"value": [1.5, 2.5], "baseline": [[0, 0.375], [0, 0.625]]}
    assert first.metadata[META].processors == NAMES


def test_where_nothing_differs_that_is_written_too() -> None:
    first = chapter()
    measured(chapter("0.9"), [first, chapter()], NAMES)
    assert seen(first) == ({}, 0.0, {})


def test_another_processor_only_widens() -> None:
    stored, other = chapter(), chapter("0.505", 2.2)
    measured(chapter("0.9"), [stored, chapter("0.510", 2.5, curve(1))], NAMES)
    assert measured(stored, [other, chapter("0.506", 2.1)], ["B, AVX-512, 1 thread"]) == []
    assert seen(other) == ({"best-loss": 0.02}, 1.0, {"value": [2.0, 2.5], "baseline": [[0, 0.5], [0, 0.625]]})
    assert other.metadata[META].processors == [*NAMES, "B, AVX-512, 1 thread"]


def test_other_outputs_start_anew() -> None:
    stored, other = chapter(), chapter("0.600", 2.0)
    measured(chapter("0.9"), [stored, chapter("0.510", 2.5, curve(1))], NAMES)
    measured(stored, [other, chapter("0.606", 2.1)], ["B, AVX-512, 1 thread"])
    assert seen(other) == ({"best-loss": 0.01}, 0.0, {"value": [2.0, 2.1], "baseline": [[0, 0.5], [0, 0.525]]})
    assert other.metadata[META].processors == ["B, AVX-512, 1 thread"]


def test_runs_that_print_other_words_are_refused() -> None:
    assert "text differs" in measured(chapter(), [chapter(), chapter(words="gnat")], NAMES)[0]
    free = [chapter(), chapter(words="gnat")]
    for run in free:
        run.cells[0].metadata["free"] = {"reason": "drawn"}
    assert measured(chapter(), free, NAMES) == []


def test_a_single_run_keeps_ranges_and_adds_none() -> None:
    stored, once = chapter(), chapter("0.500", 9.0)
    measured(chapter("0.9"), [stored, chapter("0.510", 2.5)], NAMES)
    before = deepcopy(stored)
    keep_ranges(stored, once)
    assert once.cells[3].outputs[0].data[CLAIM_MIME]["range"] == {
        "value": [2.0, 2.5],
        "baseline": [[0, 0.5], [0, 0.625]],
    }
    assert stored == before
    fresh = chapter()
    keep_ranges(chapter(), fresh)
    assert "range" not in fresh.cells[3].outputs[0].data[CLAIM_MIME]


def test_the_extent_of_lists_is_entry_by_entry() -> None:
    assert extent([3, 1, 2]) == [1, 3]
    assert extent([[3, 5], [4, 2]]) == [[3, 2], [4, 5]]


@pytest.mark.parametrize(
    ("flags", "sets"),
    [
        ("sse4_2 avx avx2 avx512f", ["AVX-512", "AVX-512", "AVX2", "AVX", "SSE4.2"]),
        ("sse4_2 avx avx2", ["AVX2", "AVX2", "AVX", "SSE4.2"]),
        ("sse4_2", ["SSE4.2", "SSE4.2"]),
    ],
)
def test_a_processor_plays_every_earlier_one(flags: str, sets: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "flags", lambda: {"model name": "Intel X", "flags": flags})
    found = processors.settings()
    assert [name.split(", ")[1] for name in found] == sets
    assert [name.split(", ")[2] for name in found][:2] == ["1 thread", "2 threads"]
    assert [setting["OMP_NUM_THREADS"] for setting in found.values()] == ["1", "2", *["1"] * (len(sets) - 2)]
    assert "ONEDNN_MAX_CPU_ISA" not in next(iter(found.values()))


def test_an_unknown_processor_plays_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "flags", dict)
    assert len(processors.settings()) == 2
