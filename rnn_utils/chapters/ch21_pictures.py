"""Drawings of the forecasting chapter: where windows may lie, and two ways to forecast."""

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from rnn_utils.drawing import BACK, INK, INPUT, OUTPUT, STATE, WORD, arrow, box, canvas, tint

# name, from, to, grey
PARTS = (("training", 0.0, 10.0, 0.0), ("validation", 10.0, 16.0, 0.35), ("test", 16.0, 24.0, 0.7))
PAST, FUTURE = 4.0, 2.0  # lengths of the drawn windows
ORIGINS = ((4.0, 6.0, 8.0), (10.0, 12.0, 14.0), (16.0, 19.0, 22.0))
COLUMNS = (1.9, 4.6, 7.3, 10.0)


def draw_windows() -> Axes:
    """Draw three parts of a series and windows in each: the future stays inside its part, the past need not."""
    ax = canvas(width=25, height=15.5, inches=(6.4, 4.0))
    for (name, left, right, grey), origins in zip(PARTS, ORIGINS, strict=True):
        ax.add_patch(Rectangle((left + 0.5, 0.4), right - left, 12.2, color=tint(OUTPUT, 0.1 + 0.25 * grey)))
        ax.text((left + right) / 2 + 0.5, 13.4, name, size=WORD, ha="center", va="center")
        row = {"training": 11.3, "validation": 7.3, "test": 3.3}[name]
        for number, origin in enumerate(origins):
            y = row - 1.25 * number
            for start, length, colour, kind in ((origin - PAST, PAST, INPUT, "past"), (origin, FUTURE, BACK, "future")):
                ax.add_patch(Rectangle((start + 0.5, y), length, 0.75, color=colour, gid=kind))
    for x, word, colour in ((1.0, "past", INPUT), (4.0, "future", BACK)):
        ax.text(x, 1.4, word, size=WORD, color=colour, weight="bold")
    return ax


def draw_ways() -> Axes:
    """Draw what a net is fed and what it names: its own values, or all at once."""
    ax = canvas(width=13.2, height=13.2, inches=(6.4, 5.6))
    titles = {"free": "alone: fed its own values", "direct": "direct: names all at once"}
    for bottom, (way, title) in zip((7.2, 0.7), titles.items(), strict=True):
        ax.text(0.2, bottom + 5.2, title, size=WORD, weight="bold", color=INK, va="center")
        used = COLUMNS[:2] if way == "direct" else COLUMNS
        for step, x in enumerate(used, start=1):
            own = way == "free" and step > 2
            box(ax, x, bottom, rf"$\hat{{x}}_{step}$" if own else f"$x_{step}$", BACK if own else INPUT, width=1.5)
            box(ax, x, bottom + 2.0, f"$h_{step}$", STATE, width=1.5)
            arrow(ax, (x, bottom + 0.6), (x, bottom + 1.38), INK)
            if step > 1:
                arrow(ax, (x - 1.95, bottom + 2.0), (x - 0.77, bottom + 2.0), INK)
            if step > 1 and way != "direct":
                box(ax, x, bottom + 4.0, rf"$\hat{{x}}_{step + 1}$", BACK, width=1.5)
                arrow(ax, (x, bottom + 2.6), (x, bottom + 3.38), INK)
            if own:
                arrow(ax, (x - 1.93, bottom + 3.6), (x - 0.6, bottom + 0.66), BACK, width=3)
        if way == "direct":
            for number, x in enumerate((5.4, 8.0, 10.6), start=3):
                box(ax, x, bottom + 4.0, rf"$\hat{{x}}_{number}$", BACK, width=1.5)
                arrow(ax, (COLUMNS[1] + 0.5, bottom + 2.62), (x - 0.3, bottom + 3.38), INK)
    return ax
