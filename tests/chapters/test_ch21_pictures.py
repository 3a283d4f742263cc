"""The drawings of the forecasting chapter show what the code does."""

import pytest

plt = pytest.importorskip("matplotlib.pyplot")
plt.switch_backend("agg")

from rnn_utils.chapters import ch21_pictures as pictures  # noqa: E402


def test_every_drawn_future_lies_in_one_part_and_follows_its_past() -> None:
    ax = pictures.draw_windows()
    bars = {kind: [patch for patch in ax.patches if patch.get_gid() == kind] for kind in ("past", "future")}
    assert len(bars["past"]) == len(bars["future"]) == 9
    ends = [(left + 0.5, right + 0.5) for _, left, right, _ in pictures.PARTS]
    for past, future in zip(bars["past"], bars["future"], strict=True):
        assert past.get_x() + past.get_width() == pytest.approx(future.get_x())
        assert past.get_y() == future.get_y()
        inside = [a <= future.get_x() and future.get_x() + future.get_width() <= b for a, b in ends]
        assert sum(inside) == 1


def test_the_ways_differ_in_what_is_fed() -> None:
    texts = [(text.get_text(), round(text.get_position()[1], 2)) for text in pictures.draw_ways().texts]
    fed = {bottom: [name for name, y in texts if y == round(bottom - 0.03, 2)] for bottom in (7.2, 0.7)}
    assert fed[7.2] == ["$x_1$", "$x_2$", r"$\hat{x}_3$", r"$\hat{x}_4$"]
    assert fed[0.7] == ["$x_1$", "$x_2$"]
