"""Weights in the layouts of Keras and PyTorch, written out by hand; the frameworks themselves are not needed."""

import re
from typing import Any

import numpy as np
import pytest

from rnn_utils.cells import CELLS, GRUBeforeWeights, GRUWeights, LSTMWeights, RNNWeights, Weights, random_weights
from rnn_utils.cells.convert import (
    from_keras,
    from_torch,
    gradients_from_keras,
    gradients_from_torch,
    to_keras,
    to_torch,
)
from rnn_utils.cells.stack import Bidirectional
from rnn_utils.cells.trees import leaves
from rnn_utils.errors import BookError, DTypeError, NotFiniteError, SettingError, ShapeError
from tests.cells.cell_cases import D, H, assert_close, every_cell, random_layers

IN_TORCH = [kind for kind in CELLS if kind is not GRUBeforeWeights]
in_torch = pytest.mark.parametrize("kind", IN_TORCH, ids=lambda kind: kind.__name__)
both_ways = pytest.mark.parametrize("both", [False, True], ids=["one way", "both ways"])


def blocks(array: np.ndarray) -> list[np.ndarray]:
    return [array[..., start : start + H] for start in range(0, array.shape[-1], H)]


def side_by_side(*parts: np.ndarray) -> np.ndarray:
    return np.concatenate(parts, axis=-1)


def a_case(kind: type[Weights]) -> Any:
    return random_weights(kind, D, H, np.random.default_rng(0))


def test_torch_has_transposes_and_a_second_bias_of_zeros() -> None:
    for kind in (RNNWeights, LSTMWeights):
        weights = a_case(kind)
        named = to_torch(weights)
        assert list(named) == ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
        expected = [weights.W_xh.T, weights.W_hh.T, weights.b_h, np.zeros_like(weights.b_h)]
        assert_close(list(named.values()), expected, rtol=0)


def test_torch_has_the_bias_that_the_reset_gate_acts_on_in_the_second_bias_of_a_gru() -> None:
    weights = a_case(GRUWeights)
    named = to_torch(weights)
    second = side_by_side(np.zeros(2 * H), weights.b_hn)
    assert_close(list(named.values()), [weights.W_xh.T, weights.W_hh.T, weights.b_h, second], rtol=0)


def test_torch_names_layers_and_ways() -> None:
    layers = random_layers(np.random.default_rng(0), RNNWeights, inputs=3, hidden=2, layers=2, both=True)
    named = to_torch(layers)
    parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    ways = ("_l0", "_l0_reverse", "_l1", "_l1_reverse")
    assert list(named) == [part + way for way in ways for part in parts]
    np.testing.assert_array_equal(named["weight_ih_l1_reverse"], layers[1].backward.W_xh.T)
    np.testing.assert_array_equal(named["bias_ih_l0"], layers[0].forward.b_h)
    assert list(to_torch(layers[0])) == [part + way for way in ways[:2] for part in parts]


def test_keras_has_our_layout_but_for_the_gru() -> None:
    for kind in (RNNWeights, LSTMWeights):
        weights = a_case(kind)
        assert_close(to_keras(weights), list(weights), rtol=0)


def test_keras_begins_a_gru_with_z_and_stacks_its_biases() -> None:
    weights = a_case(GRUWeights)
    swapped = []
    for array in weights[:3]:
        r, z, n = blocks(array)
        swapped.append(side_by_side(z, r, n))
    first, second = swapped[2], side_by_side(np.zeros(2 * H), weights.b_hn)
    assert_close(to_keras(weights), [*swapped[:2], np.stack([first, second])], rtol=0)
    before = GRUBeforeWeights(*weights[:3])
    assert_close(to_keras(before), swapped, rtol=0)


def test_keras_lists_both_ways_one_after_the_other() -> None:
    (layer,) = random_layers(np.random.default_rng(0), GRUWeights, inputs=3, hidden=2, layers=1, both=True)
    assert_close(to_keras(layer), [*to_keras(layer.forward), *to_keras(layer.backward)], rtol=0)


@in_torch
@both_ways
def test_there_and_back_with_torch(kind: type[Weights], both: bool) -> None:
    layers = random_layers(np.random.default_rng(0), kind, inputs=D, hidden=H, layers=3, both=both)
    back = from_torch(to_torch(layers), kind)
    assert_close(back, layers, rtol=0)
    assert [type(layer) for layer in back] == [type(layer) for layer in layers]


@every_cell
@both_ways
def test_there_and_back_with_keras(kind: type[Weights], both: bool) -> None:
    (layer,) = random_layers(np.random.default_rng(0), kind, inputs=D, hidden=H, layers=1, both=both)
    back = from_keras(to_keras(layer), kind, bidirectional=both)
    assert_close(back, layer, rtol=0)
    assert type(back) is type(layer)


def test_two_biases_are_added_but_for_what_the_reset_gate_acts_on() -> None:
    rng = np.random.default_rng(0)
    for kind in IN_TORCH:
        named = {name: rng.standard_normal(array.shape) for name, array in to_torch(a_case(kind)).items()}
        first, second = named["bias_ih_l0"], named["bias_hh_l0"]
        (weights,) = from_torch(named, kind)
        (gradients,) = gradients_from_torch(named, kind)
        np.testing.assert_array_equal(gradients.b_h, first)
        if kind is GRUWeights:
            np.testing.assert_array_equal(weights.b_h, side_by_side(first[: 2 * H] + second[: 2 * H], first[2 * H :]))
            np.testing.assert_array_equal(weights.b_hn, second[2 * H :])
            np.testing.assert_array_equal(gradients.b_hn, second[2 * H :])
        else:
            np.testing.assert_array_equal(weights.b_h, first + second)


def test_the_two_biases_of_keras_are_added_and_their_gradients_are_not() -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(array.shape) for array in to_keras(a_case(GRUWeights))]
    (z_1, r_1, n_1), (z_2, r_2, n_2) = blocks(arrays[2][0]), blocks(arrays[2][1])
    weights, gradients = from_keras(arrays, GRUWeights), gradients_from_keras(arrays, GRUWeights)
    np.testing.assert_array_equal(weights.b_h, side_by_side(r_1 + r_2, z_1 + z_2, n_1))
    np.testing.assert_array_equal(gradients.b_h, side_by_side(r_1, z_1, n_1))
    np.testing.assert_array_equal(weights.b_hn, n_2)
    np.testing.assert_array_equal(gradients.b_hn, n_2)
    np.testing.assert_array_equal(gradients.W_xh, weights.W_xh)
    both = gradients_from_keras(arrays + arrays, GRUWeights, bidirectional=True)
    assert_close(both, Bidirectional(gradients, gradients), rtol=0)


@every_cell
def test_what_comes_back_is_a_contiguous_copy(kind: type[Weights]) -> None:
    weights = a_case(kind)
    out = to_keras(weights)
    back = from_keras(out, kind)
    arrays = [*out, *back]
    if kind in IN_TORCH:
        named = to_torch(weights)
        arrays += [*named.values(), *leaves(from_torch(named, kind))]
        assert not any(np.shares_memory(a, b) for a in named.values() for b in leaves(from_torch(named, kind)))
    assert all(array.flags.c_contiguous for array in arrays)
    assert not any(np.shares_memory(a, b) for a in arrays for b in weights)
    assert not any(np.shares_memory(a, b) for a in out for b in back)


class Tensor:
    """Like one of PyTorch: NumPy gets at its numbers only off the graph and on the processor's memory."""

    def __init__(self, array: np.ndarray, steps: tuple[str, ...] = ()):
        self.array, self.steps = array, steps

    def detach(self) -> "Tensor":
        return type(self)(self.array, (*self.steps, "detach"))

    def cpu(self) -> "Tensor":
        return type(self)(self.array, (*self.steps, "cpu"))

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        assert self.steps == ("detach", "cpu")
        return self.array


def test_tensors_are_taken_off_the_graph_first() -> None:
    weights = a_case(LSTMWeights)
    named = {name: Tensor(array) for name, array in to_torch(weights).items()}
    assert_close(from_torch(named, LSTMWeights), [weights], rtol=0)


def test_float32_stays_float32() -> None:
    weights = random_weights(GRUWeights, D, H, np.random.default_rng(0), np.float32)
    arrays = [*to_keras(weights), *to_torch(weights).values()]
    arrays += [*from_keras(to_keras(weights), GRUWeights), *leaves(from_torch(to_torch(weights), GRUWeights))]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


# Errors


def fails(error: type[BookError], message: str) -> Any:
    return pytest.raises(error, match=f"^{re.escape(message)}$")


def test_torch_has_no_gru_that_resets_before() -> None:
    weights = a_case(GRUBeforeWeights)
    ending = (
        ": PyTorch has no GRU that resets before the product; expected RNNWeights, LSTMWeights or GRUWeights. "
        "Use Keras with reset_after=False, or write the cell with autograd."
    )
    with fails(SettingError, "to_torch" + ending):
        to_torch(weights)
    for function in (from_torch, gradients_from_torch):
        with fails(SettingError, function.__name__ + ending):
            function({}, GRUBeforeWeights)


@pytest.mark.parametrize("function", [from_torch, gradients_from_torch, from_keras, gradients_from_keras])
def test_the_kind_must_be_one_of_ours(function: Any) -> None:
    message = "kind is 'LSTM'; expected one of RNNWeights, LSTMWeights, GRUWeights, GRUBeforeWeights."
    with fails(SettingError, f"{function.__name__}: {message}"):
        function([], "LSTM")


def test_an_array_that_is_missing_is_named() -> None:
    named = to_torch(a_case(RNNWeights))
    del named["bias_hh_l0"]
    ending = (
        "; expected the four arrays of each layer. "
        "Pass the state_dict of one torch.nn.RNN, LSTM or GRU with its biases."
    )
    there = "weight_ih_l0, weight_hh_l0, bias_ih_l0"
    with fails(ShapeError, f"from_torch: bias_hh_l0 is missing among {there}{ending}"):
        from_torch(named, RNNWeights)
    with fails(ShapeError, f"gradients_from_torch: weight_ih_l0 is missing among nothing{ending}"):
        gradients_from_torch({}, RNNWeights)
    named = to_torch(Bidirectional(a_case(RNNWeights), a_case(RNNWeights)))
    del named["bias_hh_l0_reverse"]
    with pytest.raises(ShapeError, match=r"^from_torch: bias_hh_l0_reverse is missing among "):
        from_torch(named, RNNWeights)


def test_what_holds_no_arrays_for_us_says_what_to_pass() -> None:
    named = to_torch(a_case(LSTMWeights))
    with fails(DTypeError, "from_torch: got a Module; expected names with arrays. Pass its state_dict()."):
        from_torch(type("Module", (), {})(), LSTMWeights)
    message = "weight_hr_l0 projects the state, which no cell here does; expected a layer without proj_size."
    with fails(SettingError, f"from_torch: {message}"):
        from_torch(named | {"weight_hr_l0": np.ones((3, H))}, LSTMWeights)
    message = "weight_hh_l0 is None; expected an array. A gradient is there after loss.backward()."
    with fails(DTypeError, f"gradients_from_torch: {message}"):
        gradients_from_torch(named | {"weight_hh_l0": None}, LSTMWeights)
    for place, name in enumerate(("kernel", "recurrent_kernel", "bias")):
        arrays = to_keras(a_case(LSTMWeights))
        arrays[place] = None
        message = f"{name} is None; expected an array. A gradient is there after loss.backward()."
        with fails(DTypeError, f"from_keras: {message}"):
            from_keras(arrays, LSTMWeights)


def test_numbers_that_numpy_lacks_are_named() -> None:
    class Brain(Tensor):
        dtype = "torch.bfloat16"

        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
            raise TypeError("Got unsupported ScalarType BFloat16")

    named = {**to_torch(a_case(RNNWeights)), "bias_ih_l0": Brain(np.ones(H))}
    message = "bias_ih_l0 holds torch.bfloat16; expected float32 or float64. Convert it: bias_ih_l0.float()."
    with fails(DTypeError, f"from_torch: {message}"):
        from_torch(named, RNNWeights)


def test_another_number_of_arrays_is_refused() -> None:
    arrays = to_keras(a_case(RNNWeights))
    ending = (
        "Build the layer with its bias, pass one layer at a time, and say bidirectional=True of a "
        "keras.layers.Bidirectional alone."
    )
    for function in (from_keras, gradients_from_keras):
        # Six of one layer above another are not taken for both ways.
        for came in (arrays[:2], arrays + arrays):
            expected = f"got {len(came)} arrays; expected 3, kernel, recurrent kernel and bias. {ending}"
            with fails(ShapeError, f"{function.__name__}: {expected}"):
                function(came, RNNWeights)
        with fails(ShapeError, f"{function.__name__}: got 3 arrays; expected 6, three of each way. {ending}"):
            function(arrays, RNNWeights, bidirectional=True)


def test_a_gru_that_resets_before_is_not_taken_for_one_that_resets_after() -> None:
    for before, came in ((to_keras(a_case(GRUBeforeWeights)), (21,)), ([np.ones((5, 21))] * 3, (5, 21))):
        message = (
            f"the bias is {came}; expected (2, 3H), a row for the input and a row for the state. "
            "Pass GRUBeforeWeights if the layer was built with reset_after=False."
        )
        for function in (from_keras, gradients_from_keras):
            with fails(ShapeError, f"{function.__name__}: {message}"):
                function(before, GRUWeights)
    with pytest.raises(ShapeError, match=r"^from_keras: b_h is \(2, 21\)"):
        from_keras(to_keras(a_case(GRUWeights)), GRUBeforeWeights)


def test_weights_of_another_cell_are_refused() -> None:
    lstm = a_case(LSTMWeights)
    with pytest.raises(
        ShapeError, match=r"^from_torch: W_hh is \(7, 28\); expected W_hh of shape \(H, 3H\) = \(7, 21\)"
    ):
        from_torch(to_torch(lstm), GRUWeights)
    with pytest.raises(ShapeError, match=r"^gradients_from_keras: W_hh is \(7, 28\); expected W_hh of shape \(H, H\)"):
        gradients_from_keras(to_keras(lstm), RNNWeights)
    with pytest.raises(ShapeError, match=r"^from_keras: W_hh is \(7, 28\); expected W_hh of shape \(H, 3H\)"):
        from_keras(to_keras(lstm), GRUBeforeWeights)


def test_what_is_written_is_checked_too() -> None:
    weights = a_case(LSTMWeights)._replace(b_h=np.full(4 * H, np.nan))
    for function in (to_torch, to_keras):
        with pytest.raises(NotFiniteError, match=rf"^{function.__name__}: b_h holds nan at \(0,\)"):
            function(weights)
        with pytest.raises(DTypeError, match=rf"^{function.__name__}: the weights are a "):
            function([tuple(weights)] if function is to_torch else tuple(weights))
