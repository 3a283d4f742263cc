"""A number is drawn as a length beside its bar, and says in words whether it keeps it."""

import re

import pytest

from book._ext.rnn_book import bars
from book._ext.rnn_book.bars import BarTables, bar_row, drawn
from rnn_utils import recall
from tools.bars import Bar


@pytest.mark.parametrize(("measured", "length"), [(0.5, 15), (2, 60), (3, 90), (50, 100)])
def test_a_number_is_drawn_to_the_scale_of_its_bar(measured: float, length: float) -> None:
    picture = drawn(Bar("a", "b", measured, "<=", 2))
    assert float(re.search(r'width="([\d.]+)"', picture)[1]) == length
    assert "M60.0 0v16" in picture
    assert ("not-met" in picture) == (measured > 2)


def test_what_was_not_measured_is_not_drawn() -> None:
    assert drawn(Bar("a", "b", "no card", "<=", 2)) == ""
    assert drawn(Bar("a", "b", 1, "==", 0)) == ""


@pytest.mark.parametrize(
    ("bar", "cells"),
    [
        (Bar("a", "an <import>", 21.94, "<=", 150, "ms"), ["an &lt;import&gt;", "21.9 ms", "≤ 150 ms", "met"]),
        (Bar("a", "a page", 40.8, "<=", 20, "s"), ["a page", "40.8 s", "≤ 20 s", "not met"]),
        (Bar("a", "a card", "no card", "<=", 3, "s"), ["a card", "no card", "≤ 3 s", "not measured"]),
    ],
)
def test_a_row_says_what_was_measured_and_whether_it_keeps_its_bar(bar: Bar, cells: list[str]) -> None:
    found = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", bar_row(bar))
    assert [cell.replace("&nbsp;", " ") for cell in found[:4]] == cells


@pytest.mark.parametrize("left_out", ["imports", "rendering", "growth", "testing"])
def test_the_book_is_rendered_before_all_runs_are_stored(left_out: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unfinished(study: str) -> dict:
        return {table: rows for table, rows in recall(study).items() if table != left_out}

    monkeypatch.setattr(bars, "recall", unfinished)
    (told,) = BarTables.run(None)
    assert told.astext() == "Not all runs are stored; make bench does the rest."
