"""The drawings say what the book says, keep their texts apart, and stay legible on a phone."""

from collections.abc import Callable, Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle

from rnn_utils.diagrams import draw_feed_forward_and_recurrent, draw_gate, draw_unrolled
from rnn_utils.errors import SettingError
from rnn_utils.style import use_book_style

WORDS = ["I", "go", "eat", "rice"]
PHONE = 360 / 768  # a figure 6.4 inches wide at 120 dots an inch, on a phone
DRAWINGS: dict[str, Callable[..., Axes]] = {
    "two nets": draw_feed_forward_and_recurrent,
    "unrolled": lambda **ax: draw_unrolled(WORDS, **ax),
    "unrolled, three words": lambda **ax: draw_unrolled(["birds", "eat", "fish"], **ax),
    "unrolled, five words": lambda **ax: draw_unrolled(["rice", "go", "eat", "I", "go"], **ax),
    "backward": lambda **ax: draw_unrolled(WORDS, backward=True, **ax),
    "backward, five words": lambda **ax: draw_unrolled([*WORDS, "go"], backward=True, **ax),
    "gate": draw_gate,
}


@pytest.fixture(autouse=True)
def style() -> Iterator[None]:
    mpl.use("Agg")
    with mpl.rc_context():
        use_book_style()
        yield


@pytest.fixture(params=DRAWINGS)
def drawing(request: pytest.FixtureRequest) -> Axes:
    return DRAWINGS[request.param]()


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def arrows(ax: Axes) -> list[FancyArrowPatch]:
    return [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


def ends(arrow: FancyArrowPatch) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return where an arrow was asked to start and end."""
    return arrow._posA_posB


def leftward(ax: Axes) -> list[FancyArrowPatch]:
    straight = [arrow for arrow in arrows(ax) if arrow._posA_posB is not None]
    return [arrow for arrow in straight if ends(arrow)[1][0] < ends(arrow)[0][0]]


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_axes_given_are_the_axes_returned(draw: Callable[..., Axes]) -> None:
    _, ax = plt.subplots()
    assert draw(ax=ax) is ax
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_drawing_never_shows_itself(draw: Callable[..., Axes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plt, "show", lambda: pytest.fail("a drawing called show"))
    draw()


def test_texts_stay_inside_and_apart(drawing: Axes) -> None:
    figure = drawing.figure
    drawing.set_title("What does the loop look like in time?")
    figure.canvas.draw()
    boxes = [(text.get_text(), text.get_window_extent()) for text in [*drawing.texts, drawing.title]]
    page = figure.bbox
    for text, box in boxes:
        assert page.x0 <= box.x0, text
        assert page.y0 <= box.y0, text
        assert box.x1 <= page.x1, text
        assert box.y1 <= page.y1, text
    pairs = [(a, b) for number, a in enumerate(boxes) for b in boxes[number + 1 :]]
    assert [(a[0], b[0]) for a, b in pairs if a[1].overlaps(b[1])] == []


def test_texts_fit_their_boxes(drawing: Axes) -> None:
    drawing.figure.canvas.draw()
    boxes = [patch.get_window_extent() for patch in drawing.patches if isinstance(patch, FancyBboxPatch | Circle)]
    for text in drawing.texts:
        extent = text.get_window_extent()
        x, y = (extent.x0 + extent.x1) / 2, (extent.y0 + extent.y1) / 2
        around = [box for box in boxes if box.contains(x, y)]
        if around:
            smallest = min(around, key=lambda box: box.width * box.height)
            assert extent.width < smallest.width, text.get_text()


def test_texts_are_legible_on_a_phone(drawing: Axes) -> None:
    dots = drawing.figure.dpi / 72
    assert min(text.get_fontsize() for text in drawing.texts) * dots * PHONE >= 10


def test_only_the_recurrent_net_has_a_way_back() -> None:
    ax = draw_feed_forward_and_recurrent()
    assert texts(ax).count("$W_{hh}$") == 1
    assert texts(ax).count("$W_{xh}$") == texts(ax).count("$W_{hy}$") == 2
    assert len(arrows(ax)) == 5


@pytest.mark.parametrize("length", [3, 4, 5])
def test_unrolled_net_repeats_one_set_of_weights(length: int) -> None:
    ax = draw_unrolled(["go"] * length)
    assert texts(ax).count("$W_{hh}$") == texts(ax).count("$W_{xh}$") == length
    assert texts(ax).count("$W_{hy}$") == 1
    assert [f"$h_{t}$" in texts(ax) for t in range(length + 2)] == [True] * (length + 1) + [False]
    assert leftward(ax) == []


@pytest.mark.parametrize("length", [3, 5])
def test_error_travels_from_the_last_state_to_the_first(length: int) -> None:
    ax = draw_unrolled(["go"] * length, backward=True)
    starts = [ends(arrow)[0][0] for arrow in leftward(ax)]
    assert starts == sorted(starts)
    assert len(starts) == length - 1
    assert [f"$dh_{t}$" in texts(ax) for t in range(length + 2)] == [False] + [True] * length + [False]


def test_unrolled_net_refuses_what_does_not_fit() -> None:
    with pytest.raises(SettingError, match="draw_unrolled: got 6 words; expected three to five"):
        draw_unrolled(["go"] * 6)
    with pytest.raises(SettingError, match="got 2 words"):
        draw_unrolled(["go"] * 2)


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_gate_draws_what_passes_to_scale(value: float) -> None:
    ax = draw_gate([value])
    coming, leaving = (patch for patch in ax.patches if isinstance(patch, Rectangle))
    assert leaving.get_height() == pytest.approx(value * coming.get_height())
    assert f"{value:.2f}" in texts(ax)


@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan")])
def test_gate_refuses_values_outside_zero_to_one(value: float) -> None:
    with pytest.raises(SettingError, match="expected every gate value from 0 to 1"):
        draw_gate([0.5, value])
