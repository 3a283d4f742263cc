"""What the book and its library are held to: questions, what the stored studies answer, and bars."""

import operator
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any, NamedTuple

OTHER_LOADERS = {"Keras": "keras", "torchvision": "torchvision"}
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


def middle(rows: Iterable[dict[str, Any]], column: str) -> float:
    """Return the median of a column."""
    return median(row[column] for row in rows)


def bars(house: dict[str, Any], costs: dict[str, Any]) -> list[Bar]:
    """Hold two studies to what was promised."""
    imports = 1000 * median(map(above_numpy, house["imports"]))
    frameworks = max(len(row["frameworks"]) for row in house["imports"])
    load = middle(house["loading"], "rnn_utils")
    others = {name: key for name, key in OTHER_LOADERS.items() if key in house["loading"][0]}
    beside = "".join(f"; {name} {middle(house['loading'], key):.2g} s" for name, key in others.items())
    book, last = middle(house["rendering"], "book"), middle(house["validating"], "last_part")
    rendered, tested = (dearer(house["growth"], part) for part in ("book", "tests"))
    all_tests = middle(house["testing"], "seconds") / 60
    learns = median(numpy_against_layer(row) for row in costs["ladder"] if row["n"] == 128)
    off = max(map(moved, costs["used"]))
    no_card = "no card"
    package, page, tests, nets, card = (
        "Is the package light?",
        "Does a change show at once?",
        "Is a change tested soon?",
        "Are the nets right, and quick?",
        "And on a graphics card?",
    )
    return [
        Bar(package, "importing rnn_utils, above NumPy", imports, "<=", 150, "ms"),
        Bar(package, "frameworks that it imports", frameworks, "==", 0),
        Bar(package, f"load_mnist, warm{beside}", load, "<=", 0.4, "s"),
        Bar(page, "rendering the book from scratch", book, "<=", 60, "s"),
        Bar(page, "rendering after one changed page (from scratch, too)", book, "<=", 20, "s"),
        Bar(page, "rendering one more chapter, late over early", rendered, "<=", 1),
        Bar(tests, "everything, on two quiet cores", all_tests, "<=", 18, "min"),
        Bar(tests, "the last part and this page: run, compared, rendered", last + book, "<=", 300, "s"),
        Bar(tests, "testing the page of one more, late over early", tested, "<=", 1),
        Bar(nets, "NumPy's LSTM learns, times PyTorch's layer (128 images)", learns, "<", 2),
        Bar(nets, "the same, aimed at", learns, "<=", 1.5),
        Bar(nets, "ONNX moves a logit by, of the largest", off, "<=", 1e-5),
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


def dearer(growth: list[dict[str, Any]], part: str) -> float:
    """Return what a chapter more costs among many, times what it costs among some."""
    few, some, many = sorted({row["chapters"] for row in growth})
    costs = {size: middle((row for row in growth if row["chapters"] == size), part) for size in (few, some, many)}
    return (costs[many] - costs[some]) / (many - some) / ((costs[some] - costs[few]) / (some - few))


def above_numpy(row: dict[str, Any]) -> float:
    """Return the seconds that the package adds to NumPy."""
    return row["rnn_utils"] - row["numpy"]
