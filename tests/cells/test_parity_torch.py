"""The same weights give the same outputs and the same gradients here and in PyTorch."""

from typing import Any

import numpy as np
import pytest

from rnn_utils.cells import CELLS, GRUBeforeWeights, LSTMWeights, RNNWeights, Weights
from rnn_utils.cells.convert import from_torch, gradients_from_torch, to_torch
from rnn_utils.cells.gradients import relative_error
from rnn_utils.cells.sequence import unroll, unroll_backward
from rnn_utils.cells.stack import Bidirectional, unroll_stack, unroll_stack_backward
from rnn_utils.cells.trees import leaves, mapped
from tests.cells.cell_cases import random_layers, random_state, weighing_of

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

N, T, D, H = 3, 5, 4, 6
IN_TORCH = [kind for kind in CELLS if kind is not GRUBeforeWeights]
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-10}  # largest difference over the largest magnitude: rounding

in_torch = pytest.mark.parametrize("kind", IN_TORCH, ids=lambda kind: kind.__name__.removesuffix("Weights"))
one_and_two_layers = pytest.mark.parametrize("layers", [1, 2], ids=["one layer", "two layers"])
both_ways = pytest.mark.parametrize("both", [False, True], ids=["one way", "both ways"])
with_lengths = pytest.mark.parametrize("lengths", [None, [3, 5, 1]], ids=["equal lengths", "unequal lengths"])
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])


def a_case(kind: type[Weights], layers: int, both: bool, dtype: type) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    stack = random_layers(rng, kind, inputs=D, hidden=H, layers=layers, both=both)
    states = [random_state(rng, layer, N) for layer in stack]
    return mapped(lambda array: array.astype(dtype), (rng.standard_normal((N, T, D)), stack, states))


def layer_of(kind: type[Weights], stack: list[Any], dtype: type) -> Any:
    """Build the layer of PyTorch and load our weights into it."""
    made = getattr(torch.nn, kind.__name__.removesuffix("Weights"))
    both = isinstance(stack[0], Bidirectional)
    layer = made(D, H, num_layers=len(stack), bidirectional=both, batch_first=True)
    layer = layer.to(torch.float32 if dtype is np.float32 else torch.float64)
    layer.load_state_dict({name: torch.from_numpy(array) for name, array in to_torch(stack).items()})
    return layer


def states_of(states: list[Any], part: int) -> Any:
    """Stack one part (h, or c of an LSTM) of all layers and ways, as PyTorch has it: (layers, N, H)."""
    ways = [way for state in states for way in (state if isinstance(state, Bidirectional) else [state])]
    return torch.tensor(np.stack([leaves(way)[part] for way in ways]), requires_grad=True)


def run(layer: Any, x: Any, state: Any, lengths: list[int] | None) -> tuple[Any, Any]:
    if lengths is None:
        return layer(x, state)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    h, last = layer(packed, state)
    return torch.nn.utils.rnn.pad_packed_sequence(h, batch_first=True, total_length=T)[0], last


@in_torch
@one_and_two_layers
@both_ways
@with_lengths
@both_dtypes
def test_outputs_and_gradients_are_the_same(
    kind: type[Weights], layers: int, both: bool, lengths: list[int] | None, dtype: type
) -> None:
    x, stack, states = a_case(kind, layers, both, dtype)
    ours, caches = unroll_stack(x, stack, states, lengths)
    weighing = weighing_of(np.random.default_rng(1), ours)
    gradients = unroll_stack_backward(weighing, caches)

    layer = layer_of(kind, stack, dtype)
    parts = range(2 if kind is LSTMWeights else 1)
    inputs, firsts = torch.tensor(x, requires_grad=True), [states_of(states, part) for part in parts]
    h, lasts = run(layer, inputs, tuple(firsts) if kind is LSTMWeights else firsts[0], lengths)
    lasts = lasts if kind is LSTMWeights else (lasts,)
    loss = (h * torch.from_numpy(weighing.h)).sum()
    for part in parts:
        loss = loss + (lasts[part] * states_of(weighing.state, part).detach()).sum()
    loss.backward()

    theirs = {name: parameter.grad for name, parameter in layer.named_parameters()}
    pairs = [(ours.h, h), (gradients.dx, inputs.grad)]
    pairs += [(states_of(ours.state, part), lasts[part]) for part in parts]
    pairs += [(states_of(gradients.dstate, part), firsts[part].grad) for part in parts]
    pairs += zip(leaves(gradients.dweights), leaves(gradients_from_torch(theirs, kind)), strict=True)
    for one, other in pairs:
        one, other = (tensor.detach().numpy() if torch.is_tensor(tensor) else tensor for tensor in (one, other))
        assert one.dtype == other.dtype == dtype
        assert relative_error(one, other) < TOLERANCE[dtype]


@in_torch
@both_ways
def test_weights_that_torch_drew_give_the_same_outputs(kind: type[Weights], both: bool) -> None:
    """With both of its biases at random, which weights of ours never are."""
    made = getattr(torch.nn, kind.__name__.removesuffix("Weights"))
    layer = made(D, H, num_layers=2, bidirectional=both, batch_first=True, dtype=torch.float64)
    x = np.random.default_rng(0).standard_normal((N, T, D))
    h, _ = layer(torch.from_numpy(x))
    ours, _ = unroll_stack(x, from_torch(layer.state_dict(), kind))
    assert relative_error(ours.h, h.detach().numpy()) < 1e-10
    assert relative_error(unroll_stack(x, from_torch(dict(layer.named_parameters()), kind))[0].h, ours.h) == 0


def gru_that_resets_before(x: Any, h: Any, weights: GRUBeforeWeights) -> Any:
    """Unroll the cell that PyTorch lacks, as its equations say; autograd does the rest."""
    W_xh, W_hh, b_h = weights
    outputs = []
    for t in range(x.shape[1]):
        a_r, a_z, a_n = (x[:, t] @ W_xh + b_h).split(H, dim=1)
        r = torch.sigmoid(a_r + h @ W_hh[:, :H])
        z = torch.sigmoid(a_z + h @ W_hh[:, H : 2 * H])
        n = torch.tanh(a_n + (r * h) @ W_hh[:, 2 * H :])
        h = (1 - z) * n + z * h
        outputs.append(h)
    return torch.stack(outputs, dim=1)


@both_dtypes
def test_a_gru_that_resets_before_is_what_autograd_makes_of_it(dtype: type) -> None:
    x, (weights,), (h_0,) = a_case(GRUBeforeWeights, 1, False, dtype)
    ours, cache = unroll(x, weights, h_0)
    weighing = weighing_of(np.random.default_rng(1), ours)
    gradients = unroll_backward(weighing, cache)
    tensors = mapped(lambda array: torch.tensor(array, requires_grad=True), (x, h_0, weights))
    h = gru_that_resets_before(*tensors)
    ((h * torch.from_numpy(weighing.h)).sum() + (h[:, -1] * torch.from_numpy(weighing.state)).sum()).backward()
    assert relative_error(ours.h, h.detach().numpy()) < TOLERANCE[dtype]
    ours_in_order = [gradients.dx, gradients.dstate, *gradients.dweights]
    for one, tensor in zip(ours_in_order, leaves(tensors), strict=True):
        assert one.dtype == dtype
        assert relative_error(one, tensor.grad.numpy()) < TOLERANCE[dtype]


@in_torch
def test_truncation_is_what_detach_does(kind: type[Weights]) -> None:
    x, stack, states = a_case(kind, 2, False, np.float64)
    ours, caches = unroll_stack(x, stack, states)
    weighing = weighing_of(np.random.default_rng(1), ours)
    gradients = unroll_stack_backward(weighing._replace(state=None), caches, truncate=2)
    layer = layer_of(kind, stack, np.float64)
    inputs = torch.tensor(x, requires_grad=True)
    carried: Any = tuple(states_of(states, part) for part in range(2 if kind is LSTMWeights else 1))
    carried = carried if kind is LSTMWeights else carried[0]
    loss = torch.zeros(())
    for start in range(0, T, 2):
        h, carried = layer(inputs[:, start : start + 2], carried)
        loss = loss + (h * torch.from_numpy(weighing.h[:, start : start + 2])).sum()
        carried = tuple(part.detach() for part in carried) if kind is LSTMWeights else carried.detach()
    loss.backward()
    theirs = {name: parameter.grad for name, parameter in layer.named_parameters()}
    assert relative_error(gradients.dx, inputs.grad.numpy()) < 1e-10
    for one, other in zip(leaves(gradients.dweights), leaves(gradients_from_torch(theirs, kind)), strict=True):
        assert relative_error(one, other) < 1e-10


def test_clipping_is_torchs() -> None:
    from rnn_utils.cells.gradients import clip_by_global_norm

    arrays = mapped(
        lambda array: 3 * array,
        random_layers(np.random.default_rng(0), RNNWeights, inputs=D, hidden=H, layers=1, both=False),
    )
    parameters = [torch.nn.Parameter(torch.zeros(array.shape, dtype=torch.float64)) for array in leaves(arrays)]
    for parameter, array in zip(parameters, leaves(arrays), strict=True):
        parameter.grad = torch.tensor(array)
    norm = torch.nn.utils.clip_grad_norm_(parameters, 0.5)
    clipped = clip_by_global_norm(arrays, 0.5)
    assert clipped.norm == pytest.approx(float(norm), rel=1e-12)
    for array, parameter in zip(leaves(clipped.gradients), parameters, strict=True):
        assert relative_error(array, parameter.grad.numpy()) < 1e-5  # PyTorch adds 1e-6 to the norm
