"""The gradient by lag is the one that the reference cells compute by hand."""

import numpy as np
import pytest

from rnn_utils.cells.rnn import rnn_step, rnn_step_backward
from rnn_utils.chapters.ch03_memory import adding_problem, delayed_recall
from rnn_utils.errors import SettingError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
memory_nets = pytest.importorskip("rnn_utils.chapters.ch03_memory")


def test_gradient_by_lag_is_that_of_the_reference_cell() -> None:
    torch.manual_seed(0)
    net = memory_nets.Reader("RNN", D=2, H=7, outputs=1)
    x, y = adding_problem(N=3, T=5, rng=np.random.default_rng(0))
    W_xh, W_hh, b_x, b_h = (values.detach().double().numpy().T.copy() for values in net.cell.parameters())
    h, caches = np.zeros((3, 7)), []
    for t in range(5):
        h, cache = rnn_step(x[:, t].astype(float), h, W_xh, W_hh, b_x + b_h)
        caches.append(cache)
    dh = np.repeat(net.answer.weight.detach().double().numpy(), 3, axis=0)
    norms = []
    for cache in reversed(caches):
        norms.append(np.sqrt((dh**2).sum() / 3))
        dh = rnn_step_backward(dh, cache).dh_prev
    np.testing.assert_allclose(memory_nets.gradient_by_lag(net, (x, y)), norms, rtol=1e-10)


@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
def test_measuring_leaves_the_net_alone(cell: str) -> None:
    net = memory_nets.Reader(cell, D=8, H=5, outputs=4)
    before = [values.clone() for values in net.parameters()]
    lags = memory_nets.gradient_by_lag(net, delayed_recall(3, 6, np.random.default_rng(0)))
    assert lags.shape == (7,) and (lags > 0).all()
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
    assert all(values.dtype == torch.float32 for values in net.parameters())


def test_forget_bias_and_radius_are_set() -> None:
    lstm = memory_nets.Reader("LSTM", D=2, H=5, outputs=1, forget_bias=3.0).cell
    np.testing.assert_array_equal((lstm.bias_ih_l0 + lstm.bias_hh_l0).detach()[5:10], 3)
    rnn = memory_nets.Reader("RNN", D=2, H=5, outputs=1, radius=1.5).cell
    eigenvalues = np.linalg.eigvals(rnn.weight_hh_l0.detach().double().numpy())
    assert np.abs(eigenvalues).max() == pytest.approx(1.5, rel=1e-5)


def test_an_unknown_cell_is_named() -> None:
    with pytest.raises(SettingError, match="cell is 'MLP'; expected one of RNN, GRU, LSTM"):
        memory_nets.Reader("MLP", 2, 5, 1)
