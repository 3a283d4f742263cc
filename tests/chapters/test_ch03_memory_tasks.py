"""The memory tasks ask what they say, and nothing gives the answer away."""

import numpy as np
import pytest

from rnn_utils.chapters.ch03_memory import adding_problem, delayed_recall
from rnn_utils.errors import SettingError


def test_recall_shows_its_symbol_once_at_the_start() -> None:
    x, y = delayed_recall(N=200, wait=7, rng=np.random.default_rng(0))
    assert x.shape == (200, 8, 8) and x.dtype == np.float32
    np.testing.assert_array_equal(x.sum(axis=2), 1)
    np.testing.assert_array_equal(x[:, 0].argmax(axis=1), y)
    assert not x[:, 1:, :4].any()
    assert set(y) == set(range(4))


def test_recall_distractors_tell_nothing() -> None:
    x, y = delayed_recall(N=20_000, wait=3, rng=np.random.default_rng(0))
    for step in (1, 2, 3):
        shares = np.array([x[y == symbol, step, 4:].mean(axis=0) for symbol in range(4)])
        np.testing.assert_allclose(shares, 1 / 4, atol=0.03)  # six deviations of 5,000 draws are 0.037


def test_adding_marks_one_number_in_each_half() -> None:
    x, y = adding_problem(N=300, T=9, rng=np.random.default_rng(0))
    assert x.shape == (300, 9, 2) and y.dtype == np.float32
    np.testing.assert_array_equal(x[:, :4, 1].sum(axis=1), 1)
    np.testing.assert_array_equal(x[:, 4:, 1].sum(axis=1), 1)
    assert x[:, :, 1].any(axis=0).all()  # every step is marked somewhere
    np.testing.assert_allclose(y, [row[row[:, 1] == 1, 0].sum() for row in x], rtol=1e-6)


def test_adding_has_the_stated_naive_error() -> None:
    _, y = adding_problem(N=50_000, T=10, rng=np.random.default_rng(0))
    assert np.mean((y - 1) ** 2) == pytest.approx(1 / 6, rel=0.03)


def test_the_generator_decides() -> None:
    one, two = (adding_problem(3, 5, np.random.default_rng(seed)) for seed in (1, 1))
    np.testing.assert_array_equal(one[0], two[0])
    assert not np.array_equal(one[0], adding_problem(3, 5, np.random.default_rng(2))[0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: delayed_recall(0, 5, rng), "delayed_recall: got N = 0 and wait = 5; expected at least 1 of each"),
        (lambda rng: delayed_recall(2, 0, rng), "wait = 0"),
        (lambda rng: adding_problem(2, 1, rng), "adding_problem: got N = 2 and T = 1; .* T of at least 2"),
        (lambda rng: adding_problem(0, 4, rng), "N = 0"),
    ],
)
def test_bad_settings_are_named(call, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        call(np.random.default_rng(0))
