"""The drawings of gates say what they are given, and refuse what does not fit."""

import matplotlib
import numpy as np
import pytest

from rnn_utils.chapters.ch04_gate_pictures import draw_gates, draw_gru_cell, draw_lstm_cell

matplotlib.use("agg")


@pytest.mark.parametrize(("draw", "names"), [(draw_lstm_cell, "ifgo"), (draw_gru_cell, "zrn")])
def test_every_part_of_a_cell_is_named(draw, names: str) -> None:
    texts = [text.get_text() for text in draw().texts]
    assert [f"${name}$" in texts for name in names] == [True] * len(names)
    assert texts.count("$+$") == 1


def test_bars_are_as_high_as_the_gates() -> None:
    gates = {"i": np.array([0.2, 0.9, 0.4]), "o": np.array([0.0, 0.5, 1.0])}
    answers, truth = np.array([0.0, 0.3, -0.2]), np.array([0.0, 0.4, -0.4])
    *panels, last = draw_gates(["", "+", "="], gates, answers, truth)
    for ax, values in zip(panels, gates.values(), strict=True):
        assert [bar.get_height() for bar in ax.patches][3:] == list(values)
    drawn = {line.get_label(): list(line.get_ydata()) for line in last.lines[1:]}
    assert drawn == {"right": list(truth), "the net": list(answers)}
    assert [text.get_text() for text in last.get_xticklabels()] == ["·", "+", "="]
