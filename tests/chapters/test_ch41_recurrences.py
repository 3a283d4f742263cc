"""Toys, the scan against the loop, and what each cell can hold."""

import numpy as np
import pytest

from rnn_utils.errors import SettingError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
recurrences = pytest.importorskip("rnn_utils.chapters.ch41_recurrences")

SIGNS = torch.eye(2)[:, None]  # each of two signs by itself, shape (2, 1, 2)


def test_toys_do_what_their_tables_say() -> None:
    for moves in recurrences.TOYS.values():
        x, y = recurrences.play(moves, 50, 30, np.random.default_rng(0))
        assert x.shape == (50, 30, len(moves)) and y.shape == (50, 30)
        places = torch.zeros(50, dtype=int)
        for t in range(30):
            places = torch.tensor([moves[x[n, t].argmax()][places[n]] for n in range(50)])
            assert torch.equal(y[:, t], places)


def test_one_button_is_odd_or_even() -> None:
    x, y = recurrences.play(recurrences.TOYS["one button"], 20, 100, np.random.default_rng(1))
    assert torch.equal(y, x[:, :, 1].long().cumsum(dim=1) % 2)


def test_a_toy_is_touched_at_a_tenth_of_the_steps() -> None:
    x, _ = recurrences.play(recurrences.TOYS["one button"], 100, 1000, np.random.default_rng(2))
    assert x[:, :, 1].mean().item() == pytest.approx(0.1, abs=0.01)  # a fifth, of which half have the sign 0


def test_no_game_is_no_play() -> None:
    with pytest.raises(SettingError, match="N = 0 and T = 3"):
        recurrences.play(recurrences.TOYS["one button"], 0, 3, np.random.default_rng(0))


@pytest.mark.parametrize("T", [1, 2, 3, 5, 8, 13, 64, 100])
def test_the_scan_and_its_gradients_are_the_loops(T: int) -> None:
    torch.manual_seed(T)
    a, b = (torch.randn(2, T, 3, dtype=torch.double, requires_grad=True) for _ in range(2))
    h, expected = recurrences.scan(a, b), recurrences.loop(a, b)
    torch.testing.assert_close(h, expected)
    back = torch.randn_like(h)
    ours, theirs = (torch.autograd.grad((h * back).sum(), (a, b), materialize_grads=True) for h in (h, expected))
    torch.testing.assert_close(ours, theirs)


def test_the_scan_refuses_what_does_not_fit() -> None:
    with pytest.raises(SettingError, match=r"\(1, 3, 2\) and b \(1, 4, 2\)"):
        recurrences.scan(torch.zeros(1, 3, 2), torch.zeros(1, 4, 2))
    with pytest.raises(SettingError, match="T at least 1"):
        recurrences.scan(torch.zeros(1, 0, 2), torch.zeros(1, 0, 2))


@pytest.mark.parametrize("name", ["Fixed", "MinGRU", "MinLSTM", "Clipped", "Signed", "Circling"])
def test_cells_begin_with_their_own_state_and_say_the_same_by_loop(name: str) -> None:
    torch.manual_seed(0)
    cell = getattr(recurrences, name)(3, 6)
    x = torch.randn(2, 7, 3)
    states = cell(x)
    a, b = cell.step(x)
    h = cell.start
    for t in range(7):
        h = a[:, t] * h + b[:, t]
        torch.testing.assert_close(states[:, t], torch.cat([h.real, h.imag], dim=1) if h.is_complex() else h)
    cell.joined = recurrences.loop
    torch.testing.assert_close(cell(x), states)


@pytest.mark.parametrize(("name", "low", "reached"), [("MinGRU", 0, False), ("Clipped", 0, True), ("Signed", -1, True)])
def test_factors_stay_in_their_range(name: str, low: float, reached: bool) -> None:
    torch.manual_seed(0)
    a, b = getattr(recurrences, name)(3, 50).step(3 * torch.randn(4, 50, 3))
    assert low <= a.min() and a.max() <= 1
    assert bool((a == 1).any()) is bool((a == low).any()) is reached
    assert (b[a.abs() == 1] == 0).all()


def test_complex_factors_turn_and_are_no_longer_than_one() -> None:
    torch.manual_seed(0)
    cell = recurrences.Circling(3, 10)
    a, _ = cell.step(3 * torch.randn(4, 50, 3))
    assert a.shape == (4, 50, 5) and a.abs().max() <= 1 + 1e-6 and a.imag.abs().max() > 0.5


def test_silence_comes_after_the_game() -> None:
    class Asked(torch.nn.Module):
        def forward(self, x):
            self.x = x
            return torch.nn.functional.one_hot(torch.zeros(x.shape[:2], dtype=int), 2).float()

    net, moves = Asked(), recurrences.TOYS["one button"]
    assert recurrences.right(net, moves, 20, silent=30, games=40) == recurrences.right(net, moves, 20, games=40)
    recurrences.right(net, moves, 20, silent=30, games=40)
    assert net.x.shape == (40, 50, 2)
    assert (net.x[:, 20:, 0] == 1).all()
    _, y = recurrences.play(moves, 40, 20, np.random.default_rng(4100))
    assert recurrences.right(net, moves, 20, games=40) == (y[:, -1] == 0).double().mean()


def test_signs_turn_the_state_and_leave_its_length() -> None:
    torch.manual_seed(0)
    cell = recurrences.Turning(2, 6)
    states = cell(SIGNS.transpose(0, 1))
    torch.testing.assert_close(states.norm(dim=2), cell.start.norm().expand(1, 2))
    assert (states[:, 0] - states[:, 1]).abs().max() > 0.1


def test_a_lamp_is_learned_and_asked() -> None:
    torch.manual_seed(0)
    moves = recurrences.TOYS["two buttons"]
    net = recurrences.Player(recurrences.MinGRU(3, 8), 8, 2)
    before = recurrences.right(net, moves, 20)
    recurrences.teach_toy(net, moves, np.random.default_rng(0), updates=250)
    assert recurrences.right(net, moves, 20) > max(before, 0.9)


def test_a_player_takes_the_states_of_pytorchs_layers() -> None:
    net = recurrences.Player(torch.nn.LSTM(3, 4, batch_first=True), 4, places=2)
    assert net(torch.zeros(5, 6, 3)).shape == (5, 6, 2)


def test_turns_are_set_and_keep_their_place() -> None:
    torch.manual_seed(0)
    cell = recurrences.Circling(2, 6)
    recurrences.set_turns(cell, torch.tensor([[0.0, 0.5, 0.25], [1 / 3, 0.0, 0.75]]))
    turns = cell.angle(torch.eye(2)) / (2 * np.pi)
    torch.testing.assert_close(turns, torch.tensor([[0.0, 0.5, 0.25], [1 / 3, 0.0, 0.75]]))


@pytest.mark.parametrize(("forget", "left"), [(30.0, 1.0), (0.0, 0.5**10), (-30.0, 0.0)])
def test_of_a_disturbance_the_forget_gate_leaves_its_share(forget: float, left: float) -> None:
    lstm = torch.nn.LSTM(2, 4, batch_first=True)
    for weights in lstm.parameters():
        torch.nn.init.zeros_(weights)
    lstm.bias_ih_l0.data[4:8] = forget
    moves = recurrences.TOYS["one button"]
    assert recurrences.left_of(lstm, moves, 10, np.random.default_rng(0)) == pytest.approx(left, abs=1e-5)
