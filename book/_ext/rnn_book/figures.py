"""Figures stand in the page as SVG: in its faces and colours, by day and by night."""

import html
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

SHEET = "figures.css"
STRONG = 90  # of 255: how far the parts of a colour lie apart that is a curve's, and no tint, grey or text


def put_figures_inline(app: Sphinx, doctree: nodes.document) -> None:
    """Replace the images of SVG outputs, which MyST-NB has written to files, by their elements."""
    for number, image in enumerate(list(doctree.findall(nodes.image))):
        path = Path(app.srcdir, image["uri"].lstrip("/"))
        if path.suffix == ".svg" and "jupyter_execute" in path.parts:
            svg = inline(path.read_text(encoding="utf-8"), f"f{number}", image.get("alt", ""))
            image.replace_self(nodes.raw("", svg, format="html"))


def inline(svg: str, prefix: str, alt: str | None) -> str:
    """Return an SVG as a part of a page: names of its own, and the page's colours by day and by night.

    One that holds a picture keeps its own colours, since what is written on a picture must stand out from it.
    Without an alternative text it is an ornament, which a screen reader passes over.
    """
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)
    svg = re.sub(r'(\bid="|#)([pm][0-9a-f]{10}|image[0-9a-f]{10})\b', rf"\1{prefix}-\2", svg)
    kind = "figure plate" if "<image" in svg else "figure"
    if "<image" not in svg:
        svg = re.sub(r"(?<=: )#[0-9a-f]{6}\b", lambda colour: f"var(--f-{colour[0][1:]})", svg)
    name = 'aria-hidden="true"' if alt is None else f'role="img" aria-label="{html.escape(alt)}"'
    return svg.replace("<svg ", f'<svg class="{kind}" {name} ', 1)


def write_colours(app: Sphinx, exception: Exception | None) -> None:
    """Write the sheet that says what each colour of a figure is by day and by night."""
    if exception is not None or app.builder.format != "html":
        return
    paths = [Path(app.outdir, "index.html"), *Path(app.outdir, "notebooks").glob("*.html")]
    pages = [path.read_text(encoding="utf-8") for path in paths]
    used = sorted({code for page in pages for code in re.findall(r"var\(--f-([0-9a-f]{6})\)", page)})
    day = "\n".join(f"  --f-{code}: {by_day(code)};" for code in used)
    night = "\n".join(f"    --f-{code}: {by_night(code)};" for code in used if code != "ffffff")
    dark = f'  @media screen {{ html[data-theme="dark"] {{\n{night}\n  }} }}'
    sheet = f"html {{\n{day}\n}}\n\n@supports (color: oklch(from red l c h)) {{\n{dark}\n}}\n"
    Path(app.outdir, "_static", SHEET).write_text(sheet, encoding="utf-8")


def by_day(code: str) -> str:
    """Return a colour of a figure on a light page."""
    return "var(--paper)" if code == "ffffff" else f"#{code}"


def by_night(code: str) -> str:
    """Return it on a dark page: a curve's hue a little lighter; of tints, greys and text the light ones dark."""
    parts = bytes.fromhex(code)
    lightness = "max(l, 0.66)" if max(parts) - min(parts) > STRONG else "calc(0.93 - 0.72 * l)"
    return f"oklch(from #{code} {lightness} c h)"
