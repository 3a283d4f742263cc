"""Drawing of the chapter on TensorFlow 1: an old recurrent program, each argument where it acts."""

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from rnn_utils.drawing import INK, INPUT, OUTPUT, STATE, WORD, arrow, canvas, tint

CELL = (("num_units", "activation"), ("forget_bias", "reuse"), ("name", "kwargs"))
LOOP = (("dtype", "scope"), ("parallel_iterations", "swap_memory"))


def draw_names() -> Axes:
    """Draw the loop as a frame, its cell as a box, and the names of their arguments where they act."""
    ax = canvas(width=13.4, height=11.4, inches=(6.4, 5.44))
    _frame(ax, (2.6, 2.2), 8.5, 7.6, OUTPUT, 0.07)
    _frame(ax, (3.7, 4.5), 6.3, 3.6, STATE, 0.16)
    ax.text(5.15, 9.25, "the loop: dynamic_rnn", size=WORD, color=INK, ha="center", va="center")
    ax.text(6.85, 7.6, "cell", size=WORD, color=INK, ha="center", va="center")
    _names(ax, CELL, (5.3, 8.4), 6.75, STATE)
    _names(ax, LOOP, (4.75, 8.95), 3.7, OUTPUT)

    arrow(ax, (1.7, 5.8), (3.7, 5.8), STATE, width=3)
    arrow(ax, (10.0, 5.8), (11.9, 5.8), STATE, width=3)
    arrow(ax, (6.85, 1.75), (6.85, 4.5), INPUT)
    arrow(ax, (9.0, 8.1), (9.0, 10.4), OUTPUT)
    ax.add_patch(
        FancyArrowPatch(
            (6.9, 8.1),
            (4.4, 8.1),
            arrowstyle="-|>",
            connectionstyle="arc3,rad=0.3",
            mutation_scale=18,
            color=STATE,
            linewidth=3,
            shrinkA=0,
            shrinkB=0,
        )
    )

    _word(ax, 1.3, 6.8, "initial\n_state", STATE)
    _word(ax, 12.35, 6.45, "states", STATE)
    _word(ax, 9.0, 10.8, "outputs", OUTPUT)
    _word(ax, 6.85, 1.35, "inputs", INPUT)
    _word(ax, 4.2, 0.5, "sequence_length", INPUT)
    _word(ax, 9.5, 0.5, "time_major", INPUT)
    return ax


def _frame(ax: Axes, corner: tuple[float, float], width: float, height: float, colour: str, strength: float) -> None:
    style = "round,pad=0,rounding_size=0.3"
    face = tint(colour, strength)
    ax.add_patch(
        FancyBboxPatch(corner, width, height, boxstyle=style, facecolor=face, edgecolor=colour, linewidth=2, zorder=0)
    )


def _names(ax: Axes, rows: tuple[tuple[str, ...], ...], columns: tuple[float, ...], top: float, colour: str) -> None:
    """Write rows of names, a unit apart, each in its column."""
    for number, row in enumerate(rows):
        for x, name in zip(columns, row, strict=True):
            _word(ax, x, top - 0.9 * number, name, colour)


def _word(ax: Axes, x: float, y: float, word: str, colour: str) -> None:
    ax.text(x, y, word, size=WORD, color=colour, ha="center", va="center")
