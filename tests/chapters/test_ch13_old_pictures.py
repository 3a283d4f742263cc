"""The drawing of the old recurrent program names each of its arguments once, where it acts."""

import matplotlib
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from rnn_utils.chapters.ch13_old_pictures import draw_names

matplotlib.use("agg")

CELL = {"num_units", "activation", "forget_bias", "reuse", "name", "kwargs"}
LOOP = {"dtype", "scope", "parallel_iterations", "swap_memory"}
GIVEN = {"inputs", "sequence_length", "time_major", "initial\n_state"}


def names_in(ax: Axes, frame: FancyBboxPatch) -> list[str]:
    """Return the texts whose middle lies in a frame."""
    left, right = frame.get_x(), frame.get_x() + frame.get_width()
    low, high = frame.get_y(), frame.get_y() + frame.get_height()
    places = [(text.get_text(), text.get_position()) for text in ax.texts]
    return [word for word, (x, y) in places if left < x < right and low < y < high]


def test_each_argument_stands_once_where_it_acts() -> None:
    ax = draw_names()
    loop, cell = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    assert sorted(names_in(ax, cell)) == sorted(CELL | {"cell"})
    assert sorted(names_in(ax, loop)) == sorted(CELL | LOOP | {"cell", "the loop: dynamic_rnn"})
    outside = [text.get_text() for text in ax.texts if text.get_text() not in names_in(ax, loop)]
    assert sorted(outside) == sorted(GIVEN | {"outputs", "states"})
