"""Figures are compared element by element: what is lost, swapped, moved or renamed is noticed."""

import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from rnn_utils.drawing import use_book_style
from rnn_utils.figures import BookSVG, tidied, use_book_figures
from tools.comparing import differences
from tools.drawn import SVG, svg_apart, words

CLOSE = {"reason": "training", "seen": {"lr": 0.01}, "moves": 4.0}


def curves(
    *, colours: tuple[str, ...] = ("#0072b2", "#d55e00"), up: float = 0.0, label: str = "lr 0.10", legend: bool = True
) -> str:
    """Return a figure of two curves as the book keeps it; ``up`` moves the first, in the unit of the axis."""
    with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": "test"}):
        figure = Figure(figsize=(6, 3))
        ax = figure.add_subplot()
        x = np.linspace(0, 1, 50)
        for colour, shape in zip(colours, (np.sin(5 * x) + up, x**2), strict=False):
            ax.plot(x, shape, color=colour, label=label)
        ax.set(xlim=(0, 1), ylim=(-2, 2), xlabel="time step")
        if legend:
            ax.legend(loc="upper right")
        buffer = io.StringIO()
        BookSVG(figure).print_svg(buffer)
    return buffer.getvalue()


def compared(stored: str, new: str, compare: dict | None = None) -> list[str]:
    outputs = [[{"output_type": "display_data", "data": {SVG: figure}, "metadata": {}}] for figure in (stored, new)]
    return differences(*outputs, compare)


PIXEL_UP = 4 / (0.77 * 3 * 96)  # of the axis, which is 0.77 of three inches high


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"colours": ("#d55e00", "#0072b2")}, "#0072b2"),  # two curves swapped
        ({"colours": ("#0072b2",), "legend": False}, "differs"),  # one missing
        ({"legend": False}, "differs"),
        ({"label": "rate 0.10"}, "text differs"),
        ({"up": 3 * PIXEL_UP}, "moved by"),
        ({"label": "lr 0.11"}, "text differs"),
    ],
)
def test_a_spoilt_figure_is_noticed(changed: dict, said: str) -> None:
    assert compared(curves(), curves()) == []
    assert said in compared(curves(), curves(**changed))[0]


def test_a_number_in_words_is_shown_as_it_was_written() -> None:
    figure = curves(label="rate 0.00125")
    assert ">rate 0.00125<" in figure
    assert not re.search(r'[ "]-?\d+\.\d{3,}[ "]', re.sub(r"(scale|matrix)\([^)]*\)", "", figure))  # coordinates are


def test_what_is_drawn_half_a_pixel_elsewhere_is_the_same() -> None:
    assert compared(curves(), curves(up=0.5 * PIXEL_UP)) == []


@pytest.mark.parametrize(("pixels", "equal"), [(11, True), (13, False)])
def test_a_trained_curve_moves_three_times_as_far_as_it_did(pixels: int, equal: bool) -> None:
    assert (compared(curves(), curves(up=pixels * PIXEL_UP), CLOSE) == []) == equal


@pytest.mark.parametrize(("pixels", "equal"), [(3.5, True), (4.5, False)])
def test_a_trained_curve_may_move_a_little_where_none_was_seen_to(pixels: float, equal: bool) -> None:
    assert (compared(curves(), curves(up=pixels * PIXEL_UP), {**CLOSE, "moves": 0.0}) == []) == equal


def test_a_curve_never_moves_across_the_figure() -> None:
    assert compared(curves(), curves(up=100 * PIXEL_UP), {**CLOSE, "moves": 1000.0})


@pytest.mark.parametrize(("rate", "equal"), [("0.10", True), ("0.11", True), ("0.12", False)])
def test_a_number_in_a_trained_figure_differs_as_its_unit_may(rate: str, equal: bool) -> None:
    assert (compared(curves(), curves(label=f"lr {rate}"), CLOSE) == []) == equal


def test_a_line_with_more_points_is_the_same_line() -> None:
    line = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M 0 0 {}L 10 10" style="fill: none"/></svg>'
    assert compared(line.format(""), line.format("L 4 4 ")) == []
    assert compared(line.format(""), line.format("L 4 6 "))


def test_an_embedded_picture_is_compared_as_one() -> None:
    def shown(bright: float) -> str:
        figure = Figure(figsize=(2, 2))
        figure.add_subplot().imshow(np.full((8, 8), bright), cmap="gray", vmin=0, vmax=1)
        buffer = io.StringIO()
        BookSVG(figure).print_svg(buffer)
        return buffer.getvalue()

    assert compared(shown(0.5), shown(0.5)) == []
    assert "picture: differs" in compared(shown(0.5), shown(0.6))[0]
    assert compared(shown(0.5), shown(0.52), {"reason": "trained", "moves": 0.0, "image": 0.01}) == []
    assert svg_apart(shown(0.5), shown(0.6)) == pytest.approx((0, 0.1), abs=0.01)


def test_words_are_words() -> None:
    lines = words(curves()).splitlines()
    assert lines.count("lr 0.10") == 2
    assert "time step" in lines


def test_words_beside_a_formula_are_words_too() -> None:
    with plt.rc_context():
        use_book_style()
        figure, buffer = Figure(), io.StringIO()
        figure.text(0, 0, "time step $t_1$ of all")
        BookSVG(figure).print_svg(buffer)
    assert ">time step </tspan><tspan" in buffer.getvalue()
    assert words(buffer.getvalue()) == "time step t1 of all"


def test_what_a_page_has_no_use_for_is_left_out() -> None:
    svg = curves()
    assert svg.startswith("<svg ")
    assert "<style" not in svg
    assert "<metadata" not in svg
    assert curves() == svg
    short = tidied(
        '<?xml?><svg a="1"><g id="x"><text>50%</text><path d="M 1.23456 -0.001" transform="scale(0.00123)"/></g>'
    )
    assert '<g><text>50\N{NO-BREAK SPACE}%</text><path d="M 1.23 0" transform="scale(0.00123)"/>' in short


def test_a_figure_can_be_saved_to_a_path_and_to_open_files(tmp_path) -> None:
    use_book_figures()
    figure = Figure()
    figure.savefig(tmp_path / "a.svg")
    binary, text = io.BytesIO(), io.StringIO()
    figure.savefig(binary, format="svg")
    figure.savefig(text, format="svg")
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == binary.getvalue().decode() == text.getvalue()
