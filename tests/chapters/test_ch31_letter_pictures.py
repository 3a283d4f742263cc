"""Every letter has its own bar, first letters another colour, and each line its points."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex

from rnn_utils.chapters.ch31_letter_pictures import draw_back, draw_hangs_on, draw_learning, draw_price
from rnn_utils.drawing import BACK, STATE

mpl.use("Agg")


def test_every_letter_stands_below_its_price() -> None:
    text, bits = "to be or\nnot to", np.arange(15.0)
    axes = draw_price(text, bits, width=8)
    rows = ["".join(mark.get_text() for mark in ax.texts) for ax in axes]
    assert rows == ["to be ", "or¶not ", "to"], "rows end between words"
    drawn = [(mark.get_text(), bar.get_height()) for ax in axes for mark, bar in zip(ax.texts, ax.patches, strict=True)]
    assert drawn == list(zip("to be or¶not to", bits, strict=True))
    firsts = [to_hex(bar.get_facecolor()) == BACK for ax in axes for bar in ax.patches]
    assert [at for at, first in enumerate(firsts) if first] == [0, 3, 6, 9, 13]


def test_letters_of_all_rows_are_equally_wide() -> None:
    axes = draw_price("to be or not to be", np.ones(18), width=8)
    assert {round(np.ptp(ax.get_xlim()), 6) for ax in axes} == {8.4}
    assert all(to_hex(ax.patches[1].get_facecolor()) == STATE for ax in axes)


@pytest.mark.parametrize("counting", [1.5, 2.5])
def test_learning_is_drawn_beside_counting(counting: float) -> None:
    ax = draw_learning([10, 40], {"net": [3.0, 2.0], "both": [2.0, 1.0]}, counting)
    assert [list(line.get_ydata()) for line in ax.lines] == [[3.0, 2.0], [2.0, 1.0], [counting, counting]]
    assert {text.get_text() for text in ax.texts} == {"net", "both", "counting"}
    assert ax.get_xscale() == "log"


def test_reading_back_is_drawn_over_the_length_of_sentences() -> None:
    ax = draw_back([4, 8], {"one": [2.0, 1.9], "two": [1.8, 1.7]}, (50, 100))
    assert [list(line.get_ydata()) for line in ax.lines] == [[2.0, 1.9], [1.8, 1.7]]
    (shade,) = ax.patches
    assert (shade.get_x(), shade.get_x() + shade.get_width()) == (50, 100)


def test_what_a_guess_hangs_on_stands_above_its_letter() -> None:
    axes = draw_hangs_on("so we go", {"one": np.arange(7) / 10, "other": np.zeros(7)}, last=5)
    bars = [bar.get_height() for bar in axes[0].patches]
    np.testing.assert_allclose(bars, [0.3, 0.4, 0.5, 0.6])
    words = [text.get_text() for text in axes[0].texts]
    assert words == ["w", "e", " ", "g", "o", "one"]
    assert [to_hex(text.get_color()) == BACK for text in axes[0].texts] == [False] * 4 + [True, False]
    assert len(axes) == 2
    assert all(ax.get_ylim()[1] > max(bars) for ax in axes), "a bar is cut off"
