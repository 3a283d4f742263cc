"""Faults of the pages that theme and extensions write, mended; what no page uses, left out."""

import re
from pathlib import Path

from sphinx.application import Sphinx

from .icons import with_icons

# The live-code service and the tabs are not used; icons are drawn in the pages.
UNUSED = ["fontawesome.js", "design-tabs.js", "sphinx-design.min.css", "sphinx-thebe.css"]
SEARCH = ["searchtools.js", "language_data.js", "searchindex.js"]  # one searches on one page
# What loads a face of icons, and what draws with it.
FACE_OF_ICONS = re.compile(r"@font-face\{[^}]*Font Awesome[^}]*\}|(?<=\})[^{}]+\{[^}]*var\(--fa-font-solid\)[^}]*\}")
TEXTS = {".html", ".css", ".js"}


def mend_pages(app: Sphinx, exception: Exception | None) -> None:
    """Mend every page, then take away the files that none of them asks for."""
    if exception is not None or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        unused = UNUSED if path.name == "search.html" else UNUSED + SEARCH
        path.write_text(mended(without_files(text, unused)), encoding="utf-8")
    theme = Path(app.outdir, "_static", "styles", "pydata-sphinx-theme.css")
    theme.write_text(FACE_OF_ICONS.sub("", theme.read_text(encoding="utf-8")), encoding="utf-8")
    for path in unasked(Path(app.outdir), Path(app.srcdir, "book", "_static")):
        path.unlink()
    for folder in sorted(Path(app.outdir, "_static").rglob("*/"), reverse=True):  # the inner ones first
        if not any(folder.iterdir()):
            folder.rmdir()


def without_files(page: str, names: list[str]) -> str:
    """Leave out the scripts and style sheets of these names."""
    named = "|".join(map(re.escape, names))
    page = re.sub(rf'\s*<script[^>]*\bsrc="[^"]*/(?:{named})[?"][^>]*></script>', "", page)
    return re.sub(rf'\s*<link[^>]*\bhref="[^"]*/(?:{named})[?"][^>]*>', "", page)


def mended(page: str) -> str:
    """Return a page as a screen reader needs it."""
    page = with_icons(page)
    # The role of an entry is deprecated, and does not belong in the list around it.
    page = page.replace('role="doc-biblioentry"', 'role="listitem"')
    # "Toggle hidden content" would hide what is written on the button.
    page = page.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    # A note in the margin is no landmark: those stand outside of the text.
    page = page.replace('<aside class="margin sidebar">', '<aside role="note" class="margin sidebar">')
    # The same ids in every figure and at every exercise; nothing points to them.
    page = re.sub(r' id="matplotlib\.axis_\d+"', "", page)
    page = re.sub(r'<section id="(exercise|solution)-content">', "<section>", page)
    return re.sub(r"<table\b.*?</table>", lambda table: mended_table(table[0]), page, flags=re.DOTALL)


def mended_table(table: str) -> str:
    """Make the first column one of headers where nothing stands above it, and code of what stands in back-ticks."""
    table = re.sub(r"(<td[^>]*>)([^<]*`[^<]*)(</td>)", lambda cell: cell[1] + with_code(cell[2]) + cell[3], table)
    if '<thead><tr><th scope="col"></th>' in table:
        table = table.replace('<th scope="col"></th>', "<td></td>", 1)
        table = re.sub(r"<tr><td( [^>]*)?>(.+?)</td>", r'<tr><th scope="row"\1>\2</th>', table)
    return table


def with_code(text: str) -> str:
    """Turn `code` in plain text into an element."""
    return re.sub(r"`([^`]+)`", r'<code class="literal">\1</code>', text)


def unasked(site: Path, own: Path) -> list[Path]:
    """Return the files of _static, but for the book's own, that no page names, nor a script or sheet of a page."""
    static = site / "_static"
    files = [path for path in static.rglob("*") if path.is_file()]
    files = [path for path in files if not (own / path.relative_to(static)).exists()]
    asking = [path for path in site.rglob("*.html") if static not in path.parents] + list(own.glob("*.css"))
    texts = "".join(path.read_text(encoding="utf-8") for path in asking)
    asked: set[Path] = set()
    while found := {path for path in files if path not in asked and path.name in texts and path.suffix != ".map"}:
        asked |= found
        texts = "".join(path.read_text(encoding="utf-8") for path in found if path.suffix in TEXTS)
    return [path for path in files if path not in asked]
