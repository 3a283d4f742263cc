"""The drawings of gates say what they are given, and refuse what does not fit."""

import matplotlib
import numpy as np
import pytest

from rnn_utils.errors import SettingError
from rnn_utils.gate_pictures import draw_gates, draw_gru_cell, draw_lstm_cell

matplotlib.use("agg")
import matplotlib.pyplot as plt


@pytest.mark.parametrize(("draw", "names"), [(draw_lstm_cell, "ifgo"), (draw_gru_cell, "zrn")])
def test_every_part_of_a_cell_is_named_once(draw, names: str) -> None:
    texts = [text.get_text() for text in draw().texts]
    assert [texts.count(f"${name}$") >= 1 for name in names] == [True] * len(names)
    assert texts.count("$+$") == 1


def test_a_cell_is_drawn_where_asked() -> None:
    _, ax = plt.subplots()
    assert draw_lstm_cell(ax) is ax
    assert draw_gru_cell(ax) is ax


def test_bars_are_as_high_as_the_gates() -> None:
    gates = {"i": np.array([0.2, 0.9, 0.4]), "o": np.array([0.0, 0.5, 1.0])}
    axes = draw_gates(["", "+", "="], gates, answers=np.zeros(3), truth=np.zeros(3))
    for ax, values in zip(axes, gates.values(), strict=False):
        assert [bar.get_height() for bar in ax.patches][3:] == list(values)
    assert [text.get_text() for text in axes[-1].get_xticklabels()] == ["·", "+", "="]


def test_a_missing_value_is_refused() -> None:
    with pytest.raises(SettingError, match=r"draw_gates: answers has shape \(1,\); expected \(2,\)"):
        draw_gates(["+", "="], {"i": [0, 1]}, answers=[0], truth=[0, 1])
