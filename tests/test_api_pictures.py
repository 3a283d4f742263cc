"""The drawings of the recurrent API show what they are given, and refuse what does not fit."""

import matplotlib
import numpy as np
import pytest
from matplotlib.patches import Rectangle

from rnn_utils.api_pictures import draw_ends, draw_layouts, draw_loop
from rnn_utils.errors import SettingError

matplotlib.use("agg")
import matplotlib.pyplot as plt


def texts(ax) -> list[str]:
    """Return the texts of an axes, in the order of their drawing."""
    return [text.get_text() for text in ax.texts]


def frames(ax) -> list[Rectangle]:
    """Return the rectangles with a thick edge."""
    return [patch for patch in ax.patches if isinstance(patch, Rectangle) and patch.get_linewidth() == 3]


def test_the_loop_names_what_goes_in_and_comes_out_once() -> None:
    _, ax = plt.subplots()
    assert draw_loop(ax) is ax
    for name in ("inputs", "outputs", "initial\n_state", "states"):
        assert texts(ax).count(name) == 1
    assert texts(ax).count("cell") == 3


def test_time_major_puts_one_step_together() -> None:
    batch_major, time_major = draw_layouts(3, sequences=2, read=2)
    assert texts(batch_major) == list("123123")
    assert texts(time_major) == list("112233")
    places = [[round(frame.get_x()) for frame in frames(ax)] for ax in (batch_major, time_major)]
    assert places == [[1, 4], [2, 3]]


@pytest.mark.parametrize("wrong", [{"sequences": 5}, {"sequences": 0}, {"read": 0}, {"read": 5}])
def test_a_layout_that_cannot_be_drawn_is_refused(wrong: dict) -> None:
    with pytest.raises(SettingError, match=r"draw_layouts: got .* expected 1 to 4 sequences"):
        draw_layouts(4, **wrong)


def test_the_last_real_step_of_each_sequence_is_framed() -> None:
    values = np.array([[0.1, 0.2, 0.3], [0.4, -0.5, 0.0]])
    (ax,) = draw_ends({"no lengths": values}, lengths=[3, 2])
    assert [(round(frame.get_x() + 0.5), round(frame.get_y() + 0.5)) for frame in frames(ax)] == [(2, 0), (1, 1)]
    assert texts(ax) == ["0.10", "0.20", "0.30", "0.40", "−0.50", "0.00"]
    assert ax.images[0].get_array().tolist() == values.tolist()
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "2", "3"]


def test_a_panel_of_another_size_is_refused() -> None:
    with pytest.raises(SettingError, match=r"draw_ends: mask has shape \(2, 3\); expected \(3, T\)"):
        draw_ends({"mask": np.zeros((2, 3))}, lengths=[3, 2, 1])
