"""The same weights give the same outputs and the same gradients here and in Keras."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from rnn_utils.cells import GRUBeforeWeights, GRUWeights, LSTMWeights, RNNWeights, Weights
from rnn_utils.cells.convert import from_keras, gradients_from_keras, to_keras
from rnn_utils.cells.gradients import relative_error
from rnn_utils.cells.stack import Bidirectional, unroll_stack, unroll_stack_backward
from rnn_utils.cells.trees import leaves, mapped
from tests.cells.cell_cases import every_cell, random_layers, random_state, weighing_of

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.tensorflow

N, T, D, H = 3, 5, 4, 6
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}  # largest difference over the largest magnitude: rounding


def layer_of(kind: type[Weights], like: Any, dtype: str) -> Any:
    """Build the layer of Keras for one of our layers, without weights yet."""
    made, options = {
        RNNWeights: (keras.layers.SimpleRNN, {}),
        LSTMWeights: (keras.layers.LSTM, {}),
        GRUWeights: (keras.layers.GRU, {"reset_after": True}),
        GRUBeforeWeights: (keras.layers.GRU, {"reset_after": False}),
    }[kind]
    layer = made(H, return_sequences=True, return_state=True, zero_output_for_mask=True, dtype=dtype, **options)
    return keras.layers.Bidirectional(layer, dtype=dtype) if isinstance(like, Bidirectional) else layer


def tensors_of(tree: Any) -> list[Any]:
    return [tf.Variable(leaf) for leaf in leaves(tree)]


def array(value: Any) -> np.ndarray:
    return value if isinstance(value, np.ndarray) else np.asarray(value)


# Every shape in double precision; what single precision could change shows in the richest one.
SHAPES = [(*shape, "float64") for shape in product((1, 2), (False, True), (None, [3, 5, 1]))]
SHAPES.append((2, True, [3, 5, 1], "float32"))


@every_cell
@pytest.mark.parametrize(("layers", "both", "lengths", "dtype"), SHAPES)
def test_outputs_and_gradients_are_the_same(
    kind: type[Weights], layers: int, both: bool, lengths: list[int] | None, dtype: str
) -> None:
    rng = np.random.default_rng(0)
    stack = random_layers(rng, kind, inputs=D, hidden=H, layers=layers, both=both)
    case = (rng.standard_normal((N, T, D)), stack, [random_state(rng, layer, N) for layer in stack])
    x, stack, states = mapped(lambda part: part.astype(dtype), case)
    ours, caches = unroll_stack(x, stack, states, lengths)
    weighing = weighing_of(np.random.default_rng(1), ours)
    gradients = unroll_stack_backward(weighing, caches)

    theirs = [layer_of(kind, layer, dtype) for layer in stack]
    for layer, weights in zip(theirs, stack, strict=True):
        layer.build((N, T, leaves(weights)[0].shape[0]))
        layer.set_weights(to_keras(weights))
    mask = None if lengths is None else tf.sequence_mask(lengths, T)
    inputs, firsts = tf.Variable(x), [tensors_of(state) for state in states]
    with tf.GradientTape() as tape:
        h, lasts = inputs, []
        for layer, first in zip(theirs, firsts, strict=True):
            h, *last = layer(h, mask=mask, initial_state=[tf.convert_to_tensor(part) for part in first])
            lasts.append(last)
        pairs = zip(leaves((h, lasts)), leaves(tuple(weighing)), strict=True)
        loss = tf.add_n([tf.reduce_sum(one * other) for one, other in pairs])
    dx, dfirsts, dweights = tape.gradient(loss, (inputs, firsts, [layer.trainable_weights for layer in theirs]))

    compared = [(ours.h, h), (gradients.dx, dx)]
    compared += zip(leaves(ours.state), leaves(lasts), strict=True)
    compared += zip(leaves(gradients.dstate), leaves(dfirsts), strict=True)
    moved = [gradients_from_keras(dlayer, kind, bidirectional=both) for dlayer in dweights]
    compared += zip(leaves(gradients.dweights), leaves(moved), strict=True)
    for one, other in compared:
        assert one.dtype == array(other).dtype == dtype
        assert relative_error(one, array(other)) < TOLERANCE[dtype]


@every_cell
@pytest.mark.parametrize("both", [False, True], ids=["one way", "both ways"])
def test_weights_that_keras_holds_give_the_same_outputs(kind: type[Weights], both: bool) -> None:
    """With every bias at random, which some of ours never are."""
    rng = np.random.default_rng(0)
    (like,) = random_layers(rng, kind, inputs=D, hidden=H, layers=1, both=both)
    layer = layer_of(kind, like, "float64")
    layer.build((N, T, D))
    layer.set_weights([rng.standard_normal(weight.shape) for weight in layer.get_weights()])
    x = rng.standard_normal((N, T, D))
    ours, _ = unroll_stack(x, [from_keras(layer.get_weights(), kind, bidirectional=both)])
    h, *_ = layer(x)
    assert relative_error(ours.h, array(h)) < 1e-10
    again, _ = unroll_stack(x, [from_keras(layer.trainable_weights, kind, bidirectional=both)])
    assert relative_error(again.h, ours.h) == 0
