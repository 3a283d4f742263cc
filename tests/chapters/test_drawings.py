"""The drawings say what the book says, keep their texts apart, and stay legible on a phone."""

from collections.abc import Callable, Iterator

import matplotlib as mpl
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle

from rnn_utils.chapters.ch01_order_pictures import draw_feed_forward_and_recurrent, draw_unrolled
from rnn_utils.chapters.ch04_gate_pictures import draw_gate, draw_gru_cell, draw_lstm_backward, draw_lstm_cell
from rnn_utils.chapters.ch12_api_pictures import draw_loop
from rnn_utils.chapters.ch13_old_pictures import draw_names
from rnn_utils.chapters.ch20_sine_pictures import draw_context, draw_cut, draw_feeding
from rnn_utils.chapters.ch21_pictures import draw_ways, draw_windows
from rnn_utils.chapters.ch22_trap_pictures import draw_both_ways, draw_clipping
from rnn_utils.drawing import use_book_style

WORDS = ["I", "go", "eat", "rice"]
PHONE = 360 / 768  # a figure 6.4 inches wide at 120 dots an inch, on a phone
DRAWINGS: dict[str, Callable[[], Axes]] = {
    "two nets": draw_feed_forward_and_recurrent,
    "unrolled": lambda: draw_unrolled(WORDS),
    "backward": lambda: draw_unrolled(WORDS, backward=True),
    "gate": lambda: draw_gate([0.05, 0.5, 0.95]),
    "lstm cell": draw_lstm_cell,
    "gru cell": draw_gru_cell,
    "lstm backward": draw_lstm_backward,
    "loop": draw_loop,
    "old names": draw_names,
    "context": draw_context,
    "feeding": draw_feeding,
    "cut": draw_cut,
    "windows": draw_windows,
    "ways": draw_ways,
    "both ways": draw_both_ways,
    "clipping": draw_clipping,
}


@pytest.fixture(autouse=True)
def style() -> Iterator[None]:
    mpl.use("Agg")
    with mpl.rc_context():
        use_book_style()
        yield


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
def test_texts_are_legible_inside_and_apart(draw: Callable[[], Axes]) -> None:
    ax = draw()
    title = ax.set_title("What does the loop look like in time?")
    ax.figure.canvas.draw()
    assert min(text.get_fontsize() for text in ax.texts) * ax.figure.dpi / 72 * PHONE >= 10
    boxes = [(text.get_text(), text.get_window_extent()) for text in [*ax.texts, title]]
    page = ax.figure.bbox
    for text, box in boxes:
        assert page.x0 <= box.x0 < box.x1 <= page.x1, text
        assert page.y0 <= box.y0 < box.y1 <= page.y1, text
    pairs = [(a, b) for number, a in enumerate(boxes) for b in boxes[number + 1 :]]
    assert [(a[0], b[0]) for a, b in pairs if a[1].overlaps(b[1])] == []
    frames = [patch.get_window_extent() for patch in ax.patches if isinstance(patch, FancyBboxPatch | Circle)]
    for text, extent in boxes:
        x, y = (extent.x0 + extent.x1) / 2, (extent.y0 + extent.y1) / 2
        widths = [frame.width for frame in frames if frame.contains(x, y)]
        assert extent.width < min(widths, default=page.width), f"{text!r} is wider than its box"


def test_only_the_recurrent_net_has_a_way_back() -> None:
    ax = draw_feed_forward_and_recurrent()
    assert texts(ax).count("$W_{hh}$") == 1
    assert texts(ax).count("$W_{xh}$") == texts(ax).count("$W_{hy}$") == 2
    assert len(arrows(ax)) == 5


def test_unrolled_net_repeats_one_set_of_weights() -> None:
    ax = draw_unrolled(WORDS)
    assert texts(ax).count("$W_{hh}$") == texts(ax).count("$W_{xh}$") == 4
    assert texts(ax).count("$W_{hy}$") == 1
    assert [f"$h_{t}$" in texts(ax) for t in range(6)] == [True] * 5 + [False]
    assert leftward(ax) == []


def test_error_travels_from_the_last_state_to_the_first() -> None:
    ax = draw_unrolled(WORDS, backward=True)
    starts = [ends(arrow)[0][0] for arrow in leftward(ax)]
    assert starts == sorted(starts)
    assert len(starts) == 3
    assert [f"$dh_{t}$" in texts(ax) for t in range(6)] == [False] + [True] * 4 + [False]


def test_gate_draws_what_passes_to_scale() -> None:
    ax = draw_gate([0.0, 0.3, 1.0])
    heights = [patch.get_height() for patch in ax.patches if isinstance(patch, Rectangle)]
    passed = [leaving / coming for coming, leaving in zip(heights[::2], heights[1::2], strict=True)]
    assert passed == pytest.approx([0.0, 0.3, 1.0])
    assert texts(ax)[3:] == ["0.00", "0.30", "1.00"]


def test_context_and_input_feed_every_unit_and_one_arrow_comes_back() -> None:
    ax = draw_context()
    straight = [arrow for arrow in arrows(ax) if arrow._posA_posB is not None]
    levels = [ends(arrow)[0][1] for arrow in straight]
    assert [levels.count(level) for level in sorted(set(levels))] == [4 * 3, 3]
    assert len(arrows(ax)) == len(straight) + 1
    assert {"$x_1$", "$o_1$"} | {f"${kind}_{unit}$" for kind in "ch" for unit in (1, 2, 3)} <= set(texts(ax))


def test_own_outputs_are_fed_only_in_the_free_run() -> None:
    drawn = texts(draw_feeding())
    assert drawn.count("$x_3$") == 1  # given in one of the two runs
    assert drawn.count(r"$\hat{y}_2$") == 3  # put out in both, and fed in one


def test_a_cut_state_lets_the_error_reach_one_input() -> None:
    down = [arrow for arrow in arrows(draw_cut()) if ends(arrow)[1][1] < ends(arrow)[0][1]]
    inputs = [ends(arrow)[0][1] for arrow in down if arrow.get_linewidth() == 3]
    assert [inputs.count(y) for y in sorted(set(inputs))] == [1, 1, 4, 1]  # cut below, whole above, each under an error
