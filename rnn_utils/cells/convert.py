"""Weights to and from Keras and PyTorch, as NumPy arrays; no framework is imported here.

What differs, cell by cell:

========  ======================  ====================================  ==================================
..        this book               Keras                                 PyTorch
========  ======================  ====================================  ==================================
weights   (D, K) and (H, K)       the same                              transposed
RNN       one bias                the same                              two biases, added
LSTM      blocks i f g o          the same, c written for g             the same, two biases, added
GRU       blocks r z n, b_hn      blocks z r n, biases stacked (2, K)   blocks r z n, two biases
========  ======================  ====================================  ==================================

A gradient is moved like its weight, but where two biases are added, both have the one gradient; so
gradients have functions of their own.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnn_utils.cells.checks import Array
from rnn_utils.cells.gru import GRUBeforeWeights, GRUWeights
from rnn_utils.cells.kinds import CELLS, Weights, check_weights
from rnn_utils.cells.stack import Bidirectional, Layer
from rnn_utils.errors import DTypeError, SettingError, ShapeError

TORCH_NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def to_torch(layers: Layer | Sequence[Layer]) -> dict[str, Array]:
    """Write weights as the ``state_dict`` of a PyTorch layer.

    Parameters
    ----------
    layers : weights, `Bidirectional`, or a sequence of them
        From the lowest to the highest.

    Returns
    -------
    dict of ndarray
        For ``torch.nn.RNN``, ``LSTM`` or ``GRU`` of that size, once every array went through
        ``torch.from_numpy``.  The second bias is zero but for ``b_hn`` of a GRU.

    Raises
    ------
    SettingError
        If the cell is a GRU that resets before the product, which PyTorch does not have.

    Examples
    --------
    >>> weights = random_weights(LSTMWeights, D=5, H=7, rng=np.random.default_rng(0))
    >>> {name: array.shape for name, array in to_torch(weights).items()}
    {'weight_ih_l0': (28, 5), 'weight_hh_l0': (28, 7), 'bias_ih_l0': (28,), 'bias_hh_l0': (28,)}
    """
    several: Any = [layers] if hasattr(layers, "_fields") else layers
    named = {}  # type: ignore[var-annotated]
    for number, layer in enumerate(several):
        ways = zip(("", "_reverse"), layer if isinstance(layer, Bidirectional) else (layer,), strict=False)
        for way, weights in ways:
            arrays = zip(TORCH_NAMES, _torch_arrays(weights), strict=True)
            named |= {f"{name}_l{number}{way}": array for name, array in arrays}
    return named


def from_torch(named: Mapping[str, Any], kind: type[Weights]) -> list[Layer]:
    """Read the weights of a PyTorch layer.

    Parameters
    ----------
    named : mapping of str to arrays or tensors
        The ``state_dict()`` of ``torch.nn.RNN`` (with its default, tanh), ``LSTM`` or ``GRU``.
    kind : type
        `RNNWeights`, `LSTMWeights` or `GRUWeights`.

    Returns
    -------
    list of weights or `Bidirectional`
        One entry for each layer, as `rnn_utils.cells.stack.unroll_stack` takes them; copies.

    Raises
    ------
    SettingError
        If the kind is none of the three; if the layer projects its state (``proj_size``).
    ShapeError
        If an array is missing, or has not the shape that this kind of cell needs.
    DTypeError
        If something is no array, or NumPy has no such numbers (bfloat16).

    Examples
    --------
    >>> weights = random_weights(GRUWeights, D=5, H=7, rng=np.random.default_rng(0))
    >>> (back,) = from_torch(to_torch(weights), GRUWeights)
    >>> all((a == b).all() for a, b in zip(back, weights))
    True
    """
    return _layers_from_torch("from_torch", named, kind)


def gradients_from_torch(named: Mapping[str, Any], kind: type[Weights]) -> list[Layer]:
    """Read the gradients of a PyTorch layer's weights.

    Parameters
    ----------
    named : mapping of str to arrays or tensors
        ``{name: parameter.grad for name, parameter in layer.named_parameters()}``.
    kind : type
        As for `from_torch`.

    Returns
    -------
    list of weights or `Bidirectional`
        In the layout of ``dweights`` of `rnn_utils.cells.stack.unroll_stack_backward`.

    Raises
    ------
    SettingError, ShapeError
        As `from_torch`.

    Examples
    --------
    Both biases of PyTorch have the gradient of their sum:

    >>> named = {"weight_ih_l0": np.ones((1, 2)), "weight_hh_l0": np.ones((1, 1)),
    ...          "bias_ih_l0": np.array([0.5]), "bias_hh_l0": np.array([0.5])}
    >>> gradients_from_torch(named, RNNWeights)[0].b_h
    array([0.5])
    """
    return _layers_from_torch("gradients_from_torch", named, kind, gradients=True)


def to_keras(layer: Layer) -> list[Array]:
    """Write weights as the ``get_weights()`` of a Keras layer.

    Parameters
    ----------
    layer : weights or `Bidirectional`
        A Keras model keeps its layers apart, so this takes one.

    Returns
    -------
    list of ndarray
        Kernel, recurrent kernel and bias, for ``set_weights`` of ``SimpleRNN``, ``LSTM``, ``GRU`` or,
        for `GRUBeforeWeights`, ``GRU(reset_after=False)``; for ``keras.layers.Bidirectional`` the
        three of the forward layer, then the three of the backward layer.

    Examples
    --------
    >>> weights = random_weights(GRUWeights, D=5, H=7, rng=np.random.default_rng(0))
    >>> [array.shape for array in to_keras(weights)]
    [(5, 21), (7, 21), (2, 21)]
    """
    if isinstance(layer, Bidirectional):
        return [*to_keras(layer.forward), *to_keras(layer.backward)]
    check_weights("to_keras", layer)
    W_xh, W_hh, b_h = (array.copy() for array in _exchanged(layer)[:3])
    return [W_xh, W_hh, np.stack([b_h, _second_bias(layer)]) if isinstance(layer, GRUWeights) else b_h]


def from_keras(arrays: Sequence[Any], kind: type[Weights], *, bidirectional: bool = False) -> Layer:
    """Read the weights of a Keras layer.

    Arrays do not tell how a layer uses them: it is taken to have its bias and the activations that Keras
    gives it by default, and to read from the first step to the last.

    Parameters
    ----------
    arrays : sequence of arrays or tensors
        ``get_weights()`` of ``SimpleRNN``, ``LSTM`` or ``GRU``, three arrays.
    kind : type
        `RNNWeights`, `LSTMWeights`, `GRUWeights`, or `GRUBeforeWeights` for ``reset_after=False``.
    bidirectional : bool, optional
        The six arrays are those of a ``keras.layers.Bidirectional``.  Two layers one above the other
        have six arrays too, even of the same shapes, so this has to be said.

    Returns
    -------
    weights or `Bidirectional`
        Copies.

    Raises
    ------
    SettingError
        If the kind is none of the four.
    ShapeError
        If there are not three arrays (six of both ways), or they have not the shapes that this kind needs.

    Examples
    --------
    >>> weights = random_weights(GRUWeights, D=5, H=7, rng=np.random.default_rng(0))
    >>> back = from_keras(to_keras(weights), GRUWeights)
    >>> all((a == b).all() for a, b in zip(back, weights))
    True
    """
    return _layer_from_keras("from_keras", arrays, kind, bidirectional)


def gradients_from_keras(arrays: Sequence[Any], kind: type[Weights], *, bidirectional: bool = False) -> Layer:
    """Read the gradients of a Keras layer's weights.

    Parameters
    ----------
    arrays : sequence of arrays or tensors
        ``tape.gradient(loss, layer.trainable_weights)``.
    kind : type
    bidirectional : bool, optional
        As for `from_keras`.

    Returns
    -------
    weights or `Bidirectional`
        In the layout of ``dweights`` of `rnn_utils.cells.sequence.unroll_backward`.

    Raises
    ------
    SettingError, ShapeError
        As `from_keras`.

    Examples
    --------
    >>> gradients_from_keras([np.ones((2, 1)), np.ones((1, 1)), np.array([0.5])], RNNWeights).b_h
    array([0.5])
    """
    return _layer_from_keras("gradients_from_keras", arrays, kind, bidirectional, gradients=True)


def _torch_arrays(weights: Weights) -> list[Array]:
    _check_torch_has("to_torch", type(weights))
    check_weights("to_torch", weights)
    W_ih, W_hh = (np.ascontiguousarray(array.T) for array in (weights.W_xh, weights.W_hh))
    return [W_ih, W_hh, weights.b_h.copy(), _second_bias(weights)]


def _layers_from_torch(
    function: str, named: Mapping[str, Any], kind: type[Weights], *, gradients: bool = False
) -> list[Layer]:
    _check_kind(function, kind)
    _check_torch_has(function, kind)
    if not isinstance(named, Mapping):
        raise DTypeError(
            f"{function}: got a {type(named).__name__}; expected names with arrays. Pass its state_dict()."
        )
    if "weight_hr_l0" in named:
        raise SettingError(
            f"{function}: weight_hr_l0 projects the state, which no cell here does; expected a layer without proj_size."
        )
    layers: list[Layer] = []
    while not layers or f"weight_ih_l{len(layers)}" in named:
        suffix = f"_l{len(layers)}"
        layer: Layer = _way_from_torch(function, named, suffix, kind, gradients)
        if f"weight_ih{suffix}_reverse" in named:
            layer = Bidirectional(layer, _way_from_torch(function, named, f"{suffix}_reverse", kind, gradients))
        layers.append(layer)
    return layers


def _way_from_torch(
    function: str, named: Mapping[str, Any], suffix: str, kind: type[Weights], gradients: bool
) -> Weights:
    names = [name + suffix for name in TORCH_NAMES]
    if missing := [name for name in names if name not in named]:
        raise ShapeError(
            f"{function}: {missing[0]} is missing among {', '.join(named) or 'nothing'}; expected the four arrays of "
            "each layer. Pass the state_dict of one torch.nn.RNN, LSTM or GRU with its biases."
        )
    W_ih, W_hh, first, second = (_copied(function, name, named[name]) for name in names)
    return _weights(function, kind, (W_ih.T, W_hh.T, first, second), gradients)


def _layer_from_keras(
    function: str, arrays: Sequence[Any], kind: type[Weights], bidirectional: bool, *, gradients: bool = False
) -> Layer:
    _check_kind(function, kind)
    if len(arrays) != (6 if bidirectional else 3):
        expected = "6, three of each way" if bidirectional else "3, kernel, recurrent kernel and bias"
        raise ShapeError(
            f"{function}: got {len(arrays)} arrays; expected {expected}. Build the layer with its bias, pass one "
            "layer at a time, and say bidirectional=True of a keras.layers.Bidirectional alone."
        )
    if bidirectional:
        halves = (arrays[:3], arrays[3:])
        return Bidirectional(*(_layer_from_keras(function, half, kind, False, gradients=gradients) for half in halves))
    names = ("kernel", "recurrent_kernel", "bias")
    W_xh, W_hh, bias = (_copied(function, name, array) for name, array in zip(names, arrays, strict=True))
    if kind is not GRUWeights:
        return _exchanged(_weights(function, kind, (W_xh, W_hh, bias, np.zeros_like(bias)), gradients))
    if bias.ndim != 2 or len(bias) != 2:
        raise ShapeError(
            f"{function}: the bias is {bias.shape}; expected (2, 3H), a row for the input and a row for the state. "
            "Pass GRUBeforeWeights if the layer was built with reset_after=False."
        )
    return _exchanged(_weights(function, kind, (W_xh, W_hh, *bias), gradients))


def _weights(function: str, kind: type[Weights], arrays: tuple[Array, ...], gradients: bool) -> Weights:
    """Make one bias of the two, but leave apart what the reset gate acts on."""
    W_xh, W_hh, first, second = arrays
    rest: tuple[Array, ...] = ()
    if kind is GRUWeights:
        candidate = 2 * len(W_hh)
        rest = (second[candidate:],)
        second = np.concatenate([second[:candidate], np.zeros_like(rest[0])])
    b_h = first if gradients else first + second
    weights = kind(np.ascontiguousarray(W_xh), np.ascontiguousarray(W_hh), b_h, *rest)
    check_weights(function, weights)
    return weights


def _second_bias(weights: Weights) -> Array:
    """Return what is added together with the state's product: zero, but for the candidate of a GRU."""
    second = np.zeros_like(weights.b_h)
    if isinstance(weights, GRUWeights):
        second[-len(weights.b_hn) :] = weights.b_hn
    return second


def _exchanged(weights: Weights) -> Weights:
    """Exchange the first two blocks of a GRU, for the order r, z, n or z, r, n; leave other cells as they are."""
    if CELLS[type(weights)].blocks != "rzn":
        return weights
    blocks = (np.split(array, 3, axis=-1) for array in weights[:3])
    return type(weights)(*(np.concatenate([b, a, c], axis=-1) for a, b, c in blocks), *weights[3:])


def _copied(function: str, name: str, array: Any) -> Array:
    """Return a tensor of any framework as a NumPy array of its own."""
    if array is None:
        raise DTypeError(f"{function}: {name} is None; expected an array. A gradient is there after loss.backward().")
    if hasattr(array, "detach"):
        array = array.detach().cpu()
    try:
        return np.asarray(array).copy()
    except TypeError as error:  # PyTorch's word for numbers that NumPy does not have
        raise DTypeError(
            f"{function}: {name} holds {array.dtype}; expected float32 or float64. Convert it: {name}.float()."
        ) from error


def _check_kind(function: str, kind: Any) -> None:
    if kind not in CELLS:
        names = ", ".join(cell.__name__ for cell in CELLS)
        raise SettingError(f"{function}: kind is {kind!r}; expected one of {names}.")


def _check_torch_has(function: str, kind: type) -> None:
    if kind is GRUBeforeWeights:
        raise SettingError(
            f"{function}: PyTorch has no GRU that resets before the product; expected RNNWeights, LSTMWeights or "
            "GRUWeights. Use Keras with reset_after=False, or write the cell with autograd."
        )
