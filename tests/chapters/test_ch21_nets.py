"""Forecasting nets: what each way is fed, on nets that can be followed by hand, and that training trains."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rnn_utils.chapters import ch21_forecasting as fc  # noqa: E402
from rnn_utils.chapters import ch21_nets as nets  # noqa: E402
from rnn_utils.errors import ShapeError  # noqa: E402

pytestmark = pytest.mark.torch
WAYS = {"fed": nets.say_fed, "free": nets.say_free, "direct": nets.say_direct}


class Adding(nets.Forecaster):
    """Says the sum of its input and the input before (0 at first)."""

    def __init__(self):
        super().__init__(torch.nn.RNN, 1, 1)

    def forward(self, x, state=None):
        before = torch.zeros(len(x), 1) if state is None else state
        return (x + torch.cat((before, x[:, :-1]), dim=1))[:, :, None], x[:, -1:]


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
    net = nets.Forecaster(torch.nn.GRU, 3, 4)
    past, future = two([9.0, 1.0, 1.0], [7.0, 5.0, 4.0, 2.0])
    first = nets.say_direct(net, past, future)
    assert first.shape == (1, 4)
    assert torch.equal(first, nets.say_direct(net, past, future * 0))


def test_a_change_is_added_to_the_value_just_read() -> None:
    torch.manual_seed(0)
    plain, change = nets.Forecaster(torch.nn.LSTM, 3, 1), nets.ChangeForecaster(torch.nn.LSTM, 3, 1)
    change.load_state_dict(plain.state_dict())
    past, future = two([9.0, 1.0, 2.0], [7.0, 5.0])
    moved = nets.say_fed(change, past, future) - nets.say_fed(plain, past, future)
    assert torch.allclose(moved, torch.tensor([[2.0, 7.0]]))


@pytest.mark.parametrize("way", ["free", "direct"])
def test_a_forecast_does_not_look_at_the_future(way: str) -> None:
    cut = fc.cut_windows(np.arange(12.0), 3, 2)
    net = nets.Forecaster(torch.nn.LSTM, 3, 2 if way == "direct" else 1)
    blind = cut._replace(future=np.full_like(cut.future, 1e6))
    assert np.array_equal(nets.forecast(net, cut, WAYS[way]), nets.forecast(net, blind, WAYS[way]))


@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("way", list(WAYS))
def test_training_lowers_the_error(cell: str, way: str) -> None:
    torch.manual_seed(0)
    cut = fc.cut_windows(np.sin(0.5 * np.arange(80)), 6, 3)
    net = nets.Forecaster(getattr(torch.nn, cell), 8, 3 if way == "direct" else 1)

    def error() -> float:
        return float(np.mean((nets.forecast(net, cut, WAYS[way]) - cut.future) ** 2))

    before = error()
    nets.fit(net, cut, WAYS[way], np.random.default_rng(0), steps=60, rate=0.02)
    assert error() < 0.2 * before


def test_only_seed_and_generator_decide() -> None:
    cut = fc.cut_windows(np.sin(0.5 * np.arange(40)), 6, 3)
    found = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        net = nets.Forecaster(torch.nn.GRU, 4, 3)
        nets.fit(net, cut, nets.say_direct, np.random.default_rng(seed), steps=3)
        found.append(nets.forecast(net, cut, nets.say_direct).tolist())
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(("judged", "rounds"), [([9, 5, 4, 6, 7, 8, 1], 5), ([9, 8, 7, 6, 5], 4), ([8, 9, 9, 9], 3)])
def test_patience_waits_three_rounds_and_goes_back_to_the_best(judged: list[int], rounds: int) -> None:
    torch.manual_seed(0)
    cut = fc.cut_windows(np.sin(0.5 * np.arange(40)), 6, 3)
    net, seen, errors = nets.Forecaster(torch.nn.GRU, 2, 3), [], iter(judged)

    def judge() -> float:
        seen.append(nets.forecast(net, cut, nets.say_direct))
        return float(next(errors))

    rng = np.random.default_rng(0)
    found = nets.fit_patiently(net, cut, nets.say_direct, rng, steps=2, judge=judge, rounds=min(10, len(judged) - 1))
    assert found == judged[: rounds + 1]
    assert np.array_equal(nets.forecast(net, cut, nets.say_direct), seen[int(np.argmin(found))])
