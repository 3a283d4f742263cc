"""The digit reader: its net, its rate, its shifts, its batches, and that `fit` learns from them."""

import numpy as np
import pytest

from rnn_utils.errors import SettingError

keras = pytest.importorskip("keras")
digit_reader = pytest.importorskip("rnn_utils.nets.digit_reader")

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


def test_a_batch_is_the_same_whenever_it_is_asked_for(task: tuple[np.ndarray, np.ndarray]) -> None:
    one, other = (digit_reader.ShiftedBatches(*task, 4, np.random.default_rng(1)) for _ in range(2))
    forwards, backwards = [one[number] for number in range(4)], [other[number] for number in (3, 2, 1, 0)][::-1]
    for (x, y), (x_again, y_again) in zip(forwards, backwards, strict=True):
        np.testing.assert_array_equal(x, x_again)
        np.testing.assert_array_equal(y, y_again)


def test_batches_are_passes_over_the_images_and_each_is_moved_anew() -> None:
    count = 2 * digit_reader.BATCH
    x, numbers = np.zeros((count, 5, 5)), np.arange(1, count + 1)
    x[:, 2, 2] = numbers  # a dot that says which image it is
    shown = digit_reader.ShiftedBatches(x, numbers, 5, np.random.default_rng(1))
    assert len(shown) == 5
    images, told = zip(*(shown[number] for number in range(5)), strict=True)
    assert sorted(np.concatenate(told[:2])) == sorted(np.concatenate(told[2:4])) == numbers.tolist()
    np.testing.assert_array_equal(np.max(images, axis=(2, 3)), told)
    places = [batch.reshape(digit_reader.BATCH, 25).argmax(axis=1).tolist() for batch in images]
    assert all(one != other for number, one in enumerate(places) for other in places[:number])


def test_images_and_answers_must_match(task: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> None:
    with pytest.raises(SettingError, match="got 256 images and 255 answers"):
        digit_reader.ShiftedBatches(task[0], task[1][1:], 2, rng)


def test_fit_learns_from_the_batches_and_only_the_seeds_decide(task: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = task
    weights = []
    for _ in range(2):
        net = new_net()
        net.compile(digit_reader.new_optimizer(90), digit_reader.LOSS)
        shown = digit_reader.ShiftedBatches(x, y, 90, np.random.default_rng(1))
        history = net.fit(shown, epochs=3, steps_per_epoch=30, shuffle=False, verbose=0).history
        weights.append(net.get_weights())
    assert len(history["loss"]) == 3 and net.optimizer.iterations == 90
    assert np.mean(net(x).numpy().argmax(axis=1) == y) > 0.9
    for ours, theirs in zip(*weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_fit_goes_through_the_batches_in_order_across_epochs(task: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = task
    ours, theirs = new_net(), new_net()
    shown = digit_reader.ShiftedBatches(x, y, 6, np.random.default_rng(1))
    for net in (ours, theirs):
        net.compile(digit_reader.new_optimizer(6), digit_reader.LOSS)
    ours.fit(shown, epochs=3, steps_per_epoch=2, shuffle=False, verbose=0)
    for number in range(6):
        theirs.train_on_batch(*shown[number])
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
