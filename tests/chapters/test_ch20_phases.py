"""Waves from many phases stand side by side, one first answer is left out, and each phase is judged by its own wave."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rnn_utils.chapters.ch20_phases import TESTED, TRAINED, FirstUnasked, errors_by_phase, waves_from  # noqa: E402
from rnn_utils.nets.sine_recipes import make  # noqa: E402

pytestmark = pytest.mark.torch


class Rule(torch.nn.Module):
    """The exact rule: the last point and the one before it; before the first stands zero."""

    def __init__(self, factor: float):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(factor, dtype=torch.float64))

    def forward(self, x, state=None):
        state, said = x.new_zeros(1, 1) if state is None else state, []
        for x_t in x.split(1):
            said.append(self.factor * x_t - state)
            state = x_t
        return torch.cat(said), state


def test_waves_are_sines_from_their_phases() -> None:
    waves = waves_from([0.0, 1.5])
    assert waves.shape == (21, 2, 1)
    assert waves.dtype == torch.float64
    t = 2 + 0.4 * np.arange(21)
    assert np.allclose(waves[:, 0, 0], np.sin(t), rtol=0, atol=1e-12)
    assert np.allclose(waves[:, 1, 0], np.sin(t + 1.5), rtol=0, atol=1e-12)


def test_no_phase_is_both_learned_and_tested() -> None:
    apart = np.abs(np.exp(1j * TRAINED)[:, None] - np.exp(1j * TESTED)).min()
    assert apart > 0.05
    assert TESTED[0] == 0


def test_the_first_answer_is_left_out_and_no_other() -> None:
    net, waves = make(0), waves_from(TRAINED)
    with torch.no_grad():
        whole, last = net(waves[:-1])
        rest, same = FirstUnasked(net)(waves[:-1])
    assert torch.equal(rest, whole[1:])
    assert torch.equal(last, same)
    assert len(list(FirstUnasked(net).parameters())) == len(list(net.parameters()))


def test_the_exact_rule_follows_from_every_phase_and_another_does_not() -> None:
    assert errors_by_phase(Rule(2 * np.cos(0.4)), TESTED).max() < 1e-20
    assert errors_by_phase(Rule(2 * np.cos(0.5)), TESTED).min() > 0.1
