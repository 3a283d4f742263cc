"""Cells over sequences: against slow loops, finite differences, and properties that must always hold."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_utils.cells import CELLS, LSTMState, LSTMWeights, RNNWeights, Weights, random_weights, zero_state
from rnn_utils.cells.gradients import check_gradients
from rnn_utils.cells.sequence import Unrolled, record, unroll, unroll_backward
from rnn_utils.cells.trees import leaves, mapped
from rnn_utils.errors import BookError, DTypeError, NotFiniteError, SettingError, ShapeError
from tests.cells.cell_cases import (
    PROPERTY,
    SAME,
    D,
    H,
    N,
    T,
    assert_close,
    every_cell,
    one_by_one,
    random_state,
    row_by_row,
    weighed,
    weighing_of,
)

UNEQUAL = pytest.mark.parametrize("lengths", [None, [3, 1], [1, 2], [2, 2]], ids=str)


def a_case(kind: type[Weights], rows: int = N, steps: int = T, seed: int = 0) -> tuple[Any, Any, Any]:
    """Return x, weights and a state to begin with."""
    rng = np.random.default_rng(seed)
    weights = random_weights(kind, D, H, rng)
    return rng.standard_normal((rows, steps, D)), weights, random_state(rng, weights, rows)


@every_cell
@UNEQUAL
def test_unrolled_is_the_slow_loop(kind: type[Weights], lengths: list[int] | None) -> None:
    """Every sequence alone, gate by gate, up to its own end."""
    x, weights, state = a_case(kind)
    result, _ = unroll(x, weights, state, lengths)
    assert_close(result, row_by_row(x, weights, state, lengths or [T] * N))


@every_cell
@UNEQUAL
def test_backward_through_time_matches_finite_differences(kind: type[Weights], lengths: list[int] | None) -> None:
    """Every weight, every input and the first state; float64, relative error under 1e-6."""
    x, weights, state = a_case(kind)
    result, cache = unroll(x, weights, state, lengths)
    weighing = weighing_of(np.random.default_rng(1), result)
    gradients = unroll_backward(weighing, cache)
    assert [a.shape for a in leaves(gradients)] == [a.shape for a in leaves((x, weights, state))]
    assert type(gradients.dweights) is kind
    check_gradients(lambda: weighed(unroll(x, weights, state, lengths)[0], weighing), (x, weights, state), gradients)


@every_cell
def test_backward_is_the_loop_of_backward_steps(kind: type[Weights]) -> None:
    x, weights, state = a_case(kind)
    step, step_backward = CELLS[kind].step, CELLS[kind].step_backward
    result, cache = unroll(x, weights, state)
    weighing = weighing_of(np.random.default_rng(1), result)
    caches = []
    for t in range(T):
        state, step_cache = step(x[:, t], state, *weights)
        caches.append(step_cache)
    dx, dstate, dweights = np.empty_like(x), weighing.state, mapped(np.zeros_like, weights)
    for t in reversed(range(T)):
        dh, *rest = leaves(dstate)
        dstate = LSTMState(dh + weighing.h[:, t], *rest) if rest else dh + weighing.h[:, t]
        dx[:, t], dstate, *shares = step_backward(dstate, caches[t])
        dweights = mapped(np.add, dweights, kind(*shares))
    assert_close(unroll_backward(weighing, cache), (dx, dweights, dstate))


@every_cell
def test_what_lies_after_the_end_is_zero_and_the_last_state_is_that_of_the_last_step(kind: type[Weights]) -> None:
    x, weights, state = a_case(kind, rows=3, steps=4)
    lengths = [2, 4, 1]
    result, cache = unroll(x, weights, state, lengths)
    gradients = unroll_backward(weighing_of(np.random.default_rng(1), result), cache)
    for number, length in enumerate(lengths):
        np.testing.assert_array_equal(result.h[number, length:], 0)
        np.testing.assert_array_equal(gradients.dx[number, length:], 0)
        np.testing.assert_array_equal(leaves(result.state)[0][number], result.h[number, length - 1])
        assert np.abs(gradients.dx[number, :length]).min() > 0


@every_cell
def test_zeros_are_the_state_to_begin_with(kind: type[Weights]) -> None:
    x, weights, _ = a_case(kind)
    assert_close(unroll(x, weights)[0], unroll(x, weights, zero_state(weights, N))[0], rtol=0)


@every_cell
def test_a_gradient_that_is_none_stands_for_zeros(kind: type[Weights]) -> None:
    x, weights, state = a_case(kind)
    result, cache = unroll(x, weights, state)
    weighing = weighing_of(np.random.default_rng(1), result)
    zeros = Unrolled(*mapped(np.zeros_like, tuple(weighing)))
    for given_one, spelled_out in (
        (Unrolled(weighing.h, None), Unrolled(weighing.h, zeros.state)),
        (Unrolled(None, weighing.state), Unrolled(zeros.h, weighing.state)),
        (Unrolled(None, None), zeros),
    ):
        assert_close(unroll_backward(given_one, cache), unroll_backward(spelled_out, cache), rtol=0)


@every_cell
@pytest.mark.parametrize("lengths", [None, [3, 1]], ids=str)
def test_dtype_follows_the_input(kind: type[Weights], lengths: list[int] | None) -> None:
    x, weights, state = mapped(lambda array: array.astype(np.float32), a_case(kind))
    result, cache = unroll(x, weights, state, lengths)
    gradients = unroll_backward(result, cache)
    nothing = unroll_backward(Unrolled(None, None), cache)
    begun = unroll(x, weights, None, lengths)[0]
    everything = leaves((result, gradients, nothing, begun, cache.x, cache.history))
    assert {array.dtype for array in everything} == {np.dtype(np.float32)}


@every_cell
@pytest.mark.parametrize("lengths", [None, [3, 1]], ids=str)
def test_nothing_is_changed_and_nothing_is_shared(kind: type[Weights], lengths: list[int] | None) -> None:
    case = a_case(kind)
    before = mapped(np.copy, case)
    result, cache = unroll(*case, lengths)
    weighing = weighing_of(np.random.default_rng(1), result)
    dbefore = mapped(np.copy, weighing)
    first = unroll_backward(weighing, cache)
    assert_close(case, before, rtol=0)
    assert_close(weighing, dbefore, rtol=0)
    for array in leaves((case[0], case[2], result)):  # what the caller may reuse: not the weights
        array[...] = np.nan
    assert_close(unroll_backward(weighing, cache), first, rtol=0)


@every_cell
@pytest.mark.parametrize("shape", [(1, 3), (2, 1)], ids=["one sequence", "one step"])
def test_a_view_that_could_be_shared_is_not(kind: type[Weights], shape: tuple[int, int]) -> None:
    x, weights, state = a_case(kind, *shape)
    result, cache = unroll(x, weights, state)
    kept = [cache.x, cache.history, result.h, *leaves(result.state)]
    assert not any(np.shares_memory(array, mine) for array in kept for mine in (x, *leaves(state)))
    assert not any(np.shares_memory(array, other) for array in kept for other in kept if array is not other)


@every_cell
def test_going_back_twice_gives_the_same_twice(kind: type[Weights]) -> None:
    result, cache = unroll(*a_case(kind), lengths=[3, 1])
    weighing = weighing_of(np.random.default_rng(1), result)
    before = mapped(np.copy, (cache.x, cache.history))
    assert_close(unroll_backward(weighing, cache), unroll_backward(weighing, cache), rtol=0)
    assert_close((cache.x, cache.history), before, rtol=0)


# Truncation: the same as reading chunk by chunk, carrying the state but not its gradient.


def chunk_by_chunk(case: Any, weighing: Unrolled, size: int) -> tuple[Any, Any, Any]:
    x, weights, state = case
    starts = range(0, x.shape[1], size)
    caches = []
    for start in starts:
        result, cache = unroll(x[:, start : start + size], weights, state)
        state = result.state
        caches.append(cache)
    dx, dweights = [], mapped(np.zeros_like, weights)
    dstate = None
    for number, cache in zip(reversed(range(len(caches))), reversed(caches), strict=True):
        last = weighing.state if number == len(caches) - 1 else None
        chunk = unroll_backward(Unrolled(weighing.h[:, number * size : (number + 1) * size], last), cache)
        dx.append(chunk.dx)
        dweights = mapped(np.add, dweights, chunk.dweights)
        dstate = chunk.dstate
    return np.concatenate(dx[::-1], axis=1), dweights, dstate


@every_cell
@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 9])
def test_truncated_is_chunk_by_chunk(kind: type[Weights], size: int) -> None:
    case = a_case(kind, steps=7)
    result, cache = unroll(*case)
    weighing = weighing_of(np.random.default_rng(1), result)
    truncated = unroll_backward(weighing, cache, truncate=size)
    assert_close(truncated, chunk_by_chunk(case, weighing, size))
    if size >= 7:
        assert_close(truncated, unroll_backward(weighing, cache), rtol=0)
    else:
        assert np.abs(truncated.dx - unroll_backward(weighing, cache).dx).max() > 1e-3


@every_cell
def test_truncation_cuts_each_sequence_at_the_same_steps(kind: type[Weights]) -> None:
    """A shorter sequence in the batch has the gradients that it has alone."""
    x, weights, state = a_case(kind, rows=3, steps=5)
    lengths = [5, 1, 3]
    result, cache = unroll(x, weights, state, lengths)
    weighing = weighing_of(np.random.default_rng(1), result)
    together = unroll_backward(weighing, cache, truncate=2)
    for number, length in enumerate(lengths):
        pick = slice(number, number + 1)
        _, alone = unroll(x[pick, :length], weights, mapped(lambda part, pick=pick: part[pick], state))
        end = mapped(lambda part, pick=pick: part[pick], weighing.state)
        dx, _, dstate = unroll_backward(Unrolled(weighing.h[pick, :length], end), alone, truncate=2)
        np.testing.assert_allclose(together.dx[pick, :length], dx, **SAME)
        assert_close(mapped(lambda part, pick=pick: part[pick], together.dstate), dstate)


# Properties, over sizes, lengths and seeds that hypothesis chooses.


@st.composite
def cases(draw: st.DrawFn) -> tuple[Any, Any, Any, list[int]]:
    rows, steps, inputs, hidden = (draw(st.integers(1, most)) for most in (4, 6, 3, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    weights = random_weights(draw(st.sampled_from(list(CELLS))), inputs, hidden, rng)
    lengths = draw(st.lists(st.integers(1, steps), min_size=rows, max_size=rows))
    return rng.standard_normal((rows, steps, inputs)), weights, random_state(rng, weights, rows), lengths


def forward_and_backward(x: Any, weights: Any, state: Any, lengths: Any, weighing: Any = None) -> tuple[Any, Any]:
    result, cache = unroll(x, weights, state, lengths)
    weighing = weighing_of(np.random.default_rng(1), result) if weighing is None else weighing
    return result, unroll_backward(weighing, cache)


@PROPERTY
@given(case=cases(), data=st.data())
def test_splitting_a_sequence_and_carrying_the_state_changes_nothing(case: Any, data: st.DataObject) -> None:
    """Forward by carrying the state on, backward by carrying its gradient back."""
    x, weights, state, _ = case
    cut = data.draw(st.integers(1, x.shape[1]))
    whole, cache = unroll(x, weights, state)
    weighing = weighing_of(np.random.default_rng(1), whole)
    expected = unroll_backward(weighing, cache)
    if cut == x.shape[1]:
        return
    first, first_cache = unroll(x[:, :cut], weights, state)
    second, second_cache = unroll(x[:, cut:], weights, first.state)
    assert_close((np.concatenate([first.h, second.h], axis=1), second.state), tuple(whole))
    dsecond = unroll_backward(Unrolled(weighing.h[:, cut:], weighing.state), second_cache)
    dfirst = unroll_backward(Unrolled(weighing.h[:, :cut], dsecond.dstate), first_cache)
    dx = np.concatenate([dfirst.dx, dsecond.dx], axis=1)
    assert_close((dx, mapped(np.add, dfirst.dweights, dsecond.dweights), dfirst.dstate), tuple(expected))


@PROPERTY
@given(case=cases(), more=st.integers(0, 3), filling=st.floats(-1e6, 1e6))
def test_padding_changes_nothing(case: Any, more: int, filling: float) -> None:
    """Whatever stands after the ends, and however much of it."""
    x, weights, state, lengths = case
    result, cache = unroll(x, weights, state, lengths)
    weighing = weighing_of(np.random.default_rng(1), result)
    gradients = unroll_backward(weighing, cache)
    steps = x.shape[1]
    longer = np.concatenate([x, np.zeros((len(x), more, x.shape[2]))], axis=1)
    after = np.arange(steps + more) >= np.array(lengths)[:, np.newaxis]
    longer[after] = filling
    dh = np.concatenate([weighing.h, np.full((len(x), more, weighing.h.shape[2]), filling)], axis=1)
    dh[after] = filling
    padded, dpadded = forward_and_backward(longer, weights, state, lengths, Unrolled(dh, weighing.state))
    assert_close((padded.h[:, :steps], padded.state), tuple(result))
    np.testing.assert_array_equal(padded.h[:, steps:], 0)
    assert_close((dpadded.dx[:, :steps], dpadded.dweights, dpadded.dstate), tuple(gradients))


@PROPERTY
@given(case=cases(), data=st.data())
def test_permuting_the_batch_permutes_the_result(case: Any, data: st.DataObject) -> None:
    x, weights, state, lengths = case
    order = np.array(data.draw(st.permutations(range(len(x)))))
    result, cache = unroll(x, weights, state, lengths)
    weighing = weighing_of(np.random.default_rng(1), result)
    gradients = unroll_backward(weighing, cache)

    def permuted(tree: Any) -> Any:
        return mapped(lambda part: part[order], tree)

    mixed, dmixed = forward_and_backward(
        x[order], weights, permuted(state), np.array(lengths)[order], permuted(weighing)
    )
    assert_close(mixed, permuted(result))
    assert_close((dmixed.dx, dmixed.dstate), (permuted(gradients.dx), permuted(gradients.dstate)))
    assert_close(dmixed.dweights, gradients.dweights)


@PROPERTY
@given(case=cases())
def test_full_lengths_are_no_lengths(case: Any) -> None:
    x, weights, state, _ = case
    assert_close(
        forward_and_backward(x, weights, state, [x.shape[1]] * len(x)), forward_and_backward(x, weights, state, None)
    )


# What the cell keeps


def test_record_collects_gates_in_the_order_of_the_batch() -> None:
    x, weights, state = a_case(LSTMWeights)
    lengths = [1, 3]
    result, cache = unroll(x, weights, state, lengths)
    f, o, tanh_c, c_prev = (record(cache, name) for name in ("f", "o", "tanh_c", "c_prev"))
    np.testing.assert_allclose(o * tanh_c, result.h, **SAME)
    np.testing.assert_array_equal(f[0, 1:], 0)
    np.testing.assert_array_equal(c_prev[:, 0], state.c)
    second = one_by_one(x[:, 0], state, weights)
    np.testing.assert_allclose(c_prev[1, 1], second.c[1], **SAME)
    f[...] = 9  # a copy: what is kept for the way back stays
    assert record(cache, "f").max() < 1


def test_record_is_zero_where_no_sequence_goes_on() -> None:
    _, cache = unroll(*a_case(LSTMWeights), lengths=[1, 2])
    for name in ("f", "h_prev"):
        values = record(cache, name)
        assert values.shape == (N, T, H)
        assert np.abs(values[1, :2]).min() > 0
        np.testing.assert_array_equal(values[0, 1:], 0)
        np.testing.assert_array_equal(values[1, 2:], 0)


def test_record_says_what_there_is() -> None:
    _, cache = unroll(*a_case(RNNWeights))
    with pytest.raises(SettingError, match=r"^record: the cell, RNN, keeps no 'f'; expected one of h_prev, h_t\.$"):
        record(cache, "f")


# Errors


@pytest.mark.parametrize("argument", ["x", "W_xh", "W_hh", "b_h", "h", "c"])
@pytest.mark.parametrize("wrong", ["one axis more", "one entry more", "NaN", "whole numbers"])
def test_a_wrong_argument_is_named(argument: str, wrong: str) -> None:
    x, weights, state = a_case(LSTMWeights)
    arguments = {"x": x, **weights._asdict(), **state._asdict()}
    spoil, error = {
        "one axis more": (lambda a: a[np.newaxis], ShapeError),
        "one entry more": (lambda a: np.concatenate([a, a[..., :1]], axis=-1), ShapeError),
        "NaN": (lambda a: a * np.nan, NotFiniteError),
        "whole numbers": (lambda a: a.astype(int), DTypeError),
    }[wrong]
    arguments[argument] = spoil(arguments[argument])
    x, W_xh, W_hh, b_h, h, c = arguments.values()
    with pytest.raises(error, match=rf"^unroll: {argument} (is|holds) "):
        unroll(x, LSTMWeights(W_xh, W_hh, b_h), LSTMState(h, c))


@every_cell
def test_empty_sequences_and_batches_are_refused(kind: type[Weights]) -> None:
    x, weights, _ = a_case(kind)
    for empty in (x[:, :0], x[:0], x[:, :, :0]):
        with pytest.raises(ShapeError, match=r"^unroll: x is \("):
            unroll(empty, weights)


@pytest.mark.parametrize(
    ("lengths", "error", "message"),
    [
        ([2, -1], SettingError, "unroll: lengths[1] is -1; expected 1 to 3"),
        ([0, 3], SettingError, "unroll: lengths[0] is 0; expected 1 to 3"),
        ([2, 4], SettingError, "unroll: lengths[1] is 4; expected 1 to 3"),
        ([2], ShapeError, "unroll: lengths is (1,) of int64; expected 2 whole numbers"),
    ],
)
def test_lengths_that_cannot_be_are_refused(lengths: list[int], error: type[BookError], message: str) -> None:
    x, weights, _ = a_case(RNNWeights)
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        unroll(x, weights, lengths=lengths)


def test_the_state_must_be_of_the_cell() -> None:
    x, weights, state = a_case(LSTMWeights)
    with pytest.raises(
        ShapeError,
        match=r"^unroll: state is an array of shape \(2, 7\); expected a pair\. Pass LSTMState\(h, c\)\.$",
    ):
        unroll(x, weights, state.h)
    x, weights, _ = a_case(RNNWeights)
    with pytest.raises(DTypeError, match=r"^unroll: h is a LSTMState; expected a NumPy array\. "):
        unroll(x, weights, state)


@every_cell
def test_a_state_of_another_size_is_named(kind: type[Weights]) -> None:
    x, weights, state = a_case(kind)
    result, cache = unroll(x, weights, state)
    for narrow, wanted in ((mapped(lambda part: part[:, 1:], state), "H"), (mapped(lambda part: part[1:], state), "N")):
        owner = {"H": "W_hh", "N": "x"}[wanted]
        with pytest.raises(
            ShapeError, match=rf"^unroll: h is \(\d, \d\) but {owner} is .*of shape \(N, H\) = \(2, 7\)"
        ):
            unroll(x, weights, narrow)
        with pytest.raises(ShapeError, match=rf"^unroll_backward: dh_last is \(\d, \d\) but {owner} is .* = \(2, 7\)"):
            unroll_backward(Unrolled(result.h, narrow), cache)


def test_weights_must_have_a_name() -> None:
    x, weights, _ = a_case(RNNWeights)
    with pytest.raises(DTypeError, match=r"^unroll: the weights are a tuple; expected one of RNNWeights, "):
        unroll(x, tuple(weights))


def test_gradients_that_do_not_fit_are_named() -> None:
    result, cache = unroll(*a_case(LSTMWeights))
    h, (last_h, last_c) = result
    for dresult, error, message in (
        (h, ShapeError, "dresult is an array of shape (2, 3, 7); expected a pair. Pass Unrolled(h, state)."),
        (Unrolled(h[:, :2], None), ShapeError, "dh is (2, 2, 7) but x is (2, 3, 5); expected dh of shape (N, T, H)"),
        (Unrolled(h[:, :, :6], None), ShapeError, "dh is (2, 3, 6) but W_hh is (7, 28); expected dh of shape"),
        (Unrolled(h * np.nan, None), NotFiniteError, "dh holds nan at (0, 0, 0)"),
        (Unrolled(h.astype(np.float32), None), DTypeError, "dh holds float32 but W_hh holds float64"),
        (Unrolled(None, last_h), ShapeError, "dstate is an array of shape (2, 7); expected a pair. Pass LSTMState"),
        (Unrolled(None, LSTMState(last_h[:1], last_c)), ShapeError, "dh_last is (1, 7) but x is (2, 3, 5)"),
        (Unrolled(None, LSTMState(last_h, last_c[:1])), ShapeError, "dc_last is (1, 7) but x is (2, 3, 5)"),
    ):
        with pytest.raises(error, match=f"^{re.escape(f'unroll_backward: {message}')}"):
            unroll_backward(dresult, cache)


@pytest.mark.parametrize("truncate", [0, -1, 2.0, True, "2"])
def test_truncate_must_be_a_number_of_steps(truncate: Any) -> None:
    result, cache = unroll(*a_case(RNNWeights))
    message = (
        f"unroll_backward: truncate is {truncate!r}; expected a whole number of steps, at least 1. "
        "Leave it out to propagate through all steps."
    )
    with pytest.raises(SettingError, match=f"^{re.escape(message)}$"):
        unroll_backward(result, cache, truncate)


def test_truncate_takes_numpys_whole_numbers() -> None:
    result, cache = unroll(*a_case(RNNWeights))
    assert_close(unroll_backward(result, cache, np.int64(2)), unroll_backward(result, cache, 2), rtol=0)
