"""What a chapter puts on the page beside plain prints: glued values, tables, expected failures."""

import html
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rnn_utils.errors import BookError, SettingError

# MyST-NB keeps outputs under this prefix for its `glue` role and shows nothing in place.
GLUE_PREFIX = "application/papermill.record/"
TABLE = '<table class="table">'


def display(bundle: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
    """Send a bundle of {MIME type: data} to the notebook, or print its plain text outside one."""
    try:
        from IPython.core.getipython import get_ipython

        shell = get_ipython()
    except ImportError:
        shell = None
    if shell is None:
        if "text/plain" in bundle:
            print(bundle["text/plain"])
        return
    shell.display_pub.publish(bundle, metadata or {})


def glue(name: str, text: str) -> None:
    """Keep a formatted value for the prose, where ``{glue:text}`name``` shows it.

    Parameters
    ----------
    name : str
        Lower-case words joined by hyphens, unique in the chapter.
    text : str
        The value as the reader shall see it, unit included: ``f"{accuracy:.1%}"``.

    Raises
    ------
    SettingError
        If the name is malformed or the text is not a string: rounding is the chapter's decision.
    """
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise SettingError(f"glue: name is {name!r}; expected lower-case words joined by hyphens.")
    if not isinstance(text, str):
        raise SettingError(f'glue {name}: got a {type(text).__name__}; format it first: f"{{value:.1%}}".')
    display({GLUE_PREFIX + "text/plain": text}, {"scrapbook": {"name": name, "mime_prefix": GLUE_PREFIX}})


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, languages: Sequence[str | None] = ()) -> None:
    """Show rows as an HTML table (in a terminal: as aligned text).

    Parameters
    ----------
    columns : sequence of str
        Header cells.
    rows : sequence of rows
        One value per column; numbers come formatted, since rounding is the chapter's decision.
    languages : sequence of str or None, optional
        A language tag per column (``"ru"``), so that fonts and screen readers follow.

    Raises
    ------
    SettingError
        If a row or ``languages`` does not fit the columns.
    """
    for number, row in enumerate(rows):
        if len(row) != len(columns):
            raise SettingError(f"table: row {number} has {len(row)} cells; expected {len(columns)}, one per column.")
    if languages and len(languages) != len(columns):
        raise SettingError(f"table: got {len(languages)} languages for {len(columns)} columns.")
    tags = [f' lang="{tag}"' if tag else "" for tag in languages or [None] * len(columns)]
    cells = [[str(cell) for cell in row] for row in [columns, *rows]]
    head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in cells[0])
    body = "".join(
        "<tr>" + "".join(f"<td{tag}>{html.escape(cell)}</td>" for tag, cell in zip(tags, row, strict=True)) + "</tr>\n"
        for row in cells[1:]
    )
    display(
        {
            "text/plain": as_text(cells),
            "text/html": f"{TABLE}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>",
        }
    )


def as_text(cells: Sequence[Sequence[str]]) -> str:
    """Return a table, header first, as lines of aligned text."""
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


@contextmanager
def expect_error(kind: type[BaseException], part: str) -> Iterator[None]:
    """Show a failure that the text has announced: print its type and first line, and go on.

    Parameters
    ----------
    kind : exception type
        What the block must raise.
    part : str
        A piece of the message, so that another failure of the same type is not taken for it.

    Raises
    ------
    BookError
        If the block raises nothing, or something else.

    Examples
    --------
    >>> with expect_error(ValueError, "invalid literal"):
    ...     int("three")
    ValueError: invalid literal for int() with base 10: 'three'
    """
    try:
        yield
    except kind as error:
        if part not in str(error):
            raise BookError(
                f"expect_error: expected {kind.__name__} with {part!r} in its message, came: {error}"
            ) from error
        first = str(error).strip().splitlines()[0]
        print(f"{type(error).__name__}: {first}")
    else:
        raise BookError(f"expect_error: expected {kind.__name__} with {part!r} in its message, but nothing was raised.")
