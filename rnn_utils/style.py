"""The look of every figure: colours, fonts and sizes."""

import matplotlib.pyplot as plt
from cycler import cycler

# Okabe and Ito (2008), told apart by colour-blind readers; yellow is left out (too pale on white).
COLOURS = {
    "blue": "#0072b2",
    "orange": "#d55e00",
    "green": "#009e73",
    "purple": "#cc79a7",
    "sky": "#56b4e9",
    "amber": "#e69f00",
    "grey": "#5f6b76",
    "black": "#1b1f24",
}


def use_book_style() -> None:
    """Set fonts, sizes and colours; text stays readable when a phone shows the figure 360 px wide."""
    plt.rcParams.update(
        {
            "figure.figsize": (6.4, 3.8),
            "figure.dpi": 120,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "savefig.facecolor": "white",  # opaque: the plate stays readable on the dark theme
            "font.size": 12,
            "axes.titlesize": 13,
            "axes.titlelocation": "left",
            "axes.titlepad": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.prop_cycle": cycler(color=list(COLOURS.values())),
            "grid.color": "#e3e7eb",
            "lines.linewidth": 2.0,
            "legend.frameon": False,
            "image.cmap": "Blues",
            "svg.hashsalt": "rnn-book",
        }
    )
