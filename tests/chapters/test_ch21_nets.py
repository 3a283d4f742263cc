"""Forecasting nets: what each way is fed, on nets that can be followed by hand, and that training trains."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rnn_utils.chapters import ch21_forecasting as fc  # noqa: E402
from rnn_utils.chapters import ch21_nets as nets  # noqa: E402
from rnn_utils.errors import ShapeError  # noqa: E402

pytestmark = pytest.mark.torch
PLAIN = fc.Scale(0.0, 1.0)


class Adding(nets.Forecaster):
    """Says the sum of its input and the input before (0 at first)."""

    def __init__(self, scale: fc.Scale = PLAIN):
        super().__init__(torch.nn.RNN, 1, 1, scale)

    def forward(self, x, state=None):
        before = torch.zeros(len(x), 1) if state is None else state
        return (x + torch.cat((before, x[:, :-1]), dim=1))[:, :, None], x[:, -1:]


class AddingRelative(Adding, nets.RelativeForecaster):
    pass


def two(*rows: list[float]) -> list:
    return [torch.tensor([row], dtype=torch.float32) for row in rows]


def test_a_net_that_names_another_number_of_values_is_not_repeated_to_fit() -> None:
    past, future = two([9.0, 1.0, 1.0], [7.0, 7.0, 7.0, 7.0])
    with pytest.raises(ShapeError, match=r"names 1 values at once and the future has 4; .* outputs=K"):
        nets.say_direct(Adding(), past, future)


def test_free_is_fed_its_own_values() -> None:
    past, future = two([9.0, 1.0, 1.0], [7.0, 7.0, 7.0, 7.0])
    assert nets.say_free(Adding(), past, future).tolist() == [[2, 3, 5, 8]]


def test_teacher_is_fed_the_true_values_each_after_it_was_named() -> None:
    past, future = two([9.0, 1.0, 1.0], [7.0, 5.0, 4.0, 100.0])
    # 1 + 1, then 7 + 1, 5 + 7, 4 + 5: the last true value is never fed.
    assert nets.say_fed(Adding(), past, future).tolist() == [[2, 8, 12, 9]]


def test_direct_looks_at_the_past_alone() -> None:
    net = nets.Forecaster(torch.nn.GRU, 3, 4, PLAIN)
    past, future = two([9.0, 1.0, 1.0], [7.0, 5.0, 4.0, 2.0])
    first = nets.say_direct(net, past, future)
    assert first.shape == (1, 4)
    assert torch.equal(first, nets.say_direct(net, past, future * 0))


@pytest.mark.parametrize("way", ["free", "direct"])
def test_a_forecast_does_not_look_at_the_future(way: str) -> None:
    cut = fc.cut_windows(np.arange(12.0), 3, 2)
    net = nets.RelativeForecaster(torch.nn.LSTM, 3, 2 if way == "direct" else 1, PLAIN)
    blind = cut._replace(future=np.full_like(cut.future, 1e6))
    assert np.array_equal(nets.forecast(net, cut, nets.WAYS[way]), nets.forecast(net, blind, nets.WAYS[way]))


def test_forecasts_come_back_in_the_units_of_the_series() -> None:
    cut = fc.cut_windows(np.array([10.0, 14.0, 16.0, 20.0, 21.0]), 3, 2)
    # Around 10 in widths of 2 the past is 0, 2, 3; the net says 5 and 8, which are 20 and 26.
    assert nets.forecast(Adding(fc.Scale(10.0, 2.0)), cut, nets.say_free).tolist() == [[20, 26]]


def test_a_relative_net_does_not_see_the_level() -> None:
    values = np.array([10.0, 14.0, 16.0, 20.0, 21.0, 19.0])
    net = AddingRelative(fc.Scale(3.0, 2.0))
    low = nets.forecast(net, fc.cut_windows(values, 3, 2), nets.say_free)
    high = nets.forecast(net, fc.cut_windows(values + 50, 3, 2), nets.say_free)
    assert np.allclose(high, low + 50)
    # From 10 on, in widths of 2: 0, 2, 3, then 5 and 8, which are 20 and 26.
    assert low[0].tolist() == [20, 26]


@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("way", ["teacher", "free", "direct"])
def test_training_lowers_the_loss(cell: str, way: str) -> None:
    torch.manual_seed(0)
    values = np.sin(0.5 * np.arange(80))
    cut = fc.cut_windows(values, 6, 3)
    net = nets.Forecaster(getattr(torch.nn, cell), 8, 3 if way == "direct" else 1, fc.fit_scale(values))
    losses = nets.train_forecaster(net, cut, nets.WAYS[way], np.random.default_rng(0), steps=60, rate=0.02)
    assert len(losses) == 60
    assert np.mean(losses[-5:]) < 0.2 * np.mean(losses[:5])


def test_only_seed_and_generator_decide() -> None:
    cut = fc.cut_windows(np.sin(0.5 * np.arange(40)), 6, 3)
    found = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        net = nets.Forecaster(torch.nn.GRU, 4, 3, PLAIN)
        found.append(nets.train_forecaster(net, cut, nets.say_direct, np.random.default_rng(seed), steps=3))
    assert found[0] == found[1] != found[2]
