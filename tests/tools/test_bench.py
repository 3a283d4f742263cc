"""What is held to bars is what the studies say, met or not, and what has no number says so."""

from copy import deepcopy
from typing import Any

import pytest

from rnn_utils import recall
from tools.bars import STUDIES, Bar, bars


@pytest.fixture
def studies() -> list[dict[str, Any]]:
    return [deepcopy(recall(study)) for study in STUDIES]


def found(studies: list[dict[str, Any]], part: str) -> Bar:
    (bar,) = [bar for bar in bars(*studies) if part in bar.asked]
    return bar


def test_every_bar_has_a_verdict(studies: list[dict[str, Any]]) -> None:
    for bar in bars(*studies):
        assert bar.verdict() in ("met", "not met", "not measured")
    assert found(studies, "H100").verdict() == "not measured"


@pytest.mark.parametrize(
    ("part", "table", "change"),
    [
        ("importing", "imports", lambda row: row.update(rnn_utils=row["numpy"] + 0.151)),
        ("frameworks", "imports", lambda row: row.update(frameworks=["torch"])),
        ("load_mnist", "loading", lambda row: row.update(load_mnist=0.41)),
        ("from scratch", "rendering", lambda row: row.update(book=61)),
        ("among", "growth", lambda row: row.update(book=row["chapters"] ** 1.1 + 60)),
    ],
)
def test_a_slower_house_misses_its_bar(studies: list[dict[str, Any]], part: str, table: str, change: Any) -> None:
    for row in studies[0][table]:
        change(row)
    missed = [bar for bar in bars(*studies) if part in bar.asked]
    assert missed and all(bar.verdict() == "not met" for bar in missed)


def test_what_grows_in_step_meets_its_bar(studies: list[dict[str, Any]]) -> None:
    for row in studies[0]["growth"]:
        row["book"] = 2 * row["chapters"] + 60
    assert found(studies, "among").verdict() == "met"


def test_a_bar_compares_as_it_says() -> None:
    assert Bar("a", "b", 1.0, "<", 1).verdict() == "not met"
    assert Bar("a", "b", 1.0, "<=", 1).verdict() == "met"
    assert Bar("a", "b", 1, "==", 0).verdict() == "not met"
    assert Bar("a", "b", 9.9, ">=", 10).verdict() == "not met"
