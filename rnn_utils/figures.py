"""Figures as SVG whose words are words: a page can restyle, read aloud and translate them."""

import io
import re
from pathlib import Path
from typing import Any

from matplotlib import cbook, font_manager
from matplotlib.backend_bases import register_backend
from matplotlib.backends.backend_svg import FigureCanvasSVG

from rnn_utils.page import spaced

FACES = Path(__file__).parent / "faces"
WORDS = "Source Sans 3"  # the face of all that is no formula
# What the pages call the faces of a figure.
SERVED = {"Figure Sans": WORDS, "Figure Serif": "Source Serif 4", "Figure Han": "Noto Sans SC"}
NOTHING = dict.fromkeys(("Creator", "Date", "Format", "Type"))  # no date, so that one figure is one text


def use_book_figures() -> None:
    """Have notebooks show figures as SVG, laid out with the faces that the book's pages show."""
    known = {font.fname for font in font_manager.fontManager.ttflist}
    for path in sorted(FACES.glob("*.ttf")):
        if str(path) not in known:
            font_manager.fontManager.addfont(path)
    register_backend("svg", BookSVG, "SVG as the book keeps it")
    from IPython.core.getipython import get_ipython

    if get_ipython() is not None:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg")


class BookSVG(FigureCanvasSVG):
    """Matplotlib's SVG without what a page has no use for."""

    def print_svg(self, filename: Any, *, bbox_inches_restore: Any = None, **_: Any) -> None:
        """Write the figure to a path or an open file; `savefig` calls it, with what only other formats take too."""
        whole = io.StringIO()
        super().print_svg(whole, bbox_inches_restore=bbox_inches_restore, metadata=NOTHING)
        with cbook.open_file_cm(filename, "w", encoding="utf-8") as file:
            text = tidied(whole.getvalue())
            file.write(text if cbook.file_requires_unicode(file) else text.encode())


def tidied(svg: str) -> str:
    """Return an SVG's element alone: coordinates of 0.01 pt, no style sheet, no name that nothing refers to."""
    svg = svg[svg.index("<svg") :]
    # A sheet would dress the whole page that the figure stands in.
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", svg, count=1, flags=re.DOTALL)
    svg = svg.replace("<svg ", '<svg stroke-linejoin="round" stroke-linecap="butt" ', 1)
    for ours, served in SERVED.items():
        svg = svg.replace(ours, served)
    used = set(re.findall(r"#([\w-]+)", svg))
    svg = re.sub(r' id="([\w-]+)"', lambda name: name[0] if name[1] in used else "", svg)
    svg = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(?:scale|matrix)\([^)]*\)|-?\d+\.\d{3,}", rounded, tag[0]), svg)
    svg = re.sub(r"<text>\s*<tspan.*?</text>", joined, svg, flags=re.DOTALL)
    svg = re.sub(r">[^<>]*</t", lambda words: spaced(words[0]), svg)
    return re.sub(r"\s*\n\s*", "\n", svg).strip() + "\n"


def joined(text: re.Match[str]) -> str:
    """Return a text with a formula in it, which Matplotlib places letter by letter, in reading order and in words."""
    letters = re.findall(r'<tspan x="([^"]*)" y="([^"]*)" style="([^"]*)">([^<]*)</tspan>', text[0])
    runs: list[list[str]] = []
    for x, y, style, letter in sorted(letters, key=lambda letter: float(letter[0])):
        if runs and WORDS in style and runs[-1][1:3] == [y, style]:
            runs[-1][3] += letter
        else:
            runs.append([x, y, style, letter])
    spans = (f'<tspan x="{x}" y="{y}" style="{style}">{word}</tspan>' for x, y, style, word in runs)
    return "<text>" + "".join(spans).replace("\N{NO-BREAK SPACE}", " ") + "</text>"


def rounded(found: re.Match[str]) -> str:
    """Return a coordinate with two places; a factor stays as it is."""
    text = found[0]
    return text if text.endswith(")") else f"{round(float(text), 2) + 0.0:.8g}"  # not -0
