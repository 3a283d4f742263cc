"""What the book and its library are held to: questions, what the stored studies answer, and bars."""

import operator
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any, NamedTuple

STUDIES = ("house_speed", "lstm_costs")
HOLDS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    ">=": operator.ge,
}


class Bar(NamedTuple):
    """What is asked, what was measured and what it is held to; where nothing was measured, why."""

    about: str
    asked: str
    measured: float | str
    holds: str
    bar: float
    unit: str = ""

    def said(self) -> str:
        """Return what was measured, in words."""
        return self.measured if isinstance(self.measured, str) else f"{self.measured:.3g}"

    def verdict(self) -> str:
        """Say whether the bar is met."""
        if isinstance(self.measured, str):
            return "not measured"
        return "met" if HOLDS[self.holds](self.measured, self.bar) else "not met"


def middle(rows: Iterable[dict[str, Any]], value: Callable[[dict[str, Any]], float]) -> float:
    """Return the median of a value over rows."""
    return median(value(row) for row in rows)


def bars(house: dict[str, Any], costs: dict[str, Any]) -> list[Bar]:
    """Hold two studies to what was promised."""
    learns = middle((row for row in costs["ladder"] if row["n"] == 128), numpy_against_layer)
    book = middle(house["rendering"], lambda row: row["book"])
    grown = {
        count: middle([row for row in house["growth"] if row["chapters"] == count], lambda row: row["book"])
        for count in {row["chapters"] for row in house["growth"]}
    }
    few, some, many_more = sorted(grown)
    early, late = ((grown[b] - grown[a]) / (b - a) for a, b in ((few, some), (some, many_more)))
    no_card = "no card"
    package, page, nets, card = (
        "Is the package light?",
        "Does a change show at once?",
        "Are the nets right, and quick?",
        "And on a graphics card?",
    )
    return [
        Bar(package, "importing rnn_utils, above NumPy", 1000 * middle(house["imports"], above_numpy), "<=", 150, "ms"),
        Bar(package, "frameworks that it imports", max(len(row["frameworks"]) for row in house["imports"]), "==", 0),
        Bar(package, "load_mnist, warm", middle(house["loading"], lambda row: row["load_mnist"]), "<=", 0.4, "s"),
        Bar(page, "rendering the book from scratch", book, "<=", 60, "s"),
        Bar(page, "rendering after one changed page (from scratch, too)", book, "<=", 20, "s"),
        Bar(page, f"a chapter more, among {many_more}, times one among {some}", late / early, "<=", 1),
        Bar(nets, "NumPy's LSTM learns, times PyTorch's layer (128 images)", learns, "<", 2),
        Bar(nets, "the same, aimed at", learns, "<=", 1.5),
        Bar(nets, "ONNX moves a logit by, of the largest", max(moved(row) for row in costs["used"]), "<=", 1e-5),
        Bar(card, "LSTM-128 to 99.0 % of the digits, one H100", no_card, "<=", 3, "s"),
        Bar(card, "its time between kernels", no_card, "<=", 15, "%"),
        Bar(card, "8,192 steps: a scan trains, times the fused LSTM", no_card, ">=", 10),
    ]


def machines(studies: Iterable[dict[str, Any]]) -> list[str]:
    """Name the machines that measured, and the days."""
    sittings = [(sitting["machine"], sitting["date"]) for study in studies for sitting in study["sittings"]]
    named = [f"{each['processor']}, {each['cores']} cores, {each['system']}, {date}" for each, date in sittings]
    return sorted(set(named))


def numpy_against_layer(row: dict[str, Any]) -> float:
    """Return how many times as long as PyTorch's layer NumPy takes for a step of learning."""
    return row["NumPy"]["ms"] / row["layer"]["ms"]


def moved(row: dict[str, Any]) -> float:
    """Return by what part of the largest logit ONNX differs."""
    return row["ONNX"]["off"] / row["largest"]


def above_numpy(row: dict[str, Any]) -> float:
    """Return the seconds that the package adds to NumPy."""
    return row["rnn_utils"] - row["numpy"]
