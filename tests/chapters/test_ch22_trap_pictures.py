"""The drawings of the traps show what they say."""

import matplotlib
import numpy as np
import pytest

from rnn_utils.cells.gradients import clip_by_global_norm
from rnn_utils.chapters.ch22_trap_pictures import draw_both_ways, draw_clipping, draw_padding

matplotlib.use("agg")
import matplotlib.pyplot as plt


def test_each_box_says_how_much_was_read() -> None:
    texts = [text.get_text() for text in draw_both_ways().texts]
    assert [text for text in texts if text.isdigit()] == list("1234554321")


def test_the_last_index_is_framed_and_the_full_boxes_are_filled() -> None:
    patches = draw_both_ways().patches
    frame, *full = (patch for patch in patches if isinstance(patch, plt.Rectangle))
    last = 4.0 + 2.3 * 4
    assert not frame.get_fill()
    assert frame.get_x() < last < frame.get_x() + frame.get_width()
    centres = [(patch.get_x() + patch.get_width() / 2, patch.get_y() + patch.get_height() / 2) for patch in full]
    np.testing.assert_allclose(centres, [(last, 3.2), (4.0, 5.7)])  # forward at the end, backward at the start


def test_padding_is_shaded_from_the_end_of_the_sequence() -> None:
    states = np.arange(10.0).reshape(5, 2)
    ax = draw_padding(states, length=2)
    (shade,) = ax.patches
    begins, _ = ax.transData.inverted().transform(shade.get_extents().min)
    assert begins == pytest.approx(2)
    *lines, end = ax.lines
    assert set(end.get_xdata()) == {2}
    for line, unit in zip(lines, states.T, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), unit)
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4, 5])


def test_arrows_end_where_clipping_ends() -> None:
    arrows = [patch for patch in draw_clipping().patches if isinstance(patch, matplotlib.patches.FancyArrowPatch)]
    whole, alone, together = (arrow._posA_posB[1] for arrow in arrows)
    np.testing.assert_allclose(alone, np.clip(whole, -1, 1))
    np.testing.assert_allclose(together, clip_by_global_norm(np.array(whole), 1.0).gradients)
