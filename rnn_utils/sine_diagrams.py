"""Drawings of the sine chapter: what a net is fed, and where a gradient stops."""

from matplotlib.axes import Axes

from rnn_utils.shapes import BACK, FAINT, INK, INPUT, OUTPUT, STATE, SYMBOL, WORD, arrow, box, canvas

STEPS = (1, 2, 3, 4)
COLUMNS = [2.2 + 3.1 * step for step in range(len(STEPS))]


def draw_feeding() -> Axes:
    """Draw four steps of a net twice: fed the true points, and fed its own output after the second."""
    ax = canvas(width=13.2, height=14.6, inches=(6.4, 7.1))
    rows = ((8.2, "one step: every input is true", 4), (0.7, "free run: own output comes back", 2))
    for bottom, title, true_steps in rows:
        ax.text(0.2, bottom + 5.85, title, size=WORD, weight="bold", color=INK, va="center")
        _state_arrows(ax, bottom + 2.3, INK)
        for step, x in zip(STEPS, COLUMNS, strict=True):
            own = step > true_steps
            text = rf"$\hat{{y}}_{step - 1}$" if own else f"$x_{step}$"
            box(ax, x, bottom, text, BACK if own else INPUT, width=1.6)
            box(ax, x, bottom + 2.3, f"$h_{step}$", STATE, width=1.6)
            box(ax, x, bottom + 4.6, rf"$\hat{{y}}_{step}$", BACK if true_steps <= step < 4 else OUTPUT, width=1.6)
            arrow(ax, (x, bottom + 0.6), (x, bottom + 1.68), INK)
            arrow(ax, (x, bottom + 2.9), (x, bottom + 3.98), INK)
            if own:
                arrow(ax, (x - 3.1 + 0.82, bottom + 4.2), (x - 0.7, bottom + 0.66), BACK, width=3)
    return ax


def draw_cut() -> Axes:
    """Draw how far the error of the last step travels back, with and without a cut state."""
    ax = canvas(width=13.2, height=11.4, inches=(6.4, 5.55))
    for bottom, title, cut in ((6.6, "whole", False), (0.7, "cut at every step", True)):
        y = bottom + 1.9
        ax.text(0.2, bottom + 4.1, title, size=WORD, weight="bold", color=INK, va="center")
        _state_arrows(ax, y, FAINT)
        for step, x in zip(STEPS, COLUMNS, strict=True):
            reached = not cut or step == STEPS[-1]
            box(ax, x, y, f"$h_{step}$", STATE, width=1.6)
            box(ax, x, bottom - 0.05, f"$x_{step}$", INPUT, width=1.6, size=SYMBOL - 2)
            if reached:
                arrow(ax, (x, y - 0.62), (x, bottom + 0.57), BACK, width=3)
            else:
                arrow(ax, (x, bottom + 0.57), (x, y - 0.62), FAINT)
            if step > 1 and cut:
                for side in (-0.13, 0.13):
                    ax.plot([x - 1.55 + side] * 2, [y - 0.5, y + 0.5], color=INK, linewidth=3)
            elif step > 1:
                arrow(ax, (x - 0.82, y + 0.32), (x - 3.1 + 0.82, y + 0.32), BACK, width=3)
        box(ax, COLUMNS[-1] - 0.1, bottom + 4.1, "error", BACK, width=2.3, size=WORD)
        arrow(ax, (COLUMNS[-1], bottom + 3.48), (COLUMNS[-1], y + 0.64), BACK, width=3)
    return ax


def _state_arrows(ax: Axes, y: float, colour: str) -> None:
    """Draw the state going from cell to cell, beginning as zeros."""
    ax.text(0.35, y, "$h_0$", size=SYMBOL, color=STATE, ha="center", va="center")
    arrow(ax, (0.85, y), (COLUMNS[0] - 0.82, y), colour)
    for before, x in zip(COLUMNS, COLUMNS[1:], strict=False):  # noqa: RUF007
        arrow(ax, (before + 0.82, y), (x - 0.82, y), colour)
