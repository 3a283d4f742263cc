"""The pictures of the sine chapter show what they are given, and refuse what does not fit."""

import matplotlib
import numpy as np
import pytest

from rnn_utils.chapters.ch20_sine_pictures import WHEEL, draw_other_waves, draw_path, draw_portraits

matplotlib.use("agg")
import matplotlib.pyplot as plt

T = 0.4 * np.arange(30)
CIRCLE = np.stack([np.sin(T), np.cos(T)], axis=1)


def test_points_stand_where_they_are_and_the_given_ones_are_hollow() -> None:
    ax = plt.subplots()[1]
    filled, hollow = draw_path(CIRCLE, T, ax=ax, given=5).collections
    assert np.allclose(filled.get_offsets(), CIRCLE[5:])
    assert np.allclose(hollow.get_offsets(), CIRCLE[:5])
    assert np.allclose(hollow.get_facecolor(), 1)
    assert np.allclose(filled.get_facecolor(), WHEEL(T[5:] % (2 * np.pi) / (2 * np.pi)))
    assert ax.get_aspect() == 1


def test_a_colour_is_a_place_on_the_wave() -> None:
    first, later, elsewhere = (
        draw_path(CIRCLE, angles, ax=plt.subplots()[1]).collections[0].get_facecolor()
        for angles in (T, T + 2 * np.pi, T + np.pi)
    )
    assert np.allclose(first, later, atol=0.02)  # the colour wheel has 256 places
    assert not np.allclose(first, elsewhere, atol=0.1)
    assert np.allclose(WHEEL(0.0), WHEEL(1.0))


def test_every_path_has_a_panel() -> None:
    axes = draw_portraits([size * CIRCLE for size in range(1, 21)], T)
    assert [np.abs(ax.collections[0].get_offsets()).max().round() for ax in axes] == list(range(1, 21))


def test_other_waves_show_truth_and_answer() -> None:
    axes = draw_other_waves(["$a$", "$b$"], [T, 2 * T], [T + 1, 2 * T + 1])
    for factor, ax, name in zip((1, 2), axes, ("$a$", "$b$"), strict=True):
        truth, answer = (line.get_ydata() for line in ax.lines)
        assert np.array_equal(truth, factor * T)
        assert np.array_equal(answer, factor * T + 1)
        assert ax.get_ylabel() == name


def test_waves_a_step_apart_are_refused() -> None:
    with pytest.raises(ValueError, match=r"x and y must have same first dimension"):
        draw_other_waves(["a", "b"], [T, T], [T, T[1:]])
