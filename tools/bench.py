"""Print what the book and its library are held to, and what was measured (`make bench`).

First the runs are done that are not stored: on a machine of your own, delete ``benchmarks/results/`` of the two
studies before, and keep the machine quiet for three quarters of an hour.
"""

import argparse
import operator
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any, NamedTuple

from rnn_utils import recall
from tools.study import complete

STUDIES = ("house_speed", "lstm_costs")
HOLDS: dict[str, Callable[[float, float], bool]] = {"<": operator.lt, "<=": operator.le, "==": operator.eq}


class Bar(NamedTuple):
    """A question, its answer and what it is held to; where there is no answer, why."""

    question: str
    measured: float | str
    holds: str
    bar: float
    unit: str = ""

    def verdict(self) -> str:
        """Return the line that is printed."""
        if isinstance(self.measured, str):
            said, met = self.measured, "not measured"
        else:
            said, met = f"{self.measured:.3g}", "met" if HOLDS[self.holds](self.measured, self.bar) else "NOT MET"
        return f"{self.question:<56} {said:>8}  {self.holds:<2} {self.bar:g} {self.unit:<3} {met}"


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
    return [
        Bar("NumPy's LSTM learns, times PyTorch's layer (128 images)", learns, "<", 2),
        Bar("the same, aimed at", learns, "<=", 1.5),
        Bar("ONNX moves a logit by, of the largest", max(moved(row) for row in costs["used"]), "<=", 1e-5),
        Bar("importing rnn_utils, above NumPy", 1000 * middle(house["imports"], above_numpy), "<=", 150, "ms"),
        Bar("frameworks that it imports", max(len(row["frameworks"]) for row in house["imports"]), "==", 0),
        Bar("load_mnist, warm", middle(house["loading"], lambda row: row["load_mnist"]), "<=", 0.4, "s"),
        Bar("rendering the book from scratch", book, "<=", 60, "s"),
        Bar("rendering after one changed page (from scratch, too)", book, "<=", 20, "s"),
        Bar(f"a chapter more, among {many_more}, times one among {some}", late / early, "<=", 1),
        Bar("LSTM-128 to 99.0 % of the digits, one H100", no_card, "<=", 3, "s"),
        Bar("its time between kernels", no_card, "<=", 15, "%"),
    ]


def numpy_against_layer(row: dict[str, Any]) -> float:
    """Return how many times as long as PyTorch's layer NumPy takes for a step of learning."""
    return row["NumPy"]["ms"] / row["layer"]["ms"]


def moved(row: dict[str, Any]) -> float:
    """Return by what part of the largest logit ONNX differs."""
    return row["ONNX"]["off"] / row["largest"]


def above_numpy(row: dict[str, Any]) -> float:
    """Return the seconds that the package adds to NumPy."""
    return row["rnn_utils"] - row["numpy"]


def main() -> None:
    """Do what is left of the studies, and print a line a bar."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for study in STUDIES:
        complete(study, 1)
    print("\n".join(bar.verdict() for bar in bars(*map(recall, STUDIES))))
    for study in STUDIES:
        for sitting in recall(study)["sittings"]:
            machine = sitting["machine"]
            print(f"{study}: {machine['processor']}, {machine['cores']} cores, {machine['system']}, {sitting['date']}")


if __name__ == "__main__":
    main()
