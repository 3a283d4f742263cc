"""Costs are drawn as they are: every round a dot, a line through the medians, and bars that fill the whole."""

import matplotlib as mpl

from rnn_utils.chapters import ch40_cost_pictures as pictures

mpl.use("Agg")


def test_an_image_costs_the_median_and_every_round_has_its_dot() -> None:
    axes = pictures.draw_image_costs(
        [1, 8], {"loop": [[9, 7, 8], [2, 1, 6]], "layer": [[3, 3, 3], [1, 1, 1]]}, {"calls": [5, 1], "products": [2, 1]}
    )
    lines = {line.get_label(): line.get_ydata().tolist() for line in axes.lines if line.get_marker() != "."}
    assert lines == {"calls": [5, 1], "products": [2, 1], "loop": [8, 2], "layer": [3, 1]}
    dots = [line.get_ydata() for line in axes.lines if line.get_marker() == "."]
    assert [list(some) for some in dots] == [[9, 7, 8], [2, 1, 6], [3, 3, 3], [1, 1, 1]]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(lines)


def test_the_cheapest_way_stands_on_top_and_both_columns_have_one_order() -> None:
    columns = {"one": {"slow": [9, 8, 9], "fast": [1, 2, 1]}, "many": {"slow": [3, 4, 5], "fast": [6, 7, 8]}}
    left, right = pictures.draw_step_costs(columns)
    assert [label.get_text() for label in left.get_yticklabels()] == ["slow", "fast"]  # from below
    for axes, column in ((left, {0: 9, 1: 1}), (right, {0: 4, 1: 7})):
        large = [line for line in axes.lines if line.get_marker() == "o"]
        assert {line.get_ydata()[0]: line.get_xdata()[0] for line in large} == column
        assert sum(len(line.get_xdata()) for line in axes.lines if line.get_marker() == ".") == 6


def test_shares_fill_their_bar_one_after_another() -> None:
    axes = pictures.draw_time_parts([1, 8], {"calls": [0.5, 0.25], "products": [0.25, 0.5], "all else": [0.25, 0.25]})
    bars = [(bar.get_x(), bar.get_width()) for part in axes.containers for bar in part]
    assert bars == [(0, 0.5), (0, 0.25), (0.5, 0.25), (0.25, 0.5), (0.75, 0.25), (0.75, 0.25)]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["1", "8"]
    assert axes.yaxis_inverted()
