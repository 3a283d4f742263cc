"""Lines lead from a sign of an answer to where the net looked, and lengths are drawn with all that was measured."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from rnn_utils.chapters.ch32_pair_pictures import PARTS, draw_lengths, draw_looks, draw_two_nets

mpl.use("Agg")
DAY = "1984-03-07"


def test_both_nets_show_all_their_signs() -> None:
    ax = draw_two_nets("May…", "1984…")
    words = [text.get_text() for text in ax.texts]
    for sign in [*"May", "<", "one row", "reads"]:
        assert sign in words
    assert [words.count(sign) for sign in "198"] == [2, 2, 2]  # written, and taken in at the next step


def test_each_figure_looks_where_its_weight_is() -> None:
    text = "7 May 1984"
    weights = np.zeros((10, len(text)))
    weights[[0, 1, 2, 3, 5, 6, 8, 9], [6, 7, 8, 9, 2, 3, 0, 0]] = 1.0
    weights[[4, 7], 1] = 1.0  # the dashes: not drawn
    (ax,) = draw_looks([(text, DAY, weights)])
    above = {text.get_position()[0]: text.get_text() for text in ax.texts if text.get_position()[1] > 1}
    below = {text.get_position()[0]: text.get_text() for text in ax.texts if text.get_position()[1] < 0}
    led = []
    for band in ax.patches:
        start, other, end, _, _ = band.get_xy()[:, 0]
        if other > start:
            middle = (start + other) / 2
            figure = min(below, key=lambda place: abs(place - middle))
            sign = min(above, key=lambda place: abs(place - (end - (other - start) / 2)))
            led.append((below[figure], above[sign], band.get_facecolor()[:3]))
    year, month, day = (to_rgb(colour) for _, _, colour in PARTS)
    assert led == [
        *(("1", "1", year), ("9", "9", year), ("8", "8", year), ("4", "4", year)),
        *(("0", "M", month), ("3", "a", month), ("0", "7", day), ("7", "7", day)),
    ]


def test_a_band_is_as_wide_as_its_weight_and_none_is_left_out() -> None:
    weights = np.zeros((10, 2))
    weights[0] = 0.2, 0.8
    (ax,) = draw_looks([("ab", DAY, weights)])
    assert len(ax.patches) == 8 * 2  # the dashes look nowhere
    thin, thick = (np.ptp(band.get_xy()[:2, 0]) for band in ax.patches[:2])
    assert thick == pytest.approx(4 * thin)


def test_lengths_show_the_median_and_all_nets() -> None:
    ax = draw_lengths({"one row": {5: [0.5, 1.0, 0.9], 15: [0.0, 0.1, 0.3]}}, learned=(5, 15))
    (line,) = [line for line in ax.lines if line.get_label() == "one row"]
    np.testing.assert_allclose(line.get_ydata(), [0.9, 0.1])
    band = next(part for part in ax.collections if len(part.get_paths()))
    corners = band.get_paths()[0].vertices
    assert {(x, y) for x, y in corners.round(3).tolist()} >= {(5, 0.5), (5, 1.0), (15, 0.0), (15, 0.3)}
