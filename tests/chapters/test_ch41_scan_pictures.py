"""Steps are joined until one box stands for all, every state is found, and costs are drawn as they are."""

import matplotlib as mpl
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from rnn_utils.chapters import ch41_scan_pictures as pictures

mpl.use("Agg")


def test_boxes_are_joined_to_one_and_every_state_is_found() -> None:
    axes = pictures.draw_joined(8)
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    texts = [text.get_text() for text in axes.texts]
    assert len(boxes) == len(texts) == 8 + 4 + 2 + 1 + 4 + 8
    assert texts[:15] == [*"12345678", "1–2", "3–4", "5–6", "7–8", "1–4", "5–8", "1–8"]
    assert texts[15:] == [*(f"$h_{step}$" for step in (2, 4, 6, 8)), *(f"$h_{step}$" for step in range(1, 9))]


def test_each_box_has_what_it_is_made_of() -> None:
    axes = pictures.draw_joined(8)
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    joined, carried, made = 2 * (4 + 2 + 1), 2 + 1 + 4 + 1, 2 * (1 + 3)
    assert len(arrows) == joined + carried + made


def test_a_line_goes_through_the_medians_and_every_round_has_its_dot() -> None:
    axes = pictures.draw_costs([32, 64], {"slow": [[3, 1, 2], [30, 10, 90]], "fast": [[1, 1, 1], [4, 4, 4]]})
    lines = [line.get_ydata().tolist() for line in axes.lines if line.get_linestyle() == "-"]
    assert lines == [[2, 30], [1, 4]]
    dots = [line.get_ydata() for line in axes.lines if line.get_marker() == "."]
    assert [list(some) for some in dots] == [[3, 1, 2], [30, 10, 90], [1, 1, 1], [4, 4, 4]]
    assert [text.get_text() for text in axes.texts] == ["slow", "fast"]


def test_a_line_of_games_has_its_shares_and_what_was_learned_is_shaded() -> None:
    axes = pictures.draw_games({"LSTM": [1.0, 0.5, 0.25], "circling": [1.0, 0.0, 1.0]}, learned=2)
    assert [line.get_ydata().tolist() for line in axes.lines] == [[1, 0.5, 0.25], [1, 0, 1]]
    assert all(line.get_xdata().tolist() == [1, 2, 3] for line in axes.lines)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["LSTM", "circling"]
    (shade,) = axes.patches
    assert (shade.get_x(), shade.get_width()) == (0, 2)
