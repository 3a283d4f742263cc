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


def test_every_bar_was_measured_or_says_why_not(studies: list[dict[str, Any]]) -> None:
    assert {bar.said() for bar in bars(*studies) if bar.verdict() == "not measured"} == {"no card"}


@pytest.mark.parametrize(
    ("part", "table", "change"),
    [
        ("importing", "imports", lambda row: row.update(rnn_utils=row["numpy"] + 0.151)),
        ("frameworks", "imports", lambda row: row.update(frameworks=["torch"])),
        ("load_mnist", "loading", lambda row: row.update(rnn_utils=0.41)),
        ("from scratch", "rendering", lambda row: row.update(book=61)),
        ("rendering one more chapter", "growth", lambda row: row.update(book=row["chapters"] ** 1.1 + 60)),
        ("everything", "testing", lambda row: row.update(seconds=1081)),
        ("the last part", "validating", lambda row: row.update(last_part=300)),
        ("testing the page", "growth", lambda row: row.update(tests=row["chapters"] ** 1.1 + 60)),
    ],
)
def test_a_slower_house_misses_its_bar(studies: list[dict[str, Any]], part: str, table: str, change: Any) -> None:
    for row in studies[0][table]:
        change(row)
    missed = [bar for bar in bars(*studies) if part in bar.asked]
    assert missed and all(bar.verdict() == "not met" for bar in missed)


def test_what_grows_in_step_meets_its_bar(studies: list[dict[str, Any]]) -> None:
    for row in studies[0]["growth"]:
        row["book"] = row["tests"] = 2 * row["chapters"] + 60
    for part in ("rendering one more chapter", "testing the page"):
        assert found(studies, part).verdict() == "met"


def test_others_stand_beside_where_they_were_measured(studies: list[dict[str, Any]]) -> None:
    for row in studies[0]["loading"]:
        row.update(keras=0.125)
        row.pop("torchvision", None)
    assert found(studies, "load_mnist").asked == "load_mnist, warm; Keras 0.12 s"


def test_a_bar_compares_as_it_says() -> None:
    assert Bar("a", "b", 1.0, "<", 1).verdict() == "not met"
    assert Bar("a", "b", 1.0, "<=", 1).verdict() == "met"
    assert Bar("a", "b", 1, "==", 0).verdict() == "not met"
    assert Bar("a", "b", 9.9, ">=", 10).verdict() == "not met"
