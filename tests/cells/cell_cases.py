"""What the tests of the cells share: odd sizes, random cases, and every cell once more, gate by gate."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from rnn_utils.cells import (
    CELLS,
    GRUBeforeWeights,
    GRUWeights,
    LSTMState,
    LSTMWeights,
    RNNWeights,
    Weights,
    random_weights,
    zero_state,
)
from rnn_utils.cells.checks import Array
from rnn_utils.cells.sequence import Unrolled
from rnn_utils.cells.stack import Bidirectional
from rnn_utils.cells.trees import leaves, mapped
from tools.profiles import profile

N, T, D, H = 2, 3, 5, 7  # all different, so that a swapped axis fails

KINDS = [pytest.param(kind, id=kind.__name__.removesuffix("Weights")) for kind in CELLS]
every_cell = pytest.mark.parametrize("kind", KINDS)

# The same examples at every run; no clock, which other work on the machine would stop.
EXAMPLES = {"quick": 5, "book": 30, "full": 1000}
PROPERTY = settings(max_examples=EXAMPLES[profile()], deadline=None, derandomize=True, database=None)

# Rounding in float64 over a few steps; what is compared is computed in another order.
SAME = {"rtol": 1e-11, "atol": 1e-13}


def normal(rng: np.random.Generator, like: Any) -> Any:
    """Draw arrays of the shapes and dtypes of nested ones."""
    return mapped(lambda array: rng.standard_normal(array.shape).astype(array.dtype), like)


def random_state(rng: np.random.Generator, layer: Any, rows: int) -> Any:
    if isinstance(layer, Bidirectional):
        return Bidirectional(*(random_state(rng, weights, rows) for weights in layer))
    return normal(rng, zero_state(layer, rows))


def random_layers(
    rng: np.random.Generator, kind: type[Weights], *, inputs: int, hidden: int, layers: int, both: bool
) -> list[Any]:
    """Draw a stack; every layer after the first reads what the one below it gives."""
    made: list[Any] = []
    for number in range(layers):
        reads = inputs if number == 0 else hidden * (1 + both)
        ways = [random_weights(kind, reads, hidden, rng) for _ in range(1 + both)]
        made.append(Bidirectional(*ways) if both else ways[0])
    return made


def weighed(result: Any, weighing: Any) -> float:
    """Return a loss that looks at every number of the result with a weight of its own."""
    pairs = zip(leaves(result), leaves(weighing), strict=True)
    return float(sum((part * weight).sum() for part, weight in pairs))


def weighing_of(rng: np.random.Generator, result: Unrolled) -> Unrolled:
    return Unrolled(*normal(rng, tuple(result)))


def logistic(a: Array) -> Array:
    return 0.5 * (1 + np.tanh(a / 2))


def one_by_one(x_t: Array, state: Any, weights: Weights) -> Any:
    """Advance any cell as its equations say, one gate and one product at a time."""
    h = leaves(state)[0]
    size = h.shape[1]

    def block(number: int) -> tuple[Array, Array, Array]:
        columns = slice(number * size, (number + 1) * size)
        return weights.W_xh[:, columns], weights.W_hh[:, columns], weights.b_h[columns]

    def gate(number: int, squash: Callable[[Array], Array]) -> Array:
        W_x, W_h, b = block(number)
        return squash(np.dot(x_t, W_x) + np.dot(h, W_h) + b)

    if isinstance(weights, RNNWeights):
        return gate(0, np.tanh)
    if isinstance(weights, LSTMWeights):
        i, f, g, o = gate(0, logistic), gate(1, logistic), gate(2, np.tanh), gate(3, logistic)
        c = f * state[1] + i * g
        return LSTMState(o * np.tanh(c), c)
    r, z = gate(0, logistic), gate(1, logistic)
    W_xn, W_hn, b_n = block(2)
    if isinstance(weights, GRUWeights):
        n = np.tanh(np.dot(x_t, W_xn) + b_n + r * (np.dot(h, W_hn) + weights.b_hn))
    else:
        assert isinstance(weights, GRUBeforeWeights)
        n = np.tanh(np.dot(x_t, W_xn) + b_n + np.dot(r * h, W_hn))
    return (1 - z) * n + z * h


def row_by_row(x: Array, weights: Weights, state: Any, lengths: list[int]) -> Unrolled:
    """Run a cell over each sequence alone, up to its own end."""
    h = np.zeros((*x.shape[:2], len(weights.W_hh)), x.dtype)
    ends = mapped(np.copy, state)
    for row, length in enumerate(lengths):
        alone = mapped(lambda part, row=row: part[row : row + 1], state)
        for t in range(length):
            alone = one_by_one(x[row : row + 1, t], alone, weights)
            h[row, t] = leaves(alone)[0]
        for end, part in zip(leaves(ends), leaves(alone), strict=True):
            end[row] = part
    return Unrolled(h, ends)


def assert_close(a: Any, b: Any, **tolerance: float) -> None:
    """Compare nested arrays, structure included."""
    left, right = leaves(a), leaves(b)
    assert len(left) == len(right)
    for one, other in zip(left, right, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, **(tolerance or SAME))
