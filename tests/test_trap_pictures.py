"""The drawings of the traps show what they say, and refuse what shows nothing."""

import matplotlib
import numpy as np
import pytest

from rnn_utils.clip import clip_by_global_norm
from rnn_utils.errors import SettingError
from rnn_utils.trap_pictures import clip_each, draw_both_ways, draw_clipping, draw_padding

matplotlib.use("agg")
import matplotlib.pyplot as plt


def test_each_box_says_how_much_was_read() -> None:
    texts = [text.get_text() for text in draw_both_ways(4).texts]
    assert [text for text in texts if text.isdigit()] == ["1", "2", "3", "4", "4", "3", "2", "1"]


def test_the_last_index_is_framed_and_the_full_boxes_are_filled() -> None:
    patches = draw_both_ways(4).patches
    rectangles = [patch for patch in patches if isinstance(patch, plt.Rectangle)]
    frame, *full = rectangles
    last = 4.0 + 2.3 * 3
    assert not frame.get_fill()
    assert frame.get_x() < last < frame.get_x() + frame.get_width()
    centres = [(patch.get_x() + patch.get_width() / 2, patch.get_y() + patch.get_height() / 2) for patch in full]
    np.testing.assert_allclose(centres, [(last, 3.2), (4.0, 5.7)])  # forward at the end, backward at the start


def test_one_step_has_no_two_ways() -> None:
    with pytest.raises(SettingError, match="draw_both_ways: steps is 1; expected at least 2"):
        draw_both_ways(1)


def test_padding_is_shaded_from_the_end_of_the_sequence() -> None:
    states = np.arange(10.0).reshape(5, 2)
    ax = draw_padding(states, length=2)
    (shade,) = ax.patches
    assert shade.get_x() == 2
    for line, unit in zip(ax.lines, states.T, strict=False):
        np.testing.assert_array_equal(line.get_ydata(), unit)
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4, 5])


@pytest.mark.parametrize("length", [0, 5, 6])
def test_no_padding_is_refused(length: int) -> None:
    with pytest.raises(SettingError, match=f"draw_padding: length is {length}; expected 1 to 4"):
        draw_padding(np.zeros((5, 2)), length)


def test_arrows_end_where_clipping_ends() -> None:
    gradient, limit = (3.0, 1.2), 1.0
    arrows = [
        patch
        for patch in draw_clipping(gradient, limit).patches
        if isinstance(patch, matplotlib.patches.FancyArrowPatch)
    ]
    ends = [arrow._posA_posB[1] for arrow in arrows]
    together = clip_by_global_norm(np.array(gradient), limit).gradients
    np.testing.assert_allclose(ends, [gradient, clip_each(gradient, limit), together])


def test_a_short_gradient_is_refused() -> None:
    with pytest.raises(SettingError, match=r"draw_clipping: the norm is 0\.5; expected one above the limit, 1"):
        draw_clipping((0.3, 0.4))


def test_drawings_are_made_where_asked() -> None:
    _, axes = plt.subplots(3)
    assert draw_both_ways(ax=axes[0]) is axes[0]
    assert draw_padding(np.zeros((5, 2)), 2, ax=axes[1]) is axes[1]
    assert draw_clipping(ax=axes[2]) is axes[2]
