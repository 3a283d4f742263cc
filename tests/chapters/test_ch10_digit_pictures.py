"""The drawings of a digit being read show what they are given, and refuse what does not fit."""

import matplotlib
import numpy as np
import pytest

from rnn_utils.chapters.ch10_digit_pictures import draw_inside, draw_opinion
from rnn_utils.drawing import GATES

matplotlib.use("agg")
from matplotlib.colors import to_hex

T, D = 28, 20


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_opinion_is_drawn_row_by_row_beside_the_image(rng: np.random.Generator) -> None:
    image, probabilities = rng.random((T, D)), rng.dirichlet(np.ones(10), T)
    left, right = draw_opinion(image, probabilities, truth=4)
    np.testing.assert_array_equal(left.images[0].get_array(), image)
    np.testing.assert_array_equal(right.collections[0].get_array().reshape(T, 10), probabilities)
    assert left.get_ylim() == right.get_ylim()
    assert left.get_ylim()[0] > left.get_ylim()[1], "time runs downwards"
    assert set(right.lines[0].get_xdata()) == {3.5, 4.5}, "the right digit is framed"


def test_states_and_gates_are_drawn_row_by_row(rng: np.random.Generator) -> None:
    image, states = rng.random((T, D)), rng.uniform(-1, 1, (T, 5))
    gates = {name: rng.random(T) for name in ("f", "o")}
    _, middle, right = draw_inside(image, states, gates)
    np.testing.assert_array_equal(middle.collections[0].get_array().reshape(T, 5), states)
    low, high = middle.collections[0].to_rgba([-1.0, 1.0])
    assert low[0] > low[2] and high[2] > high[0], "orange below zero, blue above"
    lines = {to_hex(line.get_color()): line for line in right.lines}
    for name, values in gates.items():
        np.testing.assert_array_equal(lines[GATES[name]].get_xdata(), values)
        np.testing.assert_array_equal(lines[GATES[name]].get_ydata(), np.arange(1, T + 1))


def test_names_of_gates_do_not_hide_each_other() -> None:
    gates = {"i": np.array([0.5, 0.5]), "f": np.array([0.1, 0.9]), "o": np.array([0.5, 0.51])}
    *_, right = draw_inside(np.zeros((2, 3)), np.zeros((2, 4)), gates)
    names = {text.get_text(): text.get_position()[0] for text in right.texts}
    assert list(names) == ["$i$", "$o$", "$f$"]
    assert names["$i$"] == 0.5 and names["$f$"] == 0.9
    assert names["$o$"] - names["$i$"] > 0.1


def test_states_of_another_sequence_are_refused() -> None:
    with pytest.raises(TypeError, match="Dimensions of C"):
        draw_inside(np.zeros((3, 3)), np.zeros((2, 4)), {})
