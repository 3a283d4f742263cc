"""The shared drawings show what they are given, and leave the global state alone."""

from collections.abc import Iterator

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from rnn_utils import label, plotting
from rnn_utils.errors import SettingError
from rnn_utils.style import use_book_style

HISTORY = {"loss": [2.0, 1.0, 0.5], "val_loss": [1.5, 1.0, 0.75]}  # as Keras's `fit` returns it


@pytest.fixture(autouse=True)
def no_window() -> Iterator[None]:
    with matplotlib.rc_context({"backend": "agg"}):
        yield


@pytest.fixture
def digits() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, size=(7, 28, 28))


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_the_style_survives_on_a_phone_and_on_the_dark_theme() -> None:
    with matplotlib.rc_context():
        use_book_style()
        assert plt.rcParams["font.size"] >= 12
        assert plt.rcParams["savefig.facecolor"] == "white"
        assert plt.rcParams["axes.prop_cycle"].by_key()["color"][0] == plotting.COLOURS["blue"]


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: plotting.draw_training(HISTORY, 10, ax),
        lambda ax: plotting.draw_confusion([1, 2], [1, 3], ax),
        lambda ax: plotting.draw_digits(np.eye(8)[None], ax=ax),
        lambda ax: plotting.draw_rows_as_steps(np.eye(8), "1", ax),
    ],
)
def test_drawings_take_axes_or_make_them(draw) -> None:
    _, given = plt.subplots()
    assert draw(given) is given
    assert draw(None) is not given


def test_training_chart_has_a_line_for_each_loss() -> None:
    ax = plotting.draw_training(HISTORY, 10)
    drawn = {line.get_label(): (tuple(line.get_xdata()), tuple(line.get_ydata())) for line in ax.get_lines()}
    assert drawn == {
        label("training"): ((10, 20, 30), (2.0, 1.0, 0.5)),
        label("validation"): ((10, 20, 30), (1.5, 1.0, 0.75)),
    }
    assert ax.get_yscale() == "log"
    assert ax.get_xlabel() == label("training_step")


def test_training_chart_without_held_out_data_has_one_line() -> None:
    ax = plotting.draw_training({"loss": [2.0, 1.0]}, 10)
    assert [line.get_label() for line in ax.get_lines()] == [label("training")]


def test_confusion_counts_truth_by_row_and_answer_by_column() -> None:
    counts = plotting.count_confusion([4, 4, 9], [9, 4, 9])
    assert counts[4, 9] == counts[4, 4] == counts[9, 9] == 1
    assert counts.sum() == 3


def test_confusion_writes_each_count_in_its_field_and_no_zero() -> None:
    truth, predicted = [4] * 5 + [9] * 3, [4, 4, 4, 9, 9, 9, 9, 4]
    ax = plotting.draw_confusion(truth, predicted)
    fields = {(text.get_position()[1], text.get_position()[0]): text.get_text() for text in ax.texts}
    assert fields == {(4, 4): "3", (4, 9): "2", (9, 9): "2", (9, 4): "1"}
    assert (ax.get_xlabel(), ax.get_ylabel()) == (label("predicted_digit"), label("true_digit"))


def test_confusion_without_a_mistake_can_be_drawn() -> None:
    assert texts(plotting.draw_confusion([0, 1], [0, 1])) == ["1", "1"]


def test_digits_stand_in_reading_order_below_their_captions(digits: np.ndarray) -> None:
    ax = plotting.draw_digits(digits, [str(i) for i in range(7)], columns=3)
    assert texts(ax) == [str(i) for i in range(7)]
    assert len(ax.images) == 7
    places = [image.get_extent() for image in ax.images]
    assert places[1][0] > places[0][1], "the second is to the right of the first"
    assert places[3][0] == places[0][0], "the fourth begins a new row"
    assert min(places[3][2:]) > max(places[0][2:]), "below the first: the axis points down"
    for (x0, x1, bottom, top), text in zip(places, ax.texts, strict=True):
        x, y = text.get_position()
        assert x0 < x < x1
        assert y < top < bottom


def test_digits_need_no_captions_but_all_or_none(digits: np.ndarray) -> None:
    assert texts(plotting.draw_digits(digits)) == []
    with pytest.raises(SettingError, match="got 1 captions for 7 images"):
        plotting.draw_digits(digits, ["one"])


def test_rows_are_drawn_one_strip_a_step(digits: np.ndarray) -> None:
    ax = plotting.draw_rows_as_steps(digits[0], "7")
    assert [tuple(image.get_array().shape) for image in ax.images] == [(1, 28)] * 28
    np.testing.assert_array_equal(np.concatenate([image.get_array() for image in ax.images]), digits[0])
    assert {"$x_1$", "$x_{28}$", "$h_1$", "$h_{28}$", "7"} <= set(texts(ax))


def test_figures_come_out_alike_twice(digits: np.ndarray) -> None:
    pictures = []
    for _ in range(2):
        figure = plotting.draw_digits(digits).figure
        figure.canvas.draw()
        pictures.append(np.asarray(figure.canvas.buffer_rgba()))
    np.testing.assert_array_equal(*pictures)
