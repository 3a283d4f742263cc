"""The look of every figure, and the parts of every drawing: colours, sizes, boxes, arrows."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from rnn_utils.figures import use_book_figures

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
            "savefig.facecolor": "white",
            "font.family": ["Figure Sans", "DejaVu Sans"],
            "mathtext.fontset": "custom",
            "mathtext.rm": "Figure Serif",
            "mathtext.bf": "Figure Serif",
            "mathtext.sf": "Figure Serif",
            "mathtext.tt": "Figure Serif",
            "mathtext.it": "Figure Serif:italic",
            "mathtext.bfit": "Figure Serif:italic",
            "mathtext.cal": "Figure Serif:italic",
            "mathtext.fallback": "stix",
            "font.size": 12,
            "axes.titlesize": 13,
            "axes.titlelocation": "left",
            "axes.titlepad": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.prop_cycle": plt.cycler(color=list(COLOURS.values())),
            "grid.color": "#e3e7eb",
            "lines.linewidth": 2.0,
            "legend.frameon": False,
            "image.cmap": "Purples",  # of which no shade comes near a colour of the house
            "svg.fonttype": "none",  # words stay words
            "svg.hashsalt": "rnn-book",
        }
    )
    use_book_figures()


# One colour for each kind of thing, the same in every drawing.
INPUT, STATE, OUTPUT, BACK = COLOURS["green"], COLOURS["blue"], COLOURS["grey"], COLOURS["orange"]
GATES = {"i": COLOURS["green"], "f": COLOURS["orange"], "o": COLOURS["blue"]}
SIGNED = LinearSegmentedColormap.from_list("signed", [COLOURS["orange"], "white", COLOURS["blue"]])
INK, FAINT = COLOURS["black"], "#c3cad1"
SYMBOL, WORD, WEIGHT = 19, 15, 15  # points: still legible when a phone shows the figure 360 px wide


def canvas(*, width: float, height: float, inches: tuple[float, float]) -> Axes:
    """Make a figure for a drawing, in its own units, without frame or ticks; return its axes."""
    _, ax = plt.subplots(figsize=inches)
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.axis("off")
    return ax


def box(ax: Axes, x: float, y: float, text: str, colour: str, *, width: float, size: float = SYMBOL) -> None:
    """Draw a rounded box of height 1.2 around the centre (x, y), with its text."""
    style = "round,pad=0,rounding_size=0.3"
    corner = (x - width / 2, y - 0.6)
    ax.add_patch(
        FancyBboxPatch(corner, width, 1.2, boxstyle=style, facecolor=tint(colour, 0.16), edgecolor=colour, linewidth=2)
    )
    ax.text(x, y - 0.03, text, size=size, color=INK, ha="center", va="center")


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, *, width: float = 2) -> None:
    """Draw an arrow whose head touches the end."""
    ax.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=15 + width, color=colour, linewidth=width, shrinkA=0, shrinkB=0
        )
    )


def tint(colour: str, strength: float) -> tuple[float, float, float]:
    """Mix a colour with white: strength 1 keeps it, 0 is white."""
    red, green, blue = (1 - strength * (1 - part) for part in to_rgb(colour))
    return red, green, blue
