"""Two tasks that cannot be done without a long memory; the inputs are made fresh for every batch.

NumPy only.  `delayed_recall` asks *which symbol was first*, `adding_problem` asks for a sum of two
numbers that stand far apart.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnn_utils.errors import SettingError


class Batch(NamedTuple):
    """Sequences and what a net should answer after the last step of each."""

    x: NDArray[np.float32]  # (N, T, D)
    y: NDArray  # (N,)


def delayed_recall(N: int, wait: int, rng: np.random.Generator, symbols: int = 4) -> Batch:
    """Draw sequences whose first symbol must be named after a long wait.

    Step 0 shows one of ``symbols`` signs.  Each of the ``wait`` steps after it shows a distractor, one
    of as many other signs, drawn anew at each step and of no use.

    Parameters
    ----------
    N : int
        Sequences.
    wait : int
        Steps between the symbol and the end.
    rng : numpy.random.Generator
        Where the symbols come from.
    symbols : int, optional
        How many different symbols there are; a blind guess is right once in ``symbols`` times.

    Returns
    -------
    Batch
        ``x``, one-hot, shape (N, 1 + wait, 2 * symbols): the first half of the columns are the symbols,
        the second half the distractors.  ``y``, shape (N,): the symbols, 0 to ``symbols - 1``.

    Raises
    ------
    SettingError
        If N or ``wait`` is below 1, or there are fewer than two symbols.

    References
    ----------
    Hochreiter and Schmidhuber (1997), "Long short-term memory", has a task of this kind.

    Examples
    --------
    >>> x, y = delayed_recall(N=2, wait=3, rng=np.random.default_rng(0))
    >>> x.shape
    (2, 4, 8)
    >>> x[0].argmax(axis=1), y[0]
    (array([3, 6, 5, 5]), np.int64(3))
    """
    _check("delayed_recall", N=(N, 1), wait=(wait, 1), symbols=(symbols, 2))
    y = rng.integers(symbols, size=N)
    distractors = rng.integers(symbols, 2 * symbols, size=(N, wait))
    shown = np.column_stack([y, distractors])  # (N, 1 + wait)
    return Batch(np.eye(2 * symbols, dtype=np.float32)[shown], y)


def adding_problem(N: int, T: int, rng: np.random.Generator) -> Batch:
    """Draw sequences of numbers of which two are marked, and the sum of those two.

    Parameters
    ----------
    N, T : int
        Sequences, and steps of each.
    rng : numpy.random.Generator
        Where the numbers and the marks come from.

    Returns
    -------
    Batch
        ``x``, shape (N, T, 2): a number from 0 to 1, and a mark that is 1 at two steps, one in each half
        of the sequence, and 0 elsewhere.  ``y``, shape (N,), float32: the sum of the two marked numbers.
        Always answering 1 has a mean squared error of 1/6.

    Raises
    ------
    SettingError
        If N is below 1 or T is below 2.

    References
    ----------
    Hochreiter and Schmidhuber (1997), "Long short-term memory", has a task of this kind.

    Examples
    --------
    >>> x, y = adding_problem(N=1, T=4, rng=np.random.default_rng(0))
    >>> x[0].round(2)
    array([[0.85, 1.  ],
           [0.64, 0.  ],
           [0.51, 1.  ],
           [0.27, 0.  ]], dtype=float32)
    >>> y.round(2)
    array([1.36], dtype=float32)
    """
    _check("adding_problem", N=(N, 1), T=(T, 2))
    numbers = rng.random((N, T), dtype=np.float32)
    marks = np.zeros((N, T), dtype=np.float32)
    rows = np.arange(N)
    marks[rows, rng.integers(T // 2, size=N)] = 1
    marks[rows, rng.integers(T // 2, T, size=N)] = 1
    return Batch(np.stack([numbers, marks], axis=2), (numbers * marks).sum(axis=1))


def _check(function: str, **settings: tuple[int, int]) -> None:
    for name, (value, least) in settings.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise SettingError(f"{function}: {name} is {value!r}; expected a whole number of at least {least}.")
