"""Claims: sentences of the book that the code beside them proves."""

import html
import math
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from rnn_utils.errors import ClaimError, SettingError
from rnn_utils.show import display

CLAIM_MIME = "application/vnd.rnn-book.claim+json"

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


def claim(name: str, sentence: str, value: Any, comparison: str, bar: Any, *, baseline: Any = None) -> None:
    """Assert a sentence of the book and print it once it holds.

    The printed line holds no measured value, so that it stays the same on every processor;
    the value travels beside it in a machine-readable record.

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
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
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
    text = sentence.format(bar=bar)
    record = {"id": name, "sentence": text, "comparison": comparison, "bar": bar, "value": value}
    if baseline is not None:
        record["baseline"] = baseline
    display(
        {
            "text/plain": f"✓ {text}",
            "text/html": f'<p class="claim" id="claim-{name}">{html.escape(text)}</p>',
            CLAIM_MIME: record,
        }
    )


def _plain(name: str, value: Any) -> Any:
    """Turn NumPy and framework scalars into Python's own; refuse truth values and NaN."""
    if isinstance(value, np.ndarray | np.generic) or hasattr(value, "numpy"):
        value = np.asarray(value).tolist()
    if isinstance(value, bool):
        raise SettingError(
            f"claim {name}: got the truth value {value}, which hides what was measured. "
            'Pass both sides: claim(..., value, ">", bar).'
        )
    if isinstance(value, float) and math.isnan(value):
        raise ClaimError(f"claim {name}: a measured value is NaN. Look for a division by zero or a diverged loss.")
    if isinstance(value, list | tuple):
        return [_plain(name, item) for item in value]
    if value is not None and not isinstance(value, int | float | str):
        raise SettingError(f"claim {name}: got a {type(value).__name__}; expected a number, a text or a list of them.")
    return value
