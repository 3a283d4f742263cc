"""Layers upon layers and both ways: against layers run by hand, finite differences, and properties."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_utils.cells import CELLS, LSTMWeights, RNNWeights, Weights, random_weights
from rnn_utils.cells.gradients import check_gradients
from rnn_utils.cells.sequence import Unrolled, unroll, unroll_backward
from rnn_utils.cells.stack import (
    Bidirectional,
    reverse_within,
    unroll_bidirectional,
    unroll_bidirectional_backward,
    unroll_stack,
    unroll_stack_backward,
)
from rnn_utils.cells.trees import leaves, mapped
from rnn_utils.errors import BookError, DTypeError, NotFiniteError, SettingError, ShapeError
from tests.cells.cell_cases import (
    PROPERTY,
    assert_close,
    every_cell,
    random_layers,
    random_state,
    row_by_row,
    weighed,
    weighing_of,
)

both_ways = pytest.mark.parametrize("both", [False, True], ids=["one way", "both ways"])
LENGTHS = [2, 4, 3]


def a_case(
    kind: type[Weights], both: bool, *, layers: int = 2, steps: int = 4, hidden: int = 2, seed: int = 0
) -> tuple[Any, Any, Any]:
    """Return x of three sequences, layers and states to begin with."""
    rng = np.random.default_rng(seed)
    stack = random_layers(rng, kind, inputs=3, hidden=hidden, layers=layers, both=both)
    return rng.standard_normal((3, steps, 3)), stack, [random_state(rng, layer, 3) for layer in stack]


def turned(x: np.ndarray, lengths: list[int]) -> np.ndarray:
    """Turn every sequence around, one at a time."""
    out = x.copy()
    for number, length in enumerate(lengths):
        out[number, :length] = x[number, :length][::-1]
    return out


@every_cell
@both_ways
def test_a_stack_is_its_layers_one_after_another(kind: type[Weights], both: bool) -> None:
    x, layers, states = a_case(kind, both)
    result, _ = unroll_stack(x, layers, states, LENGTHS)
    h, ends = x, []
    for layer, state in zip(layers, states, strict=True):
        if not both:
            h, end = row_by_row(h, layer, state, LENGTHS)
        else:
            forward = row_by_row(h, layer.forward, state.forward, LENGTHS)
            backward = row_by_row(turned(h, LENGTHS), layer.backward, state.backward, LENGTHS)
            h, end = np.concatenate([forward.h, turned(backward.h, LENGTHS)], axis=2), (forward.state, backward.state)
        ends.append(end)
    assert_close(result, (h, ends))
    assert isinstance(result.state[0], Bidirectional) == both


@every_cell
@both_ways
@pytest.mark.parametrize("lengths", [None, [2, 3, 1]], ids=str)
def test_stacked_backward_matches_finite_differences(kind: type[Weights], both: bool, lengths: Any) -> None:
    """Two layers: every weight, every input and every first state; float64, relative error under 1e-6."""
    x, layers, states = a_case(kind, both, steps=3)
    result, caches = unroll_stack(x, layers, states, lengths)
    weighing = weighing_of(np.random.default_rng(1), result)
    gradients = unroll_stack_backward(weighing, caches)
    assert [a.shape for a in leaves(gradients)] == [a.shape for a in leaves((x, layers, states))]
    check_gradients(
        lambda: weighed(unroll_stack(x, layers, states, lengths)[0], weighing), (x, layers, states), gradients
    )


def test_three_layers_keep_their_order() -> None:
    x, layers, states = a_case(RNNWeights, both=True, layers=3)
    result, caches = unroll_stack(x, layers, states)
    weighing = weighing_of(np.random.default_rng(1), result)
    gradients = unroll_stack_backward(weighing, caches)
    check_gradients(lambda: weighed(unroll_stack(x, layers, states)[0], weighing), (x, layers, states), gradients)


@every_cell
@both_ways
def test_a_stack_of_one_is_its_layer(kind: type[Weights], both: bool) -> None:
    x, layers, states = a_case(kind, both, layers=1)
    run, run_backward = (unroll_bidirectional, unroll_bidirectional_backward) if both else (unroll, unroll_backward)
    alone, cache = run(x, layers[0], states[0], LENGTHS)
    stacked, caches = unroll_stack(x, layers, states, LENGTHS)
    assert_close(stacked, (alone.h, [alone.state]), rtol=0)
    weighing = weighing_of(np.random.default_rng(1), alone)
    dx, dweights, dstate = run_backward(weighing, cache)
    expected = (dx, [dweights], [dstate])
    assert_close(unroll_stack_backward(Unrolled(weighing.h, [weighing.state]), caches), expected, rtol=0)
    assert isinstance(dweights, Bidirectional) == isinstance(dstate, Bidirectional) == both


@both_ways
def test_layers_of_different_kinds_and_sizes_stand_on_each_other(both: bool) -> None:
    rng = np.random.default_rng(0)
    lowest = random_layers(rng, LSTMWeights, inputs=3, hidden=2, layers=1, both=both)[0]
    highest = random_weights(RNNWeights, 4 if both else 2, 5, rng)
    result, _ = unroll_stack(rng.standard_normal((3, 4, 3)), (lowest, highest))
    assert result.h.shape == (3, 4, 5)


@every_cell
@both_ways
def test_what_is_none_stands_for_zeros(kind: type[Weights], both: bool) -> None:
    x, layers, states = a_case(kind, both)
    zeros = [mapped(np.zeros_like, state) for state in states]
    expected, caches = unroll_stack(x, layers, zeros, LENGTHS)
    halves = [Bidirectional(None, state.backward) if both else None for state in zeros]
    for nothing in (None, [None, None], [None, zeros[1]], halves):
        assert_close(unroll_stack(x, layers, nothing, LENGTHS)[0], expected, rtol=0)
    weighing = weighing_of(np.random.default_rng(1), expected)
    no_h = Unrolled(np.zeros_like(weighing.h), weighing.state)
    assert_close(
        unroll_stack_backward(Unrolled(None, weighing.state), caches), unroll_stack_backward(no_h, caches), rtol=0
    )
    no_states = unroll_stack_backward(Unrolled(weighing.h, zeros), caches)
    for nothing in (None, [None, None], [zeros[0], None], halves):
        assert_close(unroll_stack_backward(Unrolled(weighing.h, nothing), caches), no_states, rtol=0)


@every_cell
def test_a_stack_truncates_every_layer_at_the_same_steps(kind: type[Weights]) -> None:
    x, layers, states = a_case(kind, both=False, steps=5)
    result, caches = unroll_stack(x, layers, states)
    weighing = weighing_of(np.random.default_rng(1), result)
    first, first_caches = unroll_stack(x[:, :3], layers, states)
    _, second_caches = unroll_stack(x[:, 3:], layers, first.state)
    dsecond = unroll_stack_backward(Unrolled(weighing.h[:, 3:], weighing.state), second_caches)
    dfirst = unroll_stack_backward(Unrolled(weighing.h[:, :3], None), first_caches)
    dx = np.concatenate([dfirst.dx, dsecond.dx], axis=1)
    expected = (dx, mapped(np.add, dfirst.dweights, dsecond.dweights), dfirst.dstate)
    assert_close(unroll_stack_backward(weighing, caches, truncate=3), expected)


@PROPERTY
@given(
    kind=st.sampled_from(list(CELLS)),
    both=st.booleans(),
    lengths=st.lists(st.integers(1, 4), min_size=3, max_size=3),
    more=st.integers(0, 2),
    order=st.permutations(range(3)),
    seed=st.integers(0, 100),
)
def test_padding_and_permuting_change_nothing(
    kind: type[Weights], both: bool, lengths: list[int], more: int, order: list[int], seed: int
) -> None:
    x, layers, states = a_case(kind, both, seed=seed)
    result, caches = unroll_stack(x, layers, states, lengths)
    weighing = weighing_of(np.random.default_rng(1), result)
    expected = unroll_stack_backward(weighing, caches)

    def permuted(tree: Any) -> Any:
        return mapped(lambda part: part[order], tree)

    def padded(array: np.ndarray) -> np.ndarray:
        return np.concatenate([array, np.full((3, more, array.shape[2]), 9.0)], axis=1)

    other, caches = unroll_stack(permuted(padded(x)), layers, permuted(states), [lengths[place] for place in order])
    dresult = Unrolled(permuted(padded(weighing.h)), permuted(weighing.state))
    gradients = unroll_stack_backward(dresult, caches)
    assert_close((other.h[:, :4], other.state), permuted(tuple(result)))
    assert_close((gradients.dx[:, :4], gradients.dstate), permuted((expected.dx, expected.dstate)))
    assert_close(gradients.dweights, expected.dweights)
    assert not other.h[:, 4:].any()
    assert not gradients.dx[:, 4:].any()


def test_the_backward_half_has_read_one_step_at_the_end_and_all_at_the_beginning() -> None:
    x, (layer,), _ = a_case(RNNWeights, both=True, layers=1)
    result, _ = unroll_bidirectional(x, layer, lengths=LENGTHS)
    for number, length in enumerate(LENGTHS):
        one = slice(number, number + 1)
        last_alone, _ = unroll(x[one, length - 1 : length], layer.backward)
        np.testing.assert_allclose(result.h[number, length - 1, 2:], last_alone.h[0, 0])
        np.testing.assert_array_equal(result.h[number, 0, 2:], result.state.backward[number])
        np.testing.assert_array_equal(result.h[number, length - 1, :2], result.state.forward[number])


def test_reversing_twice_gives_back_what_was_there() -> None:
    x = np.random.default_rng(0).standard_normal((3, 4, 2))
    lengths = np.array(LENGTHS)
    np.testing.assert_array_equal(reverse_within(x, lengths), turned(x, LENGTHS))
    np.testing.assert_array_equal(reverse_within(reverse_within(x, lengths), lengths), x)


# Errors


def test_layers_must_be_a_list_of_weights() -> None:
    x, (layer, _), _ = a_case(RNNWeights, both=False)
    for layers, came in (
        (layer, "RNNWeights"),
        ([], "list"),
        (Bidirectional(layer, layer), "Bidirectional"),
        (3, "int"),
    ):
        message = (
            f"unroll_stack: layers is a {came}; expected a list of at least one layer. Wrap a single one: [weights]."
        )
        with pytest.raises(DTypeError, match=f"^{re.escape(message)}$"):
            unroll_stack(x, layers)
    with pytest.raises(DTypeError, match=r"^unroll_stack: the weights are a tuple; expected one of RNNWeights, "):
        unroll_stack(x, [tuple(layer)])


@both_ways
def test_a_layer_must_read_what_the_one_below_gives(both: bool) -> None:
    x, layers, _ = a_case(RNNWeights, both)
    gives = 4 if both else 2
    message = (
        f"unroll_stack: layer 1 reads 3 numbers a step (W_xh) but layer 0 gives {gives}; expected the same. "
        "A layer that reads both ways gives 2H."
    )
    with pytest.raises(ShapeError, match=f"^{re.escape(message)}$"):
        unroll_stack(x, [layers[0], random_weights(RNNWeights, 3, 2, np.random.default_rng(0))])


def test_weights_are_checked_before_anything_runs() -> None:
    x, layers, _ = a_case(RNNWeights, both=False)
    layers[1] = layers[1]._replace(b_h=layers[1].b_h * np.nan)
    with pytest.raises(NotFiniteError, match=r"^unroll_stack: b_h holds nan at \(0,\)"):
        unroll_stack(x, layers)


@pytest.mark.parametrize("entries", [[None], [None] * 3, np.zeros((2, 3, 2))])
def test_there_must_be_one_state_for_each_layer(entries: Any) -> None:
    x, layers, _ = a_case(RNNWeights, both=False)
    ending = f" has {len(entries)} entries; expected 2, one for each layer. Put None where a layer has nothing to give."
    with pytest.raises(ShapeError, match=f"^{re.escape('unroll_stack: states' + ending)}$"):
        unroll_stack(x, layers, entries)
    result, caches = unroll_stack(x, layers)
    with pytest.raises(ShapeError, match=f"^{re.escape('unroll_stack_backward: dresult.state' + ending)}$"):
        unroll_stack_backward(Unrolled(result.h, entries), caches)


def test_truncation_both_ways_is_refused() -> None:
    x, layers, _ = a_case(RNNWeights, both=True)
    result, caches = unroll_stack(x, layers)
    message = (
        "unroll_bidirectional_backward: truncate is 3; expected None, because the backward cell reads from the end of "
        "the whole sequence. Leave truncate out, or use layers that read one way."
    )
    with pytest.raises(SettingError, match=f"^{re.escape(message)}$"):
        unroll_stack_backward(Unrolled(result.h, None), caches, truncate=3)


def test_what_must_be_a_pair_is_named() -> None:
    x, layers, _ = a_case(RNNWeights, both=True)
    result, caches = unroll_stack(x, layers)
    with pytest.raises(
        ShapeError, match=r"^unroll_stack_backward: dresult is an array of shape \(3, 4, 4\); .* Pass Unro"
    ):
        unroll_stack_backward(result.h, caches)
    with pytest.raises(
        ShapeError, match=r"^unroll_bidirectional_backward: dresult is an array of shape .* Pass Unrolled"
    ):
        unroll_bidirectional_backward(result.h, caches[1])
    with pytest.raises(ShapeError, match=r"^unroll_bidirectional_backward: dstate is an array .* Pass Bidirectional\("):
        unroll_bidirectional_backward(Unrolled(None, np.zeros((3, 2))), caches[1])
    with pytest.raises(ShapeError, match=r"^unroll_bidirectional: state is an array .* Pass Bidirectional\("):
        unroll_bidirectional(x, layers[0], np.zeros((3, 2)))
    with pytest.raises(ShapeError, match=r"^unroll_bidirectional: layer is a RNNWeights; .* Pass Bidirectional\("):
        unroll_bidirectional(x, layers[0].forward)


def test_both_ways_must_be_equally_wide() -> None:
    x, _, _ = a_case(RNNWeights, both=True)
    rng = np.random.default_rng(0)
    layer = Bidirectional(random_weights(RNNWeights, 3, 2, rng), random_weights(RNNWeights, 3, 4, rng))
    message = (
        "unroll_bidirectional: H is 2 forward but 4 backward; expected the same. "
        "Give both ways equally many hidden units."
    )
    with pytest.raises(ShapeError, match=f"^{re.escape(message)}$"):
        unroll_bidirectional(x, layer)
    with pytest.raises(DTypeError, match=r"^unroll_bidirectional: the weights are a tuple; expected one of RNNWeights"):
        unroll_bidirectional(x, Bidirectional(layer.forward, tuple(layer.backward)))
    narrow = layer.forward._replace(b_h=np.zeros(1))
    with pytest.raises(ShapeError, match=r"^unroll_bidirectional: b_h is \(1,\) but W_hh is \(2, 2\)"):
        unroll_bidirectional(x, Bidirectional(narrow, layer.forward))


def test_both_ways_may_be_of_different_kinds() -> None:
    rng = np.random.default_rng(0)
    layer = Bidirectional(random_weights(LSTMWeights, 3, 2, rng), random_weights(RNNWeights, 3, 2, rng))
    x = rng.standard_normal((3, 4, 3))
    result, cache = unroll_bidirectional(x, layer, lengths=LENGTHS)
    weighing = weighing_of(rng, result)
    dx, dweights, _ = unroll_bidirectional_backward(weighing, cache)
    check_gradients(
        lambda: weighed(unroll_bidirectional(x, layer, lengths=LENGTHS)[0], weighing), (x, layer), (dx, dweights)
    )


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda dh: dh[:, :, :3], ShapeError, "dh is (3, 4, 3) but W_hh is (2, 2); expected dh of shape (N, T, 2H)"),
        (lambda dh: dh[:, :3], ShapeError, "dh is (3, 3, 4) but x is (3, 4, 3); expected dh of shape (N, T, 2H)"),
        (lambda dh: dh * np.nan, NotFiniteError, "dh holds nan at (0, 0, 0)"),
    ],
)
def test_a_wrong_gradient_is_named(spoil: Any, error: type[BookError], message: str) -> None:
    x, (layer,), _ = a_case(RNNWeights, both=True, layers=1)
    result, cache = unroll_bidirectional(x, layer)
    with pytest.raises(error, match=f"^{re.escape(f'unroll_bidirectional_backward: {message}')}"):
        unroll_bidirectional_backward(Unrolled(spoil(result.h), None), cache)


def test_lengths_are_checked() -> None:
    x, layers, _ = a_case(RNNWeights, both=True)
    with pytest.raises(SettingError, match=r"^unroll: lengths\[2\] is 5; expected 1 to 4"):
        unroll_stack(x, layers, lengths=[1, 2, 5])
