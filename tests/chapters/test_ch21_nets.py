"""Forecasting nets: what each way is fed, on nets that can be followed by hand, and that training trains."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rnn_utils.chapters import ch21_forecasting as fc  # noqa: E402
from rnn_utils.chapters import ch21_nets as nets  # noqa: E402
from rnn_utils.errors import SettingError  # noqa: E402

pytestmark = pytest.mark.torch
PLAIN = fc.Scale(0.0, 1.0)


class Adding(nets.Forecaster):
    """Says the sum of its input and the input before (0 at first)."""

    def __init__(self, scale: fc.Scale = PLAIN, *, relative: bool = False):
        super().__init__("RNN", 1, 1, scale, relative=relative)

    def forward(self, x, state=None):
        before = torch.zeros(len(x), 1) if state is None else state
        return (x + torch.cat((before, x[:, :-1]), dim=1))[:, :, None], x[:, -1:]


def two(*rows: list[float]) -> list:
    return [torch.tensor([row], dtype=torch.float32) for row in rows]


def test_free_is_fed_its_own_values() -> None:
    past, future = two([9.0, 1.0, 1.0], [7.0, 7.0, 7.0, 7.0])
    assert nets.say(Adding(), past, future, "free").tolist() == [[2, 3, 5, 8]]


def test_teacher_is_fed_the_true_values_each_after_it_was_named() -> None:
    past, future = two([9.0, 1.0, 1.0], [7.0, 5.0, 4.0, 100.0])
    # 1 + 1, then 7 + 1, 5 + 7, 4 + 5: the last true value is never fed.
    assert nets.say(Adding(), past, future, "teacher").tolist() == [[2, 8, 12, 9]]


def test_direct_looks_at_the_past_alone() -> None:
    net = nets.Forecaster("GRU", 3, 4, PLAIN)
    past, future = two([9.0, 1.0, 1.0], [7.0, 5.0, 4.0, 2.0])
    first = nets.say(net, past, future, "direct")
    assert first.shape == (1, 4)
    assert torch.equal(first, nets.say(net, past, future * 0, "direct"))


@pytest.mark.parametrize("way", ["free", "direct"])
def test_a_forecast_does_not_look_at_the_future(way: str) -> None:
    cut = fc.cut_windows(np.arange(12.0), 3, 2)
    net = nets.Forecaster("LSTM", 3, 2 if way == "direct" else 1, PLAIN, relative=True)
    blind = cut._replace(future=np.full_like(cut.future, 1e6))
    assert np.array_equal(nets.forecast(net, cut, way), nets.forecast(net, blind, way))


def test_forecasts_come_back_in_the_units_of_the_series() -> None:
    cut = fc.cut_windows(np.array([10.0, 14.0, 16.0, 20.0, 21.0]), 3, 2)
    # Around 10 in widths of 2 the past is 0, 2, 3; the net says 5 and 8, which are 20 and 26.
    assert nets.forecast(Adding(fc.Scale(10.0, 2.0)), cut, "free").tolist() == [[20, 26]]


def test_a_relative_net_does_not_see_the_level() -> None:
    values = np.array([10.0, 14.0, 16.0, 20.0, 21.0, 19.0])
    net = Adding(fc.Scale(3.0, 2.0), relative=True)
    low = nets.forecast(net, fc.cut_windows(values, 3, 2), "free")
    high = nets.forecast(net, fc.cut_windows(values + 50, 3, 2), "free")
    assert np.allclose(high, low + 50)
    # From 10 on, in widths of 2: 0, 2, 3, then 5 and 8, which are 20 and 26.
    assert low[0].tolist() == [20, 26]


@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("way", ["teacher", "free", "direct"])
def test_training_lowers_the_loss(cell: str, way: str) -> None:
    torch.manual_seed(0)
    values = np.sin(0.5 * np.arange(80))
    cut = fc.cut_windows(values, 6, 3)
    net = nets.Forecaster(cell, 8, 3 if way == "direct" else 1, fc.fit_scale(values))
    losses = nets.train_forecaster(net, cut, way, np.random.default_rng(0), steps=60, rate=0.02)
    assert len(losses) == 60
    assert np.mean(losses[-5:]) < 0.2 * np.mean(losses[:5])


def test_only_seed_and_generator_decide() -> None:
    cut = fc.cut_windows(np.sin(0.5 * np.arange(40)), 6, 3)
    found = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        net = nets.Forecaster("GRU", 4, 3, PLAIN)
        found.append(nets.train_forecaster(net, cut, "direct", np.random.default_rng(seed), steps=3))
    assert found[0] == found[1] != found[2]


def test_an_unknown_cell_or_way_is_named() -> None:
    with pytest.raises(SettingError, match="cell is 'MLP'; expected one of RNN, GRU, LSTM"):
        nets.Forecaster("MLP", 3, 1, PLAIN)
    with pytest.raises(SettingError, match="way is 'Free'; expected one of teacher, free, direct"):
        nets.say(Adding(), *two([1.0], [2.0]), "Free")
