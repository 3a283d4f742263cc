"""Every message says where, what came, what was expected, and what to do."""

import re
from typing import Any

import numpy as np
import pytest

from rnn_utils.cells.checks import check, check_lengths, check_numbers, check_pair
from rnn_utils.errors import BookError, DTypeError, NotFiniteError, SettingError, ShapeError

BEGIN = "Begin with zeros of that shape, or carry on the state of the same batch."


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"W_hh": (zeros(64, 64), "H H"), "x_t": (zeros(8, 5), "N D"), "h_prev": (zeros(8, 32), "N H")},
            "step: h_prev is (8, 32) but W_hh is (64, 64); expected h_prev of shape (N, H) = (8, 64). "
            f"{BEGIN} For an LSTM the state is the pair (h, c), for the other cells h alone.",
        ),
        (
            {"x": (zeros(2, 3, 5), "N T D"), "c_prev": (zeros(4, 7), "N H")},
            f"step: c_prev is (4, 7) but x is (2, 3, 5); expected c_prev of shape (N, H) = (2, 7). {BEGIN}",
        ),
        (
            {"W_hh": (zeros(7, 14), "H 4H")},
            "step: W_hh is (7, 14); expected W_hh of shape (H, 4H) = (7, 28). Rows are what comes in, columns what "
            "goes out; rnn_utils.cells.convert reads the weights of Keras and PyTorch.",
        ),
        (
            {"W_hh": (zeros(7, 7), "H H"), "b_h": (zeros(1, 7), "H")},
            "step: b_h is (1, 7); expected b_h of shape (H,) = (7,). A bias is one row, as long as its weights are "
            "wide.",
        ),
        (
            {"x": (zeros(3, 5), "N T D")},
            "step: x is (3, 5); expected x of shape (N, T, D) = (N, T, D). Inputs are (N, T, D), one step of them "
            "(N, D): swap the first two axes if yours begin with time.",
        ),
        (
            {"h_t": (zeros(2, 7), "N H"), "dh_t": (zeros(2, 6), "N H")},
            "step: dh_t is (2, 6) but h_t is (2, 7); expected dh_t of shape (N, H) = (2, 7). A gradient has the "
            "shape of what it belongs to.",
        ),
        (
            {"x": (zeros(2, 0, 5), "N T D")},
            "step: x is (2, 0, 5); expected at least 1 along every axis of (N, T, D). Leave empty sequences and "
            "empty batches out.",
        ),
    ],
)
def test_a_shape_that_does_not_fit(arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(ShapeError, match=f"^{re.escape(message)}$"):
        check("step", **arrays)


def test_an_argument_without_advice_of_its_own() -> None:
    with pytest.raises(ShapeError, match=r"^step: q is \(2, 3\); expected q of shape \(H, H\) = \(2, 2\)\.$"):
        check("step", q=(zeros(2, 3), "H H"))


def test_a_list_that_comes_first_is_no_array() -> None:
    with pytest.raises(DTypeError, match=r"^step: x is a list; expected a NumPy array"):
        check("step", x=([1.0], "N"))


def test_whole_numbers_beside_float64_are_to_become_float64() -> None:
    for leader, advised in ((zeros(7, 7), "float64"), (zeros(7, 7).astype(np.float32), "float32")):
        with pytest.raises(DTypeError, match=rf"x_t holds int64; .* Convert it: x_t\.astype\(np\.{advised}\)\.$"):
            check("step", W_hh=(leader, "H H"), x_t=(zeros(2, 5).astype(int), "N D"))


def test_two_dtypes() -> None:
    message = (
        "step: x_t holds float64 but W_hh holds float32; expected the same. "
        "Convert one of them: x_t.astype(np.float32)."
    )
    with pytest.raises(DTypeError, match=f"^{re.escape(message)}$"):
        check("step", W_hh=(zeros(7, 7).astype(np.float32), "H H"), x_t=(zeros(2, 5), "N D"))


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (
            [1.0],
            DTypeError,
            "step: x is a list; expected a NumPy array. Make one, np.asarray(x), unless the arguments are in the "
            "wrong order.",
        ),
        (
            np.ones(2, np.float16),
            DTypeError,
            "step: x holds float16; expected float32 or float64. Convert it: x.astype(np.float32).",
        ),
        (
            np.array([[0.0, 1.0], [np.nan, np.inf]]),
            NotFiniteError,
            "step: x holds nan at (1, 0); expected finite numbers. Look where it was made: a division by zero, a "
            "missing value, a training that diverged.",
        ),
    ],
)
def test_what_are_no_numbers(array: Any, error: type[BookError], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        check_numbers("step", "x", array)


def test_sizes_are_told_by_letter() -> None:
    sizes = check("step", W_hh=(zeros(7, 28), "H 4H"), b_h=(zeros(28), "4H"), x=(zeros(2, 3, 5), "N T D"))
    assert sizes == {"H": 7, "N": 2, "T": 3, "D": 5}


@pytest.mark.parametrize(
    ("pair", "came"),
    [(zeros(2, 3), "an array of shape (2, 3)"), ([1, 2], "a list"), ((1, 2, 3), "a tuple"), (None, "a NoneType")],
)
def test_what_is_no_pair(pair: Any, came: str) -> None:
    with pytest.raises(ShapeError, match=f"^{re.escape(f'step: s is {came}; expected a pair. Pass State(h, c).')}$"):
        check_pair("step", "s", pair, "State(h, c)")


@pytest.mark.parametrize(
    ("lengths", "error", "message"),
    [
        (
            [3, 2, 1],
            ShapeError,
            "unroll: lengths is (3,) of int64; expected 2 whole numbers, one a sequence. Count the steps of every "
            "sequence before it is padded.",
        ),
        (
            [3.0, 2.0],
            ShapeError,
            "unroll: lengths is (2,) of float64; expected 2 whole numbers, one a sequence. Count the steps of every "
            "sequence before it is padded.",
        ),
        (
            [3, -1],
            SettingError,
            "unroll: lengths[1] is -1; expected 1 to 4, the number of steps in x. Leave sequences without any step "
            "out of the batch, and pad the others to the longest.",
        ),
        (
            np.array([0, 5]),
            SettingError,
            "unroll: lengths[0] is 0; expected 1 to 4, the number of steps in x. Leave sequences without any step "
            "out of the batch, and pad the others to the longest.",
        ),
    ],
)
def test_lengths_that_cannot_be(lengths: Any, error: type[BookError], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        check_lengths("unroll", lengths, 2, 4)


def test_lengths_from_1_to_all_steps_are_taken() -> None:
    for lengths in ([1, 4], np.array([1, 4], np.uint8)):
        taken = check_lengths("unroll", lengths, 2, 4)
        assert taken.dtype == np.int64
        assert taken.tolist() == [1, 4]
