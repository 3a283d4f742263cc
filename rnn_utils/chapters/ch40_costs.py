"""Ways to run one LSTM in PyTorch, and what they consist of: calls, products, and other numbers."""

import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from rnn_utils.cells import LSTMWeights, random_weights
from rnn_utils.cells.convert import to_torch

T, D, H, N = 28, 28, 128, 128  # MNIST's rows, the units of the digit reader, a mini-batch


def by_formulas(cell: nn.LSTMCell, x: Tensor) -> Tensor:
    """Follow the formulas step by step; return the last hidden state, as all ways do."""
    h = c = x.new_zeros(len(x), cell.hidden_size)
    for x_t in x.unbind(1):
        a = x_t @ cell.weight_ih.T + h @ cell.weight_hh.T + (cell.bias_ih + cell.bias_hh)
        i, f, g, o = a.chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
    return h


def inputs_first(cell: nn.LSTMCell, x: Tensor) -> Tensor:
    """Do so after one product has read the inputs of all steps."""
    h = c = x.new_zeros(len(x), cell.hidden_size)
    read = x.swapaxes(0, 1) @ cell.weight_ih.T + (cell.bias_ih + cell.bias_hh)
    for read_t in read.unbind():
        i, f, g, o = torch.addmm(read_t, h, cell.weight_hh.T).chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
    return h


def by_cell(cell: nn.RNNCellBase, x: Tensor) -> Tensor:
    """Call a cell of PyTorch at every step."""
    state = None
    for x_t in x.unbind(1):
        state = cell(x_t, state)
    return state[0]  # type: ignore[index]


def by_layer(layer: nn.RNNBase, x: Tensor) -> Tensor:
    """Call the layer once."""
    return layer(x)[0].select(1 if layer.batch_first else 0, -1)


def by_packing(layer: nn.RNNBase, x: Tensor, shorter: int = 0) -> Tensor:
    """Say how long each sequence is; the second half may be shorter."""
    lengths = torch.full((len(x),), x.shape[1])
    lengths[(len(x) + 1) // 2 :] -= shorter
    return layer(nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True))[1][0][-1]


LAYER = partial(nn.LSTM, batch_first=True)
READS: dict[str, tuple[Callable[..., nn.Module], Callable[..., Tensor]]] = {
    "formulas": (nn.LSTMCell, by_formulas),
    "inputs first": (nn.LSTMCell, inputs_first),
    "LSTMCell": (nn.LSTMCell, by_cell),
    "layer": (LAYER, by_layer),
    "time-major": (nn.LSTM, by_layer),
    "packed": (LAYER, by_packing),
}


class TimedNet(nn.Module):
    """An LSTM, run in one of the ways, and ten logits from its last state.

    PyTorch's second bias stays zero, so that this is the very net of NumPy and of Keras.
    """

    def __init__(self, read: str, weights: list[NDArray[np.float32]]):
        super().__init__()
        *cell, W_hy, b_y = weights
        make, self.read = READS[read]
        self.cell, self.answer = make(*map(len, cell[:2])), nn.Linear(*W_hy.shape)
        arrays = [*to_torch(LSTMWeights(*cell)).values(), W_hy.T, b_y]
        for parameter, array in zip(self.parameters(), arrays, strict=True):
            parameter.data = torch.tensor(array)
        list(self.cell.parameters())[3].requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Read images, (N, T, D), or (T, N, D) time-major."""
        return self.answer(self.read(self.cell, x))


def new_weights(h: int, rng: np.random.Generator) -> list[NDArray[np.float32]]:
    """Draw W_xh, W_hh, b_h of an LSTM with h units, and W_hy, b_y of its ten logits."""
    cell = random_weights(LSTMWeights, D, h, rng, np.float32)
    return [*cell, rng.normal(0, h**-0.5, (h, 10)).astype(np.float32), np.zeros(10, np.float32)]


def milliseconds(function: Callable[[], object], budget: float = 0.25) -> float:
    """Return the median time of a call, of two at least and for so many seconds, after one to warm up."""
    function()
    times: list[float] = []
    while len(times) < 2 or sum(times) < budget:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return round(1000 * median(times), 4)


class Calls(TorchDispatchMode):
    """Counts by name the calls that reach PyTorch's functions, and the numbers that they compute beside products."""

    def __init__(self) -> None:
        super().__init__()
        self.names: Counter[str] = Counter()
        self.numbers = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function._schema.name.removeprefix("aten::")
        self.names[name] += 1
        result = function(*args, **(kwargs or {}))
        if not function.is_view and name not in ("mm", "addmm") and not name.startswith("mkldnn_rnn"):
            parts = result if isinstance(result, tuple | list) else [result]
            self.numbers += sum(part.numel() for part in parts if isinstance(part, Tensor))
        return result


def counted(step: Callable[[], object]) -> Calls:
    """Count the calls of a step, once its gradients have their place."""
    step()
    with Calls() as calls:
        step()
    return calls


def there_and_back(make: Callable[..., nn.Module], run: Callable[..., Tensor], x: Tensor, h: int) -> Callable[[], None]:
    """Make one forward and backward pass of a cell or layer of h units."""
    cell = make(x.shape[-1], h)
    return lambda: run(cell, x).sum().backward()


def operations(n: int, h: int) -> int:
    """Return the multiplications and additions in the products of a pass over n images."""
    return 2 * n * T * 4 * h * (2 * (D + h) + h)  # forward, for the weights, for the state before


def products(n: int, h: int) -> Callable[[], None]:
    """Make the products of a pass, and nothing else."""
    shapes = (n, D), (n, h), (n, 4 * h), (4 * h, D), (4 * h, h)
    x, state, da, W_ih, W_hh = (torch.randn(shape) for shape in shapes)

    def step() -> None:
        for _ in range(T):
            x @ W_ih.T, state @ W_hh.T, da @ W_hh, da.T @ x, da.T @ state

    return step


def chain(length: int = 200) -> Callable[[], None]:
    """Make a pass that multiplies single numbers: nothing but calls."""
    w = torch.ones(1, requires_grad=True)

    def step() -> None:
        product = w
        for _ in range(length):
            product = product * w
        product.backward()

    return step
