"""What workers hold, learn and cost is drawn as it is: every number in its cell, every net and round a dot."""

import matplotlib as mpl
import numpy as np

from rnn_utils.chapters import ch42_worker_pictures as pictures

mpl.use("Agg")


def test_every_piece_says_how_many_were_added_and_only_a_whole_sum_is_bold() -> None:
    axes = pictures.draw_ring([np.ones((3, 3)), np.array([[1.0, 2, 3]] * 3), np.full((3, 3), 3.0)])
    said = [[text.get_text() for text in ax.texts] for ax in axes]
    assert said == [["1"] * 9, ["1", "2", "3"] * 3, ["3"] * 9, []]
    assert [ax.get_title("left") for ax in axes] == ["at first", "after 1", "after 2", ""]
    bold = [[text.get_weight() == "bold" for text in ax.texts] for ax in axes]
    assert bold == [[False] * 9, [False, False, True] * 3, [True] * 9, []]
    fill = [[patch.get_facecolor() == axes[2].patches[0].get_facecolor() for patch in ax.patches] for ax in axes]
    assert fill == bold


def test_every_net_is_a_dot_and_the_line_goes_through_the_medians() -> None:
    axes = pictures.draw_bits(
        [1, 2], {"as it was": [[3, 1, 2], [5, 5, 8]], "best": [[1, 1, 1], [2, 3, 4]]}, 1.5, "counting"
    )
    lines = {line.get_label(): list(line.get_ydata()) for line in axes.lines if len(line.get_label()) > 3}
    assert [lines["as it was"], lines["best"]] == [[2, 5], [1, 3]]
    dots = [list(line.get_ydata()) for line in axes.lines if line.get_marker() == "."]
    assert dots == [[3, 1, 2], [5, 5, 8], [1, 1, 1], [2, 3, 4]]
    assert [text.get_text() for text in axes.texts] == ["counting"]


def test_a_cost_is_machines_times_time_for_a_cost_of_one_with_one_machine() -> None:
    times = {"here": np.array([8.0, 4, 4]), "a network": np.array([8.0, 6, 7]), "nothing": np.array([8.0, 4, 2])}
    time, cost = pictures.draw_machines([1, 2, 4], times, {1: [7.0, 8, 9], 2: [5.0]})
    drawn = [line.get_ydata().tolist() for line in cost.lines if line.get_marker() == "None"]
    assert drawn == [[1, 1, 2], [1, 1.5, 3.5], [1, 1, 1]]
    assert [list(line.get_ydata()) for line in time.lines if line.get_marker() == "o"] == [[7.0, 8, 9], [5.0]]
    assert [list(line.get_ydata()) for line in cost.lines if line.get_marker() == "o"] == [[7 / 8, 1, 9 / 8], [10 / 8]]
