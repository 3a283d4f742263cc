"""The drawings of gates say what they are given, and refuse what does not fit."""

import matplotlib
import numpy as np
import pytest

from rnn_utils.chapters.ch04_gate_pictures import draw_gates, draw_gru_cell, draw_lstm_backward, draw_lstm_cell

matplotlib.use("agg")


@pytest.mark.parametrize(("draw", "names"), [(draw_lstm_cell, "ifgo"), (draw_gru_cell, "zrn")])
def test_every_part_of_a_cell_is_named(draw, names: str) -> None:
    texts = [text.get_text() for text in draw().texts]
    assert [f"${name}$" in texts for name in names] == [True] * len(names)
    assert texts.count("$+$") == 1


def test_every_gate_is_a_sigmoid_and_every_candidate_a_tanh() -> None:
    for draw, sigmoids, tanhs in ((draw_lstm_cell, 3, 2), (draw_gru_cell, 2, 1)):  # tanh of c too
        texts = [text.get_text() for text in draw().texts]
        assert (texts.count(r"$\sigma$"), texts.count(r"$\tanh$")) == (sigmoids, tanhs)


def test_the_output_of_an_lstm_leaves_for_the_next_step_where_it_came_in() -> None:
    places = {(text.get_text(), text.get_position()) for text in draw_lstm_cell().texts}
    came_in = [y for text, (_, y) in places if text == "$h_{t-1}$"]
    assert len(came_in) == 1
    assert came_in[0] in [y for text, (_, y) in places if text == "$h_t$"]


def test_the_way_back_names_its_factors_and_slopes() -> None:
    texts = [text.get_text() for text in draw_lstm_backward().texts]
    factors = ["f", "c_{t-1}", "g", "i", r"o\,(1 - \tanh^2 c_t)", r"\tanh c_t"]
    assert [texts.count(rf"$\odot\, {factor}$") for factor in factors] == [1] * len(factors)
    slopes = [rf"${gate}\,(1 - {gate})$" for gate in "fio"] + ["$1 - g^2$"]
    assert [texts.count(slope) for slope in slopes] == [1] * 4
    for name in ("dc_t", "dc_{t-1}", "dh_t", "dh_{t-1}"):
        assert f"${name}$" in texts


def test_bars_are_as_high_as_the_gates() -> None:
    gates = {"i": np.array([0.2, 0.9, 0.4]), "o": np.array([0.0, 0.5, 1.0])}
    answers, truth = np.array([0.0, 0.3, -0.2]), np.array([0.0, 0.4, -0.4])
    *panels, last = draw_gates(["", "+", "="], gates, answers, truth)
    for ax, values in zip(panels, gates.values(), strict=True):
        assert [bar.get_height() for bar in ax.patches][3:] == list(values)
    drawn = {line.get_label(): list(line.get_ydata()) for line in last.lines[1:]}
    assert drawn == {"right": list(truth), "the net": list(answers)}
    assert [text.get_text() for text in last.get_xticklabels()] == ["·", "+", "="]
