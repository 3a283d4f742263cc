"""The drawings of the recurrent API show what they are given, and refuse what does not fit."""

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, Rectangle

from rnn_utils.chapters.ch12_api_pictures import draw_depth_and_direction, draw_ends, draw_layouts, draw_loop
from rnn_utils.drawing import BACK, FAINT, INPUT
from rnn_utils.errors import SettingError

matplotlib.use("agg")


def texts(ax) -> list[str]:
    """Return the texts of an axes, in the order of their drawing."""
    return [text.get_text() for text in ax.texts]


def frames(ax) -> list[Rectangle]:
    """Return the rectangles with a thick edge."""
    return [patch for patch in ax.patches if isinstance(patch, Rectangle) and patch.get_linewidth() == 3]


def test_the_loop_names_what_goes_in_and_comes_out_once() -> None:
    ax = draw_loop()
    for name in ("inputs", "outputs", "initial\n_state", "states"):
        assert texts(ax).count(name) == 1
    assert texts(ax).count("cell") == 3


def test_time_major_puts_one_step_together() -> None:
    batch_major, time_major = draw_layouts()
    assert texts(batch_major) == list("123412341234")
    assert texts(time_major) == list("111222333444")
    places = [[round(frame.get_x()) for frame in frames(ax)] for ax in (batch_major, time_major)]
    assert places == [[1, 5, 9], [3, 4, 5]]  # the inputs of step 2


def heads(ax, colour: str) -> int:
    """Count the arrows of a colour."""
    return sum(isinstance(part, FancyArrowPatch) and to_hex(part.get_edgecolor()) == colour for part in ax.patches)


def test_two_layers_read_what_one_reads_and_two_directions_read_all() -> None:
    layers, ways = draw_depth_and_direction()
    assert heads(layers, INPUT) == 3  # of four inputs, the third output has read these
    assert heads(ways, INPUT) == 5  # all four, the third in both directions
    assert (heads(layers, BACK), heads(ways, BACK)) == (0, 1)
    assert heads(layers, FAINT) > 0


def test_the_last_real_step_of_each_sequence_is_framed() -> None:
    values = np.array([[0.1, 0.2, 0.3], [0.4, -0.5, 0.0]])
    (ax,) = draw_ends({"no lengths": values}, lengths=[3, 2])
    assert [(round(frame.get_x() + 0.5), round(frame.get_y() + 0.5)) for frame in frames(ax)] == [(2, 0), (1, 1)]
    assert texts(ax) == ["0.10", "0.20", "0.30", "0.40", "−0.50", "0.00"]
    assert ax.images[0].get_array().tolist() == values.tolist()
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "2", "3"]


def test_time_major_outputs_are_refused() -> None:
    with pytest.raises(SettingError, match=r"draw_ends: mask has shape \(2, 3\); expected \(3, T\).* Swap the axes"):
        draw_ends({"mask": np.zeros((2, 3))}, lengths=[3, 2, 1])
