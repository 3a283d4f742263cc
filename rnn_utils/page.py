"""What a cell puts on the page beside plain prints: claims, glued values, tables, expected failures, studies.

A claim is a sentence of the book that the code beside it checks.
"""

import html
import json
import math
import operator
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from rnn_utils.errors import BookError, ClaimError, DataError, SettingError

ID = r"[a-z0-9]+(-[a-z0-9]+)*"  # of claims, glued values, terms: pages and translations refer to them
CLAIM_MIME = "application/vnd.rnn-book.claim+json"

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


def claim(
    name: str, sentence: str, value: Any, comparison: str, bar: Any, *, baseline: Any = None, show: str | None = None
) -> None:
    """Assert a sentence of the book and print it once it holds.

    The printed line holds no measured value, so that it stays the same on every processor;
    the value travels beside it in a machine-readable record, from which the book's page shows it.

    Parameters
    ----------
    name : str
        Stable id, lower-case words joined by hyphens: pages and translations refer to it.
    sentence : str
        What the book asserts; ``{bar}`` (with any format, ``{bar:.0%}``) stands for the bar.
    value : number, str, tuple or list
        What was measured.  Never a truth value: ``claim(..., a > b, "==", True)`` would hide
        both numbers, so write ``claim(..., a, ">", b)``.
    comparison : str
        One of ``>  >=  <  <=  ==  !=``.
    bar : same kind as value
        What the value is held against.
    baseline : same kind as value, optional
        The same measure without the thing that the sentence praises (an untrained net, a guess,
        the unfixed code).  If it passes the bar too, the bar proves nothing and the claim fails.
    show : str, optional
        What the page shows beside the sentence: ``"{value:.0%} (untrained: {baseline:.0%})"``.  In a chapter that
        says it of some claims these are its story, and the others stand folded at the end of their section.

    Raises
    ------
    ClaimError
        If the value misses the bar, is not finite, or the baseline passes as well.
    SettingError
        If the arguments cannot make a claim.

    Examples
    --------
    >>> claim("more-is-more", "two and two make at least {bar}", 2 + 2, ">=", 4, baseline=2)
    ✓ two and two make at least 4
    """
    if not re.fullmatch(ID, name):
        raise SettingError(f"claim: id is {name!r}; expected lower-case words joined by hyphens.")
    if comparison not in COMPARISONS:
        raise SettingError(f"claim {name}: comparison is {comparison!r}; expected one of {' '.join(COMPARISONS)}.")
    value, bar, baseline = _plain(name, value), _plain(name, bar), _plain(name, baseline)
    holds = COMPARISONS[comparison]
    if not holds(value, bar):
        raise ClaimError(
            f"claim {name}: expected a value {comparison} {bar!r}, came {value!r}. "
            "If the code is right, the sentence is wrong: change what the book says, not the bar."
        )
    if baseline is not None and holds(baseline, bar):
        raise ClaimError(
            f"claim {name}: the baseline {baseline!r} is {comparison} {bar!r} too, so the bar proves nothing. "
            "Choose a bar between the baseline and what is claimed."
        )
    text = typeset(sentence.format(bar=bar))
    record = {"id": name, "sentence": text, "comparison": comparison, "bar": bar, "value": value}
    if baseline is not None:
        record["baseline"] = baseline
    if show is not None:
        record["show"] = show
        try:
            measured(record)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise SettingError(f"claim {name}: {show!r} cannot show {value!r}, {baseline!r}: {error}") from error
    display(
        {
            "text/plain": f"✓ {text}",
            "text/html": f'<p class="claim" id="claim-{name}">{html.escape(text)}</p>',
            CLAIM_MIME: record,
        }
    )


def _plain(name: str, value: Any) -> Any:
    """Turn NumPy and framework scalars into Python's own; refuse truth values, NaN and infinity."""
    if isinstance(value, np.ndarray | np.generic) or hasattr(value, "numpy"):
        value = np.asarray(value).tolist()
    if isinstance(value, bool):
        raise SettingError(
            f"claim {name}: got the truth value {value}, which hides what was measured. "
            'Pass both sides: claim(..., value, ">", bar).'
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise ClaimError(f"claim {name}: a value is {value}. Look for a division by zero or a diverged loss.")
    if isinstance(value, list | tuple):
        return [_plain(name, item) for item in value]
    if value is not None and not isinstance(value, int | float | str):
        raise SettingError(f"claim {name}: got a {type(value).__name__}; expected a number, a text or a list of them.")
    return value


def measured(record: dict[str, Any]) -> str:
    """Return what a page shows beside a claim's sentence, from its record; empty where that says it all."""
    value, bar = record["value"], record["bar"]
    if "show" in record:
        return typeset(record["show"].format(value=value, baseline=record.get("baseline")))
    if not isinstance(value, int | float) or record["comparison"] in ("==", "!="):
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(bar, float):
        for places in range(3):
            if typeset(f"{bar:.{places}%}") in record["sentence"]:
                return typeset(f"{value:.{places + 1}%}")  # a share, with one place more than its bar
    return typeset(f"{value:.3g}")


RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def typeset(text: str) -> str:
    """Return a text with its numbers as they are printed: a space before %, 10⁻⁵ for 1e-05.

    Examples
    --------
    >>> typeset("within 1e-05")
    'within 10⁻⁵'
    """
    return re.sub(r"\b(\d+(?:\.\d+)?)e([+-]\d+)\b", scientific, spaced(text))


def spaced(text: str) -> str:
    """Return a text with a no-break space before each per cent sign."""
    return re.sub(r"(?<=\d) ?%", "\N{NO-BREAK SPACE}%", text)


def scientific(number: re.Match[str]) -> str:
    """Return a number in scientific notation."""
    power = "10" + str(int(number[2])).translate(RAISED)
    return power if number[1] == "1" else f"{number[1]}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}{power}"


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
            _print(bundle["text/plain"])
        return
    shell.display_pub.publish(bundle, metadata or {})


def _print(text: str) -> None:
    """Print a text; what the terminal's encoding lacks becomes a question mark."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))


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
    if not re.fullmatch(ID, name):
        raise SettingError(f"glue: name is {name!r}; expected lower-case words joined by hyphens.")
    if not isinstance(text, str):
        raise SettingError(f'glue {name}: got a {type(text).__name__}; format it first: f"{{value:.1%}}".')
    # As MyST-NB's own glue does: it reads what it pastes as Python, and makes (3, 0) of 3,000 without quotes.
    text = spaced(text)
    display({GLUE_PREFIX + "text/plain": repr(text)}, {"scrapbook": {"name": name, "mime_prefix": GLUE_PREFIX}})


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, languages: Sequence[str | None] = ()) -> None:
    """Show rows as an HTML table (in a terminal: as aligned text).

    Parameters
    ----------
    columns : sequence of str
        Header cells.
    rows : iterable of rows
        One value per column; numbers come formatted, since rounding is the chapter's decision.
    languages : sequence of str or None, optional
        A language tag per column (``"ru"``), so that fonts and screen readers follow.

    Raises
    ------
    SettingError
        If a row or ``languages`` does not fit the columns.
    """
    rows = list(rows)
    for number, row in enumerate(rows):
        if len(row) != len(columns):
            raise SettingError(f"table: row {number} has {len(row)} cells; expected {len(columns)}, one per column.")
    if languages and len(languages) != len(columns):
        raise SettingError(f"table: got {len(languages)} languages for {len(columns)} columns.")
    tags = [f' lang="{tag}"' if tag else "" for tag in languages or [None] * len(columns)]
    cells = [[spaced(str(cell)) for cell in row] for row in [columns, *rows]]
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
        first, *_ = [*str(error).strip().splitlines(), ""]
        _print(f"{type(error).__name__}: {first}".removesuffix(": "))
    else:
        raise BookError(f"expect_error: expected {kind.__name__} with {part!r} in its message, but nothing was raised.")


def recall(study: str) -> dict[str, Any]:
    """Read a stored study: runs that take longer than a chapter may.

    Parameters
    ----------
    study : str
        Name of ``benchmarks/<study>.py``.

    Returns
    -------
    dict
        Tables by name, each a list of rows, and ``sittings``: the machine, the versions and the day of
        the rows that name them.

    Raises
    ------
    DataError
        If there is no such study.
    """
    package = Path(__file__).resolve().parent
    folders = (package.parent / "benchmarks" / "results", package / "_studies")  # a checkout, and a wheel
    for folder in folders:
        if (path := folder / f"{study}.json").is_file():
            return json.loads(path.read_text(encoding="utf-8"))
    names = sorted(path.stem for folder in folders for path in folder.glob("*.json"))
    raise DataError(f"recall: no stored study {study!r}; expected one of {', '.join(names)}.")
