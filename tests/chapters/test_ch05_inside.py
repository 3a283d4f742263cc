"""The tasks ask what they say, and the search finds the places that a state rests at."""

import numpy as np
import pytest

from rnn_utils.errors import SettingError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
inside = pytest.importorskip("rnn_utils.chapters.ch05_inside")


def test_a_switch_stands_as_its_last_pulse_said() -> None:
    x, y = (part.numpy() for part in inside.draw_switches(50, np.random.default_rng(0), switches=2, T=30))
    assert x.shape == y.shape == (50, 30, 2)
    for pulses, stands in zip(x.transpose(0, 2, 1).reshape(-1, 30), y.transpose(0, 2, 1).reshape(-1, 30), strict=True):
        assert [pulses[: t + 1][pulses[: t + 1] != 0][-1] for t in range(30)] == stands.tolist()
    assert 0.1 < np.mean(x[:, 1:] != 0) < 0.2
    assert set(np.unique(x)) == {-1, 0, 1}


@pytest.mark.parametrize("setting", [{"N": 0}, {"N": 1, "switches": 0}, {"N": 1, "T": 0}])
def test_bad_settings_of_the_switches_are_named(setting: dict[str, int]) -> None:
    with pytest.raises(SettingError, match=r"draw_switches: got N = .*expected at least 1 of each"):
        inside.draw_switches(rng=np.random.default_rng(0), **setting)


def test_an_unknown_cell_is_named() -> None:
    with pytest.raises(SettingError, match="cell is 'MLP'; expected one of RNN, GRU, LSTM"):
        inside.EveryStep("MLP", 2, 5, 1)


def test_jacobians_are_the_slopes_of_the_step() -> None:
    rng = np.random.default_rng(0)
    W_hh, b_h, h = rng.normal(size=(4, 4)), rng.normal(size=4), rng.normal(size=(3, 4))
    step, jacobian = inside.tanh_map(W_hh, b_h)
    for unit, nudge in enumerate(1e-6 * np.eye(4)):
        measured = (step(h + nudge) - step(h - nudge)) / 2e-6
        np.testing.assert_allclose(jacobian(h)[:, unit], measured, atol=1e-8)


def test_three_units_apart_rest_at_the_places_of_a_cube() -> None:
    step, jacobian = inside.tanh_map(2 * np.eye(3), np.zeros(3))
    starts = np.random.default_rng(0).uniform(-1, 1, size=(400, 3))
    points = inside.rest_points(step, jacobian, starts)
    assert len(points) == 27
    np.testing.assert_allclose(step(points), points, atol=1e-9)
    unstable = inside.unstable_directions(jacobian(points))
    np.testing.assert_array_equal(unstable, (np.abs(points) < 0.1).sum(axis=1))
    assert np.bincount(unstable).tolist() == [8, 12, 6, 1]


def test_a_direction_is_unstable_from_one_on_whatever_its_sign() -> None:
    jacobians = np.array([np.diag([0.99, 1.01, -1.01]), np.diag([-0.99, 0.5, 0.0])])
    assert inside.unstable_directions(jacobians).tolist() == [2, 0]


def test_where_nothing_is_found_the_answer_is_empty() -> None:
    points = inside.rest_points(lambda h: h + 1, lambda h: 0.5 * np.eye(2) + 0 * h[:, None], np.zeros((3, 2)))
    assert points.shape == (0, 2)


def test_starts_are_visited_states_and_points_halfway() -> None:
    torch.manual_seed(0)
    starts = inside.starts_for(inside.EveryStep("RNN", 2, 5, 2), switches=2, count=40)
    assert starts.shape == (80, 5) and starts.dtype == np.float64
    assert np.abs(starts).max() < 1


def test_a_count_asks_for_the_next_sign() -> None:
    x, y = inside.draw_counts([3, 1])
    assert x.shape == (2, 7, 3)
    np.testing.assert_array_equal(x[0, 1:].argmax(dim=1), y[0, :-1])
    np.testing.assert_array_equal(y[1], [0, 1, 2, -100, -100, -100, -100])


def test_a_factor_of_one_changes_nothing() -> None:
    torch.manual_seed(0)
    net, rng = inside.EveryStep("LSTM", 3, 8, 3), np.random.default_rng(0)
    inside.teach(net, inside.count_loss, lambda: inside.draw_counts(rng.integers(1, 5, size=16)), 0.03, steps=300)
    for n in (1, 2, 3, 4, 5, 6, 9):
        one, none = inside.right_with(net, n, torch.tensor([1.0, 0.0])).tolist()
        assert one == inside.counts_right(net, n)
        assert n < 3 or not none
    assert inside.counts_right(net, 3)
    assert not inside.counts_right(net, 9)


def test_a_net_that_names_the_last_pulse_is_right_until_it_is_silent() -> None:
    class Now(torch.nn.Module):
        def forward(self, x):
            return x  # what comes in goes out; silence is 0, which is neither on nor off

    assert 0.05 < inside.right_after(Now(), silent=0) < 0.3
    assert inside.right_after(Now(), silent=1) == 0
