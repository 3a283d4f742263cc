"""Four published programs that read MNIST, as facts: what they build, how they train, what they leave open.

No framework is imported here.  `rnn_utils.chapters.ch11_graph_programs` builds them as they were written, and
`rnn_utils.chapters.ch11_rebuilds` builds them in Keras 3.
"""

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnn_utils.errors import SettingError

T, D, CLASSES = 28, 28, 10  # rows of an image, pixels of a row, digits
HELD_OUT = 12  # the old loader set 5,000 of 60,000 images aside: one in twelve
ADAM_EPSILON = 1e-8  # of TensorFlow 1; Keras 3 has 1e-7
SHORT_TEST = 128  # images on which 000 and 003 tested


@dataclass(frozen=True)
class Recipe:
    """One published program.

    Attributes
    ----------
    source : str
        Number of the source, ``"000"`` to ``"003"``.
    cell : {"LSTM", "RNN"}
        ``BasicLSTMCell`` with a forget bias of 1, or ``BasicRNNCell`` with tanh.
    units : int
        Hidden units.
    unroll : {"static_rnn", "dynamic_rnn"}
        What goes through the 28 rows: copies of the cell in the graph, or a loop.
    input_layer : bool
        Whether a linear layer stands before the cell.
    answer_kernel : float
        Standard deviation of the answer layer's first weights, normally distributed.
    truncated : bool
        Whether draws beyond two standard deviations are drawn again.
    answer_bias : float or None
        First biases of the answer layer; None: normally distributed with standard deviation 1.
    softmaxes : {1, 2}
        How often the softmax is applied on the way to the loss.
    optimizer : {"Adam", "SGD"}
        SGD is plain gradient descent.
    rate : float
        Learning rate; the same at all steps.
    batch, steps : int
        Images of a batch, and batches of the training.
    fixed_batch : bool
        Whether the first state is made of zeros for exactly one batch.
    filled_in : tuple of str
        What the source leaves open, and what stands here instead.
    """

    source: str
    cell: Literal["LSTM", "RNN"]
    units: int
    unroll: Literal["static_rnn", "dynamic_rnn"]
    optimizer: Literal["Adam", "SGD"]
    rate: float
    batch: int
    steps: int
    input_layer: bool = False
    answer_kernel: float = 1.0
    truncated: bool = False
    answer_bias: float | None = None
    softmaxes: Literal[1, 2] = 1
    fixed_batch: bool = False
    filled_in: tuple[str, ...] = ()

    @property
    def cell_inputs(self) -> int:
        """Numbers that the cell reads at each step."""
        return self.units if self.input_layer else D

    @property
    def cell_limit(self) -> float:
        """Bound of the uniform first weights of the cell.

        TensorFlow 1 keeps the weights of input and state in one matrix, and draws it by the rule of
        Glorot for that matrix.  Keras 3 draws the two parts apart, by two rules.
        """
        columns = (4 if self.cell == "LSTM" else 1) * self.units
        return sqrt(6 / (self.cell_inputs + self.units + columns))


def steps_of(samples: int, batch: int, first: int) -> int:
    """Count the rounds of ``while step * batch < samples`` when ``step`` begins at ``first``.

    Examples
    --------
    >>> steps_of(100_000, batch=128, first=1), steps_of(1_000_000, batch=128, first=0)
    (781, 7813)
    """
    return ceil(samples / batch) - first


SAME_FAMILY = "taken from programs of the same family, with which its other lines agree"
RECIPES = {
    "000": Recipe(
        source="000",
        cell="LSTM",
        units=128,
        unroll="static_rnn",
        optimizer="Adam",
        rate=0.001,
        batch=128,
        steps=steps_of(100_000, 128, first=1),
        filled_in=(
            f"learning_rate is never set: 0.001, {SAME_FAMILY}",
            f"batch_size is never set: 128, {SAME_FAMILY}",
            f"training_iters is never set: 100,000, {SAME_FAMILY}",
        ),
    ),
    "001": Recipe(
        source="001",
        cell="RNN",
        units=128,
        unroll="dynamic_rnn",
        optimizer="Adam",
        rate=0.001,
        batch=128,
        steps=steps_of(1_000_000, 128, first=0),
        input_layer=True,
        answer_bias=0.1,
        fixed_batch=True,
        filled_in=(
            "the code ends inside `while step*batch_size`: it goes on as `< training_iters`, trains on the next "
            "batch, and adds 1 to step",
            "no test is left of it: tested here like the others",
        ),
    ),
    "002": Recipe(
        source="002",
        cell="LSTM",
        units=100,
        unroll="dynamic_rnn",
        optimizer="Adam",
        rate=1e-4,
        batch=50,
        steps=6 * (55_000 // 50),
        answer_kernel=0.1,
        truncated=True,
        answer_bias=0.1,
        softmaxes=2,
    ),
    "003": Recipe(
        source="003",
        cell="LSTM",
        units=128,
        unroll="static_rnn",
        optimizer="SGD",
        rate=0.001,
        batch=128,
        steps=10_000,
    ),
}


class Images(NamedTuple):
    """Images as the programs read them, from 0 to 1 in float32, (N, 28, 28), and their digits, (N,)."""

    x: NDArray[np.float32]
    y: NDArray[np.int64]


def training_part(x: NDArray[np.uint8], y: NDArray[np.int64]) -> Images:
    """Return what the old loader gave out for training.

    It held the *first* 5,000 of the 60,000 images back for validation; none of the four programs
    looked at them.

    Parameters
    ----------
    x : ndarray of uint8, shape (N, 28, 28)
        Grey levels.
    y : ndarray of int, shape (N,)
        Digits.

    Returns
    -------
    Images
        All but the first twelfth: 55,000 of 60,000.

    Examples
    --------
    >>> len(training_part(np.zeros((60_000, 28, 28), np.uint8), np.zeros(60_000, int)).x)
    55000
    """
    first = len(x) // HELD_OUT
    return Images(scaled(x[first:]), y[first:])


def scaled(x: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bring grey levels from 0..255 into 0..1."""
    return x.astype(np.float32) / np.float32(255)


def one_hot(y: NDArray[np.integer]) -> NDArray[np.float32]:
    """Turn digits (N,) into rows with a single 1, (N, 10).

    Examples
    --------
    >>> one_hot(np.array([2]))[0, :4]
    array([0., 0., 1., 0.], dtype=float32)
    """
    return np.eye(CLASSES, dtype=np.float32)[y]


def next_batches(count: int, size: int, steps: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw the row numbers of mini-batches as ``mnist.train.next_batch`` did.

    The rows are shuffled before each pass.  A batch that the pass cannot fill takes its last rows
    from the next pass, so no image is left out, and a row may be twice in such a batch.

    Parameters
    ----------
    count, size, steps : int
        Rows there are, rows of a batch, batches wanted.
    rng : numpy.random.Generator
        Shuffles.

    Returns
    -------
    ndarray of int, shape (steps, size)

    Raises
    ------
    SettingError
        If nothing is asked for, or a batch is larger than the data.

    Examples
    --------
    >>> rows = next_batches(5, size=2, steps=5, rng=np.random.default_rng(0))
    >>> sorted(rows.ravel()[:5].tolist()), sorted(rows.ravel()[5:].tolist())
    ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4])
    """
    if not 1 <= size <= count or steps < 1:
        raise SettingError(
            f"next_batches: got {steps} steps of {size} rows from {count}; "
            f"expected at least one step, and from 1 to {count} rows in each."
        )
    passes = [rng.permutation(count) for _ in range(ceil(steps * size / count))]
    return np.concatenate(passes)[: steps * size].reshape(steps, size)
