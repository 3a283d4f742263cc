"""The digit reader: its net, its rate, its shifts, and that the recipe trains as it says."""

import numpy as np
import pytest

from rnn_utils.errors import SettingError

keras = pytest.importorskip("keras")
digit_reader = pytest.importorskip("rnn_utils.nets.digit_reader")
training = pytest.importorskip("rnn_utils.training")

pytestmark = pytest.mark.tensorflow

T, D = 4, 6


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def task(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Grey noise; how bright it is, is the class, which no shift can change."""
    y = rng.integers(0, 3, 256)
    x = rng.random((256, T, D), dtype="float32")
    return x * (1 + y[:, None, None].astype("float32")) / 3, y


def new_net() -> keras.Model:
    keras.utils.set_random_seed(0)
    return digit_reader.new_net(T, D)


def rates_of(steps: int) -> np.ndarray:
    optimizer, rates = digit_reader.new_optimizer(steps), []
    for step in range(steps + 1):
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    return np.array(rates)


def test_the_net_is_an_lstm_with_ten_answers(task: tuple[np.ndarray, np.ndarray]) -> None:
    net = new_net()
    assert [layer.name for layer in net.layers] == ["cell", "answer"]
    assert net(task[0]).shape == (256, 10)
    W_xh, W_hh, b_h = net.get_layer("cell").get_weights()
    hidden = digit_reader.RECIPE["hidden"]
    assert W_xh.shape == (D, 4 * hidden) and W_hh.shape == (hidden, 4 * hidden)
    assert W_xh.std() == pytest.approx(np.sqrt(2 / D), rel=0.1), "no counting of the gates"
    np.testing.assert_array_equal(b_h[hidden : 2 * hidden], 1)


def test_the_rate_rises_from_a_third_to_its_peak_and_falls_to_zero() -> None:
    recipe = digit_reader.RECIPE
    rates = rates_of(1000)
    assert rates[0] == pytest.approx(recipe["peak"] / 3)
    assert rates.argmax() == recipe["rise"]
    assert rates.max() == pytest.approx(recipe["peak"])
    assert rates[-1] == pytest.approx(0, abs=1e-8)
    assert (np.diff(rates[recipe["rise"] :]) < 0).all()


def test_a_short_training_rises_for_half_of_it() -> None:
    assert rates_of(6).argmax() == 3
    with pytest.raises(SettingError, match="steps is 1"):
        digit_reader.new_optimizer(1)


def test_the_optimizer_is_adam_with_that_rate_and_clips() -> None:
    optimizer = digit_reader.new_optimizer(10)
    assert type(optimizer) is keras.optimizers.Adam
    assert optimizer.global_clipnorm == digit_reader.RECIPE["clip"]
    assert optimizer.beta_2 == digit_reader.RECIPE["beta_2"]
    assert float(optimizer.learning_rate) == pytest.approx(digit_reader.RECIPE["peak"] / 3)


def test_each_image_is_moved_by_itself_and_all_moves_occur(rng: np.random.Generator) -> None:
    images = np.zeros((400, 5, 7))
    images[:, 2, 3] = 1
    moved = digit_reader.shifted(images, rng, by=2)
    assert (moved.sum(axis=(1, 2)) == 1).all()
    assert {(int(row), int(column)) for _, row, column in np.argwhere(moved)} == {
        (row, column) for row in range(5) for column in range(1, 6)
    }
    assert images[:, 2, 3].all(), "the images themselves stay where they are"


def test_what_leaves_the_frame_does_not_come_in_on_the_other_side(rng: np.random.Generator) -> None:
    images = np.zeros((200, 4, 4))
    images[:, 0, 0] = 1
    places = {tuple(place) for place in np.argwhere(digit_reader.shifted(images, rng))[:, 1:].tolist()}
    assert places == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_no_shift_changes_nothing_and_a_negative_one_is_refused(rng: np.random.Generator) -> None:
    images = rng.random((3, 4, 5))
    np.testing.assert_array_equal(digit_reader.shifted(images, rng, by=0), images)
    with pytest.raises(SettingError, match="by is -1"):
        digit_reader.shifted(images, rng, by=-1)


def test_training_takes_the_batches_and_the_shifts_of_its_generator(task: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = task
    ours, theirs = new_net(), new_net()
    digit_reader.train(ours, x, y, rng=np.random.default_rng(1), steps=4)
    rng = np.random.default_rng(1)
    order = training.batches(len(x), digit_reader.RECIPE["batch"], 4, rng)
    theirs.compile(digit_reader.new_optimizer(4), digit_reader.LOSS)
    for rows in order:
        theirs.train_on_batch(digit_reader.shifted(x[rows], rng), y[rows])
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_it_learns(task: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = task
    net = new_net()
    history = digit_reader.train(net, x, y, rng=np.random.default_rng(1), steps=60, every=20, validation=(x, y))
    assert history.step == [20, 40, 60]
    assert history.train_loss[-1] < history.train_loss[0]
    assert history.val_loss[-1] < history.val_loss[0]
    assert len(history.grad_norm) == len(history.seconds) == 3
    assert np.mean(net(x).numpy().argmax(axis=1) == y) > 0.9


def test_the_hook_sees_every_step_and_its_time_is_not_counted(task: tuple[np.ndarray, np.ndarray]) -> None:
    import time

    x, y = task
    net, seen = new_net(), []

    def on_step(step: int, given: keras.Model) -> None:
        seen.append((step, given is net))
        time.sleep(0.5)

    start = time.perf_counter()
    history = digit_reader.train(net, x, y, rng=np.random.default_rng(1), steps=3, every=2, on_step=on_step)
    assert seen == [(1, True), (2, True), (3, True)]
    assert history.step == [2, 3]
    assert history.seconds[-1] < time.perf_counter() - start - 1.4


def test_arguments_that_do_not_fit_are_refused(task: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> None:
    x, y = task
    with pytest.raises(SettingError, match="x has 256 rows but y has 255"):
        digit_reader.train(new_net(), x, y[1:], rng=rng, steps=2)
    with pytest.raises(SettingError, match="every is 0"):
        digit_reader.train(new_net(), x, y, rng=rng, steps=2, every=0)
