"""A progress bar for the terminal; a stored notebook never shows it."""

import sys
from collections.abc import Iterable

from rnn_utils.errors import SettingError


def watch(steps: range, shown: bool = True) -> Iterable[int]:
    """Count through steps, behind a progress bar if there is a terminal to draw it on.

    Parameters
    ----------
    steps : range
        Steps to come; it may begin where an earlier run was stopped.
    shown : bool
        Whether a bar is wanted.

    Returns
    -------
    iterable of int
        The steps.  The bar is drawn on stderr and wiped at the end.  A notebook has no terminal,
        so nothing is drawn there and nothing is stored.

    Raises
    ------
    SettingError
        If a bar is to be drawn and tqdm is not installed.

    Examples
    --------
    >>> list(watch(range(2, 5)))
    [2, 3, 4]
    """
    if not shown or sys.stderr is None or not sys.stderr.isatty():
        return steps
    try:
        from tqdm import tqdm
    except ImportError as error:
        raise SettingError(
            "watch: a progress bar needs tqdm, which is not installed. "
            'Run pip install "rnn-utils[chapters]", or pass progress=False.'
        ) from error
    return tqdm(steps, initial=steps.start, total=steps.stop, unit="step", leave=False, file=sys.stderr)
