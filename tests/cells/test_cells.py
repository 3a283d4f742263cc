"""The cells, one step at a time: finite differences, cases worked by hand, invariants, errors."""

from typing import Any

import numpy as np
import pytest

from rnn_utils import cells
from rnn_utils.cells import (
    CELLS,
    GRUBeforeWeights,
    GRUWeights,
    LSTMState,
    LSTMWeights,
    RNNWeights,
    Weights,
    cell_of,
    gru_before_step,
    gru_before_step_backward,
    gru_step,
    gru_step_backward,
    lstm_step,
    lstm_step_backward,
    random_weights,
    rnn_step,
    rnn_step_backward,
    sigmoid,
    zero_state,
)
from rnn_utils.cells.gradients import check_gradients
from rnn_utils.cells.kinds import in_letters
from rnn_utils.cells.trees import leaves, mapped
from rnn_utils.errors import DTypeError, NotFiniteError, SettingError, ShapeError
from tests.cells.cell_cases import SAME, D, H, N, assert_close, every_cell, normal, one_by_one, random_state, weighed

LN3 = np.log(3.0)  # sigmoid(ln 3) = 3/4, sigmoid(0) = 1/2, tanh(ln 3) = 4/5, tanh(ln 3 / 2) = 1/2
ATANH_HALF = LN3 / 2


def a_case(kind: type[Weights], sizes: tuple[int, int, int] = (N, D, H), seed: int = 0) -> tuple[Any, ...]:
    """Return x_t, state_prev and weights of a random step."""
    rng = np.random.default_rng(seed)
    rows, inputs, hidden = sizes
    weights = random_weights(kind, inputs, hidden, rng)
    return rng.standard_normal((rows, inputs)), random_state(rng, weights, rows), weights


@every_cell
@pytest.mark.parametrize("sizes", [(N, D, H), (3, 2, 5), (1, 1, 1)])
def test_backward_matches_finite_differences(kind: type[Weights], sizes: tuple[int, int, int]) -> None:
    """Every number of the input, of the state before and of the weights; float64, relative error under 1e-6."""
    cell = CELLS[kind]
    x_t, state_prev, weights = a_case(kind, sizes)
    state, cache = cell.step(x_t, state_prev, *weights)
    dstate = normal(np.random.default_rng(1), state)
    gradients = cell.step_backward(dstate, cache)
    assert [a.shape for a in leaves(gradients)] == [a.shape for a in leaves((x_t, state_prev, weights))]
    check_gradients(
        lambda: weighed(cell.step(x_t, state_prev, *weights)[0], dstate), (x_t, state_prev, *weights), gradients
    )


@every_cell
def test_step_is_its_equations_gate_by_gate(kind: type[Weights]) -> None:
    x_t, state_prev, weights = a_case(kind)
    state, _ = CELLS[kind].step(x_t, state_prev, *weights)
    assert_close(state, one_by_one(x_t, state_prev, weights))


@every_cell
def test_step_changes_nothing_it_was_given(kind: type[Weights]) -> None:
    case = a_case(kind)
    before = mapped(np.copy, case)
    state, cache = CELLS[kind].step(case[0], case[1], *case[2])
    dstate = normal(np.random.default_rng(1), state)
    dbefore = mapped(np.copy, dstate)
    CELLS[kind].step_backward(dstate, cache)
    assert_close(case, before, rtol=0)
    assert_close(dstate, dbefore, rtol=0)


@every_cell
def test_dtype_follows_the_input(kind: type[Weights]) -> None:
    x_t, state_prev, weights = mapped(lambda array: array.astype(np.float32), a_case(kind))
    state, cache = CELLS[kind].step(x_t, state_prev, *weights)
    gradients = CELLS[kind].step_backward(state, cache)
    assert {array.dtype for array in leaves((state, gradients))} == {np.dtype(np.float32)}


@every_cell
def test_gradients_of_weights_are_summed_over_the_batch(kind: type[Weights]) -> None:
    x_t, state_prev, weights = a_case(kind)
    state, cache = CELLS[kind].step(x_t, state_prev, *weights)
    whole = CELLS[kind].step_backward(state, cache)
    parts = []
    for row in range(N):
        one = [mapped(lambda part, row=row: part[row : row + 1], tree) for tree in (x_t, state_prev)]
        alone, cache = CELLS[kind].step(*one, *weights)
        parts.append(CELLS[kind].step_backward(alone, cache))
    for number in range(2, len(whole)):
        np.testing.assert_allclose(whole[number], sum(part[number] for part in parts), **SAME)


def row(*numbers: float) -> np.ndarray:
    return np.array([numbers])


def test_rnn_by_hand() -> None:
    """One unit, two steps, numbers whose tanh is a fraction.

    x_1 = ln3/2 and W_xh = 1 give h_1 = tanh(ln3/2) = 1/2.  Then x_2 = 0 and W_hh = ln3 give
    h_2 = tanh(ln3 · 1/2) = 1/2.  For L = h_2:

    da_2 = 1 - h_2² = 3/4,  dW_hh = h_1 da_2 = 3/8,  dh_1 = da_2 W_hh = 3/4 ln3,
    da_1 = dh_1 (1 - h_1²) = 9/16 ln3,  dx_1 = da_1 W_xh = 9/16 ln3,  db = da_2 + da_1.
    """
    weights = RNNWeights(W_xh=row(1.0), W_hh=row(LN3), b_h=np.zeros(1))
    h_1, cache_1 = rnn_step(row(ATANH_HALF), row(0.0), *weights)
    h_2, cache_2 = rnn_step(row(0.0), h_1, *weights)
    np.testing.assert_allclose([h_1[0, 0], h_2[0, 0]], [1 / 2, 1 / 2], **SAME)
    second = rnn_step_backward(row(1.0), cache_2)
    first = rnn_step_backward(second.dh_prev, cache_1)
    np.testing.assert_allclose(second.dW_hh, row(3 / 8), **SAME)
    np.testing.assert_allclose(second.dh_prev, row(3 / 4 * LN3), **SAME)
    np.testing.assert_allclose(first.dx_t, row(9 / 16 * LN3), **SAME)
    np.testing.assert_allclose(first.dW_xh, row(ATANH_HALF * 9 / 16 * LN3), **SAME)
    np.testing.assert_allclose(second.db_h + first.db_h, [3 / 4 + 9 / 16 * LN3], **SAME)


def test_lstm_by_hand() -> None:
    """One unit whose gates are fractions: b = (ln3, 0, ln3, ln3), no weights, c_0 = 2 ln3 - 6/5.

    i = 3/4, f = 1/2, g = 4/5, o = 3/4, so c_1 = f c_0 + i g = ln3 - 3/5 + 3/5 = ln3, tanh c_1 = 4/5
    and h_1 = 3/5.  For L = h_1:

    do = tanh c_1 = 4/5,          da_o = do · o (1 - o) = 4/5 · 3/16 = 3/20
    dc_1 = o (1 - (4/5)²) = 27/100
    di = dc_1 g = 27/125,         da_i = di · i (1 - i) = 27/125 · 3/16 = 81/2000
    df = dc_1 c_0,                da_f = df / 4
    dg = dc_1 i = 81/400,         da_g = dg (1 - g²) = 81/400 · 9/25 = 729/10000
    dc_0 = dc_1 f = 27/200
    """
    weights = LSTMWeights(W_xh=np.zeros((1, 4)), W_hh=np.zeros((1, 4)), b_h=np.array([LN3, 0.0, LN3, LN3]))
    c_0 = 2 * LN3 - 6 / 5
    state, cache = lstm_step(row(0.0), LSTMState(row(0.0), row(c_0)), *weights)
    np.testing.assert_allclose([state.h[0, 0], state.c[0, 0]], [3 / 5, LN3], **SAME)
    gradients = lstm_step_backward(LSTMState(row(1.0), row(0.0)), cache)
    np.testing.assert_allclose(gradients.db_h, [81 / 2000, 27 / 400 * c_0, 729 / 10000, 3 / 20], **SAME)
    np.testing.assert_allclose(gradients.dstate_prev.c, row(27 / 200), **SAME)
    np.testing.assert_array_equal(gradients.dstate_prev.h, row(0.0))


def test_gru_by_hand() -> None:
    """One unit: r = 3/4 and z = 1/2 by their biases, W_hn = ln3, h_0 = 2/3, b_hn = 0.

    s = h_0 W_hn = 2/3 ln3, r s = ln3/2, so n = 1/2 and h_1 = n/2 + h_0/2 = 7/12.  For L = h_1:

    da_n = (1 - z)(1 - n²) = 3/8,  da_r = da_n s r (1 - r) = 3/8 · 2/3 ln3 · 3/16 = 3/64 ln3
    da_z = (h_0 - n) z (1 - z) = 1/6 · 1/4 = 1/24,  ds = da_n r = 9/32
    dh_0 = z + ds W_hn = 1/2 + 9/32 ln3,  dW_hn = h_0 ds = 3/16,  db_hn = ds
    """
    weights = GRUWeights(
        W_xh=np.zeros((1, 3)), W_hh=row(0.0, 0.0, LN3), b_h=np.array([LN3, 0.0, 0.0]), b_hn=np.zeros(1)
    )
    h_1, cache = gru_step(row(0.0), row(2 / 3), *weights)
    np.testing.assert_allclose(h_1, row(7 / 12), **SAME)
    gradients = gru_step_backward(row(1.0), cache)
    np.testing.assert_allclose(gradients.db_h, [3 / 64 * LN3, 1 / 24, 3 / 8], **SAME)
    np.testing.assert_allclose(gradients.db_hn, [9 / 32], **SAME)
    np.testing.assert_allclose(gradients.dh_prev, row(1 / 2 + 9 / 32 * LN3), **SAME)
    np.testing.assert_allclose(gradients.dW_hh[0, 2], 3 / 16, **SAME)


def test_gru_that_resets_before_by_hand() -> None:
    """The same numbers, with one unit the reset gate commutes with the product, so h_1 = 7/12 again.

    Now s = r h_0 = 1/2.  For L = h_1:  da_n = 3/8,  ds = da_n W_hn = 3/8 ln3,
    da_r = ds h_0 r (1 - r) = 3/64 ln3,  da_z = 1/24,  dh_0 = z + ds r = 1/2 + 9/32 ln3,
    dW_hn = s da_n = 3/16.
    """
    weights = GRUBeforeWeights(W_xh=np.zeros((1, 3)), W_hh=row(0.0, 0.0, LN3), b_h=np.array([LN3, 0.0, 0.0]))
    h_1, cache = gru_before_step(row(0.0), row(2 / 3), *weights)
    np.testing.assert_allclose(h_1, row(7 / 12), **SAME)
    gradients = gru_before_step_backward(row(1.0), cache)
    np.testing.assert_allclose(gradients.db_h, [3 / 64 * LN3, 1 / 24, 3 / 8], **SAME)
    np.testing.assert_allclose(gradients.dh_prev, row(1 / 2 + 9 / 32 * LN3), **SAME)
    np.testing.assert_allclose(gradients.dW_hh[0, 2], 3 / 16, **SAME)


def test_resetting_before_and_after_differ_with_two_units() -> None:
    x_t, h_prev, weights = a_case(GRUBeforeWeights, (1, 1, 2))
    after, _ = gru_step(x_t, h_prev, *weights, np.zeros(2))
    before, _ = gru_before_step(x_t, h_prev, *weights)
    assert np.abs(after - before).max() > 1e-3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lstm_with_f_1_and_i_0_keeps_c_exactly_and_its_gradient_too(dtype: type) -> None:
    x_t, state_prev, weights = mapped(lambda array: array.astype(dtype), a_case(LSTMWeights))
    weights.b_h[:H], weights.b_h[H : 2 * H] = -1000, 1000
    state, cache = lstm_step(x_t, state_prev, *weights)
    np.testing.assert_array_equal(state.c, state_prev.c)
    dstate = LSTMState(np.zeros_like(state.h), normal(np.random.default_rng(1), state.c))
    np.testing.assert_array_equal(lstm_step_backward(dstate, cache).dstate_prev.c, dstate.c)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [GRUWeights, GRUBeforeWeights])
def test_gru_with_z_1_keeps_h_exactly_and_its_gradient_too(kind: type[Weights], dtype: type) -> None:
    x_t, h_prev, weights = mapped(lambda array: array.astype(dtype), a_case(kind))
    weights.b_h[H : 2 * H] = 1000
    h_t, cache = CELLS[kind].step(x_t, h_prev, *weights)
    np.testing.assert_array_equal(h_t, h_prev)
    dh_t = normal(np.random.default_rng(1), h_t)
    np.testing.assert_array_equal(CELLS[kind].step_backward(dh_t, cache).dh_prev, dh_t)


@every_cell
def test_hidden_states_stay_within_minus_1_and_1(kind: type[Weights]) -> None:
    x_t, state_prev, weights = a_case(kind)
    state, _ = CELLS[kind].step(100 * x_t, mapped(np.tanh, state_prev), *weights)
    assert np.abs(leaves(state)[0]).max() <= 1


def test_sigmoid_needs_no_warning_at_the_ends() -> None:
    for dtype in (np.float32, np.float64):
        np.testing.assert_array_equal(sigmoid(np.array([-1e4, 0, 1e4], dtype)), np.array([0, 0.5, 1], dtype))


@every_cell
def test_random_weights_are_uniform_within_one_over_root_h(kind: type[Weights]) -> None:
    weights = random_weights(kind, 40, 25, np.random.default_rng(0))
    for array in (weights.W_xh, weights.W_hh):
        assert 0.19 < array.max() <= 0.2
        assert -0.2 <= array.min() < -0.19
        assert abs(array.mean()) < 0.02
    again = random_weights(kind, 40, 25, np.random.default_rng(0), dtype=np.float32)
    assert_close(again, mapped(lambda array: array.astype(np.float32), weights), rtol=0)


@pytest.mark.parametrize("size", [0, -1, 2.0, True, "3"])
def test_random_weights_refuses_sizes_that_are_none(size: Any) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(SettingError, match=r"^random_weights: D is .*; expected a whole number of at least 1\.$"):
        random_weights(RNNWeights, size, 3, rng)
    with pytest.raises(SettingError, match=r"^random_weights: H is "):
        random_weights(RNNWeights, 3, size, rng)


def test_random_weights_takes_numpys_whole_numbers() -> None:
    assert random_weights(RNNWeights, np.int64(2), np.int64(1), np.random.default_rng(0)).W_xh.shape == (2, 1)


def test_random_weights_refuses_what_is_no_cell() -> None:
    kinds = "RNNWeights, LSTMWeights, GRUWeights, GRUBeforeWeights"
    with pytest.raises(SettingError, match=rf"^random_weights: kind is <class 'tuple'>; expected one of {kinds}\.$"):
        random_weights(tuple, 2, 3, np.random.default_rng(0))  # type: ignore[type-var]


def test_zero_state_is_two_arrays_for_an_lstm_and_one_for_the_others() -> None:
    for kind in CELLS:
        weights = random_weights(kind, 2, 3, np.random.default_rng(0), np.float32)
        state = zero_state(weights, 4)
        assert isinstance(state, LSTMState) == (kind is LSTMWeights)
        for part in leaves(state):
            assert part.dtype == np.float32
            np.testing.assert_array_equal(part, np.zeros((4, 3)))
    h, c = zero_state(random_weights(LSTMWeights, 2, 3, np.random.default_rng(0)), 4)
    assert not np.shares_memory(h, c)


def test_cell_of_says_how_to_name_a_cell() -> None:
    with pytest.raises(
        DTypeError,
        match=r"^somewhere: the weights are a tuple; expected one of RNNWeights, LSTMWeights, GRUWeights, "
        r"GRUBeforeWeights\. Name the cell by wrapping its arrays: LSTMWeights\(W_xh, W_hh, b_h\)\.$",
    ):
        cell_of("somewhere", (np.eye(2), np.eye(2), np.ones(2)))
    with pytest.raises(DTypeError, match=r"^zero_state: the weights are a list"):
        zero_state([], 2)  # type: ignore[arg-type]


ARGUMENTS = [
    pytest.param(kind, name, id=f"{CELLS[kind].step.__name__}-{name}")
    for kind in CELLS
    for name in ["x_t", "h_prev", *(["c_prev"] if kind is LSTMWeights else []), *kind._fields]
]


@pytest.mark.parametrize(("kind", "argument"), ARGUMENTS)
@pytest.mark.parametrize("wrong", ["one entry more", "a list"])  # test_checks knows all that can be wrong
def test_a_wrong_argument_is_named(kind: type[Weights], argument: str, wrong: str) -> None:
    """Every message begins with the function and with the argument that is wrong."""
    x_t, state_prev, weights = a_case(kind)
    parts = dict(zip(("h_prev", "c_prev"), leaves(state_prev), strict=False))
    arguments = {"x_t": x_t, **parts, **weights._asdict()}
    spoil, error = {
        "one entry more": (lambda a: np.concatenate([a, a[..., :1]], axis=-1), ShapeError),
        "a list": (lambda a: a.tolist(), DTypeError),
    }[wrong]
    arguments[argument] = spoil(arguments[argument])
    h_prev = arguments.pop("h_prev")
    state = LSTMState(h_prev, arguments.pop("c_prev")) if kind is LSTMWeights else h_prev
    # W_hh has the say about the dtype, so if its own is another, the next array is said not to fit.
    accused = "W_xh" if (argument, wrong) == ("W_hh", "other dtype") else argument
    with pytest.raises(error, match=rf"^{CELLS[kind].step.__name__}: {accused} (is|holds) "):
        CELLS[kind].step(arguments.pop("x_t"), state, **arguments)


@every_cell
def test_a_wrong_gradient_is_named(kind: type[Weights]) -> None:
    x_t, state_prev, weights = a_case(kind)
    state, cache = CELLS[kind].step(x_t, state_prev, *weights)
    for number, name in enumerate(["dh_t", "dc_t"][: len(leaves(state))]):
        for spoil, error in ((lambda a: a[:, 1:], ShapeError), (lambda a: a * np.nan, NotFiniteError)):
            parts = [spoil(part) if place == number else part for place, part in enumerate(leaves(state))]
            dstate = LSTMState(*parts) if kind is LSTMWeights else parts[0]
            with pytest.raises(error, match=rf"^{CELLS[kind].step_backward.__name__}: {name} (is|holds) "):
                CELLS[kind].step_backward(dstate, cache)


def test_the_state_of_an_lstm_must_be_a_pair() -> None:
    x_t, state_prev, weights = a_case(LSTMWeights)
    ending = r"is an array of shape \(2, 7\); expected a pair\. Pass LSTMState\(h, c\)\.$"
    with pytest.raises(ShapeError, match=rf"^lstm_step: state_prev {ending}"):
        lstm_step(x_t, state_prev.h, *weights)
    _, cache = lstm_step(x_t, tuple(state_prev), *weights)
    with pytest.raises(ShapeError, match=rf"^lstm_step_backward: dstate {ending}"):
        lstm_step_backward(state_prev.h, cache)


def test_the_state_of_the_others_must_not_be_a_pair() -> None:
    x_t, h_prev, weights = a_case(RNNWeights)
    with pytest.raises(DTypeError, match=r"^rnn_step: h_prev is a LSTMState; expected a NumPy array\. "):
        rnn_step(x_t, LSTMState(h_prev, h_prev), *weights)


def test_the_shelf_has_what_it_names() -> None:
    assert all(hasattr(cells, name) for name in cells.__all__)
    assert [cell.blocks for cell in CELLS.values()] == ["h", "ifgo", "rzn", "rzn"]
    assert [cell.name for cell in CELLS.values()] == ["RNN", "LSTM", "GRU", "GRU that resets before"]


@pytest.mark.parametrize(
    ("kind", "letters"),
    [
        (RNNWeights, {"W_hh": "H H", "W_xh": "D H", "b_h": "H"}),
        (LSTMWeights, {"W_hh": "H 4H", "W_xh": "D 4H", "b_h": "4H"}),
        (GRUWeights, {"W_hh": "H 3H", "W_xh": "D 3H", "b_h": "3H", "b_hn": "H"}),
        (GRUBeforeWeights, {"W_hh": "H 3H", "W_xh": "D 3H", "b_h": "3H"}),
    ],
)
def test_shapes_are_written_in_letters(kind: type[Weights], letters: dict[str, str]) -> None:
    _, _, weights = a_case(kind)
    found = in_letters(weights)
    assert {name: text for name, (_, text) in found.items()} == letters
    assert all(array is getattr(weights, name) for name, (array, _) in found.items())
