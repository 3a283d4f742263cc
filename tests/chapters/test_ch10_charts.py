"""The shared drawings show what they are given."""

from collections.abc import Iterator

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from rnn_utils.chapters import ch10_digit_pictures as plotting
from rnn_utils.drawing import use_book_style

STEPS, TRAIN, VALID = (10, 20, 30), (2.0, 1.0, 0.5), (1.5, 1.0, 0.75)


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


@pytest.mark.parametrize("valid", [VALID, ()])
def test_training_chart_has_a_line_for_each_loss(valid: tuple[float, ...]) -> None:
    ax = plotting.draw_training({"loss": TRAIN} | ({"val_loss": valid} if valid else {}), every=10)
    drawn = {line.get_label(): (tuple(line.get_xdata()), tuple(line.get_ydata())) for line in ax.get_lines()}
    assert drawn == {"training": (STEPS, TRAIN)} | ({"validation": (STEPS, VALID)} if valid else {})
    assert ax.get_yscale() == "log"


def test_confusion_shades_mistakes_and_leaves_right_answers_grey() -> None:
    truth, predicted = [4] * 5 + [9] * 3, [4, 4, 4, 9, 9, 9, 9, 9]
    ax = plotting.draw_confusion(truth, predicted)
    fields = np.asarray(ax.images[0].get_array().filled(np.nan))
    assert np.isnan(np.diagonal(fields)).all()
    assert fields[4, 9] == 2
    assert np.nansum(fields) == 2
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted digit", "true digit")
    assert texts(ax) == []


def test_digits_stand_in_reading_order_below_their_captions(digits: np.ndarray) -> None:
    ax = plotting.draw_digits(digits, [str(i) for i in range(7)])
    assert texts(ax) == [str(i) for i in range(7)]
    places = [image.get_extent() for image in ax.images]
    assert places[1][0] > places[0][1], "the second is to the right of the first"
    assert places[5][0] == places[0][0], "the sixth begins a new row"
    assert min(places[5][2:]) > max(places[0][2:]), "below the first: the axis points down"
    for (x0, x1, bottom, top), text in zip(places, ax.texts, strict=True):
        x, y = text.get_position()
        assert x0 < x < x1
        assert y < top < bottom


def test_digits_need_no_captions(digits: np.ndarray) -> None:
    ax = plotting.draw_digits(digits)
    assert texts(ax) == []
    np.testing.assert_array_equal([image.get_array() for image in ax.images], digits)


def test_rows_are_drawn_one_strip_a_step(digits: np.ndarray) -> None:
    ax = plotting.draw_rows_as_steps(digits[0], "7")
    assert [tuple(image.get_array().shape) for image in ax.images] == [(1, 28)] * 28
    np.testing.assert_array_equal(np.concatenate([image.get_array() for image in ax.images]), digits[0])
    assert {"$x_1$", "$x_{28}$", "$h_1$", "$h_{28}$", "7"} <= set(texts(ax))
