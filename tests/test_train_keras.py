"""The Keras loop: its batches, its rate, and that it trains as Keras itself does."""

import numpy as np
import pytest

from rnn_utils.errors import SettingError

keras = pytest.importorskip("keras")
train_keras = pytest.importorskip("rnn_utils.train_keras")

pytestmark = pytest.mark.tensorflow

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
N, T, D, H, CLASSES = 24, 3, 5, 7, 2


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def task(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sequences of noise; the class is the sign of one input at the first step."""
    x = rng.normal(size=(N, T, D)).astype("float32")
    return x, (x[:, 0, 0] > 0).astype("int64")


def new_net() -> keras.Model:
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((T, D)), keras.layers.LSTM(H), keras.layers.Dense(CLASSES)])


def test_batches_use_every_row_once_before_any_row_twice(rng: np.random.Generator) -> None:
    rows = train_keras.batches(12, size=4, steps=7, rng=rng)
    assert rows.shape == (7, 4)
    assert sorted(rows[:3].ravel()) == sorted(rows[3:6].ravel()) == list(range(12))
    assert (rows[:3] != rows[3:6]).any(), "each pass is shuffled anew"


def test_batches_leave_out_the_rest_of_a_pass(rng: np.random.Generator) -> None:
    rows = train_keras.batches(11, size=4, steps=4, rng=rng)
    assert len(set(rows[:2].ravel())) == len(set(rows[2:].ravel())) == 8


@pytest.mark.parametrize(("count", "size", "steps"), [(3, 4, 1), (3, 0, 1), (3, 2, 0)])
def test_batches_that_cannot_be_are_refused(count: int, size: int, steps: int, rng: np.random.Generator) -> None:
    with pytest.raises(SettingError, match=f"got {steps} steps of {size} rows from {count}"):
        train_keras.batches(count, size, steps, rng)


def test_fit_is_the_same_training_as_keras(task: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = task
    ours, theirs = new_net(), new_net()
    start = ours.get_weights()
    order = train_keras.batches(N, 8, 6, np.random.default_rng(1))
    train_keras.fit(
        ours,
        keras.optimizers.Adam(0.01, global_clipnorm=0.1),
        LOSS,
        x,
        y,
        steps=6,
        batch=8,
        rng=np.random.default_rng(1),
    )
    theirs.compile(keras.optimizers.Adam(0.01, global_clipnorm=0.1), LOSS)
    theirs.fit(x[order.ravel()], y[order.ravel()], batch_size=8, shuffle=False, verbose=0)
    for before, a, b in zip(start, ours.get_weights(), theirs.get_weights(), strict=True):
        assert abs(a - before).max() > 1e-3
        np.testing.assert_allclose(a, b, atol=1e-6)  # two graphs may add in another order


def test_fit_learns_what_was_held_out(task: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> None:
    x, y = task
    history = train_keras.fit(
        new_net(), keras.optimizers.Adam(0.03), LOSS, x, y, steps=60, batch=8, rng=rng, validation=(x, y), every=20
    )
    assert history.val_loss[-1] < 0.5 * history.val_loss[0]
    assert history.train_loss[-1] < history.train_loss[0]


def test_history_has_a_record_for_each_stretch_and_for_the_end(
    task: tuple[np.ndarray, np.ndarray], rng: np.random.Generator
) -> None:
    optimizer = keras.optimizers.SGD(0.0, global_clipnorm=1e-3)
    net = new_net()
    history = train_keras.fit(net, optimizer, LOSS, *task, steps=7, batch=N, rng=rng, validation=task, every=3)
    assert history.step == [3, 6, 7]
    assert {len(kept) for kept in history} == {3}
    # A rate of zero changes nothing, so every loss is the loss of all rows.
    expected = train_keras.mean_loss(net, LOSS, *task)
    assert history.train_loss + history.val_loss == pytest.approx([expected] * 6, rel=1e-5)
    assert min(history.grad_norm) > 1e-2, "the length before clipping"
    assert 0 < history.seconds[0] < history.seconds[1] < history.seconds[2]


def test_history_without_held_out_data_has_no_val_loss(
    task: tuple[np.ndarray, np.ndarray], rng: np.random.Generator
) -> None:
    history = train_keras.fit(new_net(), keras.optimizers.SGD(0.1), LOSS, *task, steps=2, batch=4, rng=rng)
    assert history.step == [2]
    assert history.val_loss == []


def test_one_seed_gives_one_training(task: tuple[np.ndarray, np.ndarray]) -> None:
    nets = [new_net(), new_net()]
    for net in nets:
        train_keras.fit(net, keras.optimizers.Adam(0.01), LOSS, *task, steps=4, batch=8, rng=np.random.default_rng(3))
    for a, b in zip(*(net.get_weights() for net in nets), strict=True):
        np.testing.assert_array_equal(a, b)


def test_mean_loss_weighs_a_short_last_piece_by_its_rows(
    task: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    net = new_net()
    at_once = train_keras.mean_loss(net, LOSS, *task)
    monkeypatch.setattr(train_keras, "PIECE", 7)
    assert train_keras.mean_loss(net, LOSS, *task) == pytest.approx(at_once, rel=1e-5)


def test_rows_without_an_answer_are_refused(task: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> None:
    x, y = task
    with pytest.raises(SettingError, match=f"x has {N} rows but y has {N - 1}"):
        train_keras.fit(new_net(), keras.optimizers.SGD(0.1), LOSS, x, y[1:], steps=1, batch=4, rng=rng)
