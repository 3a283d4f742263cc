"""What is done to the theme's pages: scripts left out, style sheets in a layer, code line by line."""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

LAYER = "@layer theme {\n"
OURS = ("book.css", "landing.css")


def leave_out_thebe(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Drop the scripts of a live-code service that this book does not use.

    Jupyter Book adds them to every page, twice, and the second is an error in the browser.
    """
    scripts = context.get("script_files", [])
    context["script_files"] = [script for script in scripts if not is_thebe(script)]


def is_thebe(script: Any) -> bool:
    """Tell whether a script of a page belongs to thebe."""
    return "thebe" in f"{script.filename} {getattr(script, 'attributes', {}).get('body', '')}".lower()


def part_lines(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Make an element of every line of code, so that the style sheet can break a long one and indent the rest."""
    if "body" in context:
        context["body"] = re.sub(r"(<pre><span></span>)(.*?)\n?(</pre>)", parted, context["body"], flags=re.DOTALL)


def parted(block: re.Match[str]) -> str:
    """Return a block of highlighted code line by line; Pygments ends its own elements with each line."""
    lines = "".join(f'<span class="line">{line}\n</span>' for line in block[2].split("\n"))
    return block[1] + lines + block[3]


def put_theme_into_layer(app: Sphinx, exception: Exception | None) -> None:
    """Wrap every style sheet but the book's own two: what stands in no layer wins over what stands in one."""
    if exception is not None or app.builder.format != "html":
        return
    for path in Path(app.outdir, "_static").rglob("*.css"):
        text = path.read_text(encoding="utf-8").removeprefix('@charset "UTF-8";')
        # A sheet that only imports another may not do so from inside a layer.
        if path.name not in OURS and "@import" not in text and not text.startswith(LAYER):
            path.write_text(f"{LAYER}{text}\n}}\n", encoding="utf-8")
