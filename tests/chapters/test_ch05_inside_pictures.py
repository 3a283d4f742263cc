"""The cube shows every place as what it is, and joins those that differ by one switch."""

from itertools import product

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from rnn_utils.chapters.ch05_inside_pictures import LOOKS, draw_count, draw_cube, draw_pushes, neighbours, turned
from rnn_utils.drawing import BACK, INK, STATE

mpl.use("Agg")
CODES = np.array(list(product((-1, 0, 1), repeat=3)))


def test_neighbours_differ_by_one_switch() -> None:
    pairs = neighbours(CODES)
    assert len(pairs) == 54  # 12 edges and 3 axes of a cube in two halves each, and 6 faces with 4 spokes
    assert all(np.abs(CODES[one] - CODES[other]).sum() == 1 for one, other in pairs)


def test_turning_keeps_lengths_and_says_what_is_near() -> None:
    seen, depth = turned(np.eye(3), angle=0, tilt=0)
    np.testing.assert_allclose(seen, [[1, 0], [0, 0], [0, 1]], atol=1e-12)
    assert depth.argmin() == 1 and (depth.min(), depth.max()) == (0, 1)  # the second direction leads away
    seen, _ = turned(np.array([[0.0, 0, 1], [0, 0, 0]]), angle=30, tilt=90)
    np.testing.assert_allclose(seen, 0, atol=1e-12)  # from straight above, what is upright is a point


def test_every_place_has_the_look_of_its_kind() -> None:
    undecided = (CODES == 0).sum(axis=1)
    panels = draw_cube(CODES.astype(float), undecided, CODES, visited=CODES / 2)
    assert len(panels) == 4
    for ax in panels:
        dots = {tuple(dot.get_offsets()[0].round(6)): tuple(dot.get_facecolor()[0][:3]) for dot in ax.collections}
        assert len(dots) == 27
        counted = [list(dots.values()).count(to_rgb(colour)) for colour, _, _ in LOOKS]
        assert counted == [8, 12, 6, 1]
    words = [text.get_text() for text in panels[0].get_legend().get_texts()]
    assert words == ["corner", "edge", "face", "centre"]


def test_pulses_above_the_threshold_have_their_own_colour() -> None:
    ax = draw_pushes({0.2: np.ones(3), 0.5: np.zeros(3), 0.8: -np.ones(3)}, threshold=0.5)
    assert [line.get_color() for line in ax.lines[:3]] == [STATE, INK, BACK]
    widths = [line.get_linewidth() for line in ax.lines[:3]]
    assert widths == sorted(widths)


@pytest.mark.parametrize("learned", [2, 3])
def test_the_true_count_rises_and_falls(learned: int) -> None:
    ax = draw_count(np.arange(9.0), learned)
    true, held = ax.lines[:2]
    assert true.get_ydata().tolist() == [0, 1, 2, 3, 4, 3, 2, 1, 0]
    assert held.get_ydata().tolist() == list(range(9))
