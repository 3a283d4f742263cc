"""The pictures of the sine chapter show what they are given, and refuse what does not fit."""

import matplotlib
import numpy as np
import pytest

from rnn_utils.chapters.ch20_sine_pictures import WHEEL, draw_path, draw_starts, name_places

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


def test_places_are_named_where_they_are() -> None:
    ax = plt.subplots()[1]
    names = {name.get_text(): np.array(name.get_position()) for name in name_places(ax, CIRCLE * [2, 1], T)}
    assert list(names) == ["top", "falling", "bottom", "rising"]
    for name, (x, y) in {"top": (2, 0), "falling": (0, -1), "bottom": (-2, 0), "rising": (0, 1)}.items():
        assert np.abs(names[name] - [0.68 * x, 0.68 * y]).max() < 0.4, name
        assert np.hypot(*(names[name] / [2, 1])) < 0.8, f"{name} stands on the loop"


def test_starts_show_truth_given_points_and_both_nets() -> None:
    axes = draw_starts(["$a$", "$b$"], [T, 2 * T], [[T[6:] + 1, T[6:] + 2], [T[6:] + 3, T[6:] + 4]])
    for place, (ax, name) in enumerate(zip(axes, ("$a$", "$b$"), strict=True)):
        truth, by_one, by_many, given = ax.lines
        assert np.array_equal(truth.get_ydata(), (1 + place) * T)
        assert np.array_equal(by_one.get_xdata(), np.arange(6, 30))
        assert np.array_equal(by_one.get_ydata(), T[6:] + 1 + place)
        assert np.array_equal(by_many.get_ydata(), T[6:] + 3 + place)
        assert len(given.get_ydata()) == 5
        assert ax.get_ylabel() == name


def test_nets_and_waves_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        draw_starts(["a", "b"], [T, T], [[T[6:]], [T[6:]]])
