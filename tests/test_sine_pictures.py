"""The pictures of the sine chapter show what they are given, and refuse what does not fit."""

import matplotlib
import numpy as np
import pytest

from rnn_utils.errors import SettingError
from rnn_utils.sine_pictures import WHEEL, draw_other_waves, draw_path, draw_portraits

matplotlib.use("agg")
import matplotlib.pyplot as plt

T = 0.4 * np.arange(30)
CIRCLE = np.stack([np.sin(T), np.cos(T)], axis=1)


def test_points_stand_where_they_are_and_the_given_ones_are_hollow() -> None:
    filled, hollow = draw_path(CIRCLE, T, given=5).collections
    assert np.allclose(filled.get_offsets(), CIRCLE[5:])
    assert np.allclose(hollow.get_offsets(), CIRCLE[:5])
    assert np.allclose(hollow.get_facecolor(), 1)
    assert np.allclose(filled.get_facecolor(), WHEEL(T[5:] % (2 * np.pi) / (2 * np.pi)))


def test_a_colour_is_a_place_on_the_wave() -> None:
    first = draw_path(CIRCLE, T).collections[0].get_facecolor()
    later = draw_path(CIRCLE, T + 2 * np.pi).collections[0].get_facecolor()
    assert np.allclose(first, later, atol=0.02)  # the colour wheel has 256 places
    assert not np.allclose(first, draw_path(CIRCLE, T + np.pi).collections[0].get_facecolor(), atol=0.1)
    assert np.allclose(WHEEL(0.0), WHEEL(1.0))


def test_a_path_is_drawn_where_asked_at_equal_scales() -> None:
    _, ax = plt.subplots()
    assert draw_path(CIRCLE, T, ax=ax) is ax
    assert ax.get_aspect() == 1


def test_every_path_has_a_panel() -> None:
    axes = draw_portraits([CIRCLE, 2 * CIRCLE, 3 * CIRCLE], T, rows=2)
    assert [np.abs(ax.collections[0].get_offsets()).max().round() for ax in axes] == [1, 2, 3]
    assert len(axes[0].figure.axes) == 3  # the fourth, empty, is gone


def test_other_waves_show_truth_and_answer() -> None:
    axes = draw_other_waves(["$a$", "$b$"], [T, 2 * T], [T + 1, 2 * T + 1])
    for factor, ax, name in zip((1, 2), axes, ("$a$", "$b$"), strict=True):
        truth, answer = (line.get_ydata() for line in ax.lines)
        assert np.array_equal(truth, factor * T)
        assert np.array_equal(answer, factor * T + 1)
        assert ax.get_ylabel() == name


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(SettingError, match=r"draw_path: path has shape \(30, 2\); expected \(29, 2\)"):
        draw_path(CIRCLE, T[1:])
    with pytest.raises(SettingError, match="draw_other_waves: 2 names"):
        draw_other_waves(["a", "b"], [T], [T])
    with pytest.raises(SettingError, match=r"lengths \(\[30\], \[29\]\)"):
        draw_other_waves(["a"], [T], [T[1:]])
