"""The states of a sine net: they lead to what it says, and their picture and reading are what they claim."""

import numpy as np
import pytest

pytest.importorskip("torch")

from rnn_utils.chapters.ch20_inside import explained, free_states, portrait
from rnn_utils.nets.sine import free_run
from rnn_utils.nets.sine_recipes import make

pytestmark = pytest.mark.torch
TRUE = np.sin(2 + 0.4 * np.arange(76))


def test_states_of_a_free_run_lead_to_its_outputs() -> None:
    for recipe in ("published", "book"):
        net = make(2, recipe)
        states = free_states(net, TRUE[:5], steps=7)
        out = (net.w2 if recipe == "published" else net.out.weight.T).detach().double().numpy()
        assert states.shape == (12, 6)
        assert np.allclose((states @ out)[5:, 0], free_run(net, TRUE[:5], steps=7), rtol=0, atol=1e-6)


def test_a_portrait_keeps_a_flat_path_and_runs_clockwise() -> None:
    t = 0.4 * np.arange(50)
    flat = np.stack([2 * np.sin(t), np.cos(t)], axis=1)
    for mirror in (1, -1):  # a path that runs the other way round is shown clockwise as well
        plane = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 2)))[0]
        path, singular_values = portrait(flat * [1, mirror] @ plane.T)
        assert np.allclose(singular_values[2:], 0, atol=1e-12)
        assert np.allclose(np.linalg.norm(path, axis=1), np.linalg.norm(flat, axis=1))
        assert (path[:-1, 0] * path[1:, 1] < path[1:, 0] * path[:-1, 1]).all()
        assert path[-1, 0] > 0


def test_explained_judges_what_was_not_fitted() -> None:
    rng = np.random.default_rng(0)
    states = rng.normal(size=(40, 15))
    truth = np.stack([states @ np.arange(15), rng.normal(size=40)], axis=1)
    readable, noise = explained(states, truth)
    assert readable == pytest.approx(1)
    assert noise < 0  # 15 factors fit 20 rows of noise well, and foretell nothing
