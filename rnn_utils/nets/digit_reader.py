"""The digit reader of chapter 10: an LSTM, and the recipe by which Keras's `fit` trains it; imports TensorFlow."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from rnn_utils.errors import SettingError
from rnn_utils.training import batches

HIDDEN, BATCH, STEPS = 128, 96, 3600
PEAK, RISE, CLIP, SHIFT = 0.005, 60, 1.0, 1
BETA_2 = 0.99  # Adam judges the size of gradients by about the last hundred steps, and not the last thousand
RECIPE = {
    "hidden": HIDDEN,
    "batch": BATCH,
    "steps": STEPS,
    "peak": PEAK,
    "rise": RISE,
    "beta_2": BETA_2,
    "clip": CLIP,
    "shift": SHIFT,
}

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def new_net(T: int, D: int) -> keras.Sequential:
    """Make an LSTM that reads T rows of D pixels, and a layer that answers with ten logits.

    Returns
    -------
    Sequential
        The layers are called ``"cell"`` and ``"answer"``.  The input weights begin larger than
        Keras's own default, which counts all four gates as outputs, so that a row is heard at once.

    Examples
    --------
    >>> net = new_net(28, 28)
    >>> net.count_params() == 4 * (28 * 128 + 128 * 128 + 128) + 128 * 10 + 10
    True
    """
    return keras.Sequential(
        [
            keras.Input((T, D)),
            keras.layers.LSTM(HIDDEN, kernel_initializer="he_normal", name="cell"),
            keras.layers.Dense(10, name="answer"),
        ]
    )


def new_optimizer(steps: int) -> keras.optimizers.Optimizer:
    """Make the optimizer of the recipe for a training of so many steps.

    Returns
    -------
    Optimizer
        Adam with clipping.  The rate rises in a straight line from a third of its peak, then falls
        to zero along a cosine.

    Raises
    ------
    SettingError
        If there are fewer than two steps.

    Examples
    --------
    >>> optimizer = new_optimizer(660)
    >>> _ = optimizer.iterations.assign(60)
    >>> round(float(optimizer.learning_rate), 4)
    0.005
    """
    if steps < 2:
        raise SettingError(f"new_optimizer: steps is {steps}; expected at least 2, one to rise and one to fall.")
    rise = min(RISE, steps // 2)
    rate = keras.optimizers.schedules.CosineDecay(
        PEAK / 3, decay_steps=steps - rise, warmup_target=PEAK, warmup_steps=rise
    )
    return keras.optimizers.Adam(rate, beta_2=BETA_2, global_clipnorm=CLIP)


def shifted(images: NDArray[Any], rng: np.random.Generator, by: int = SHIFT) -> NDArray[Any]:
    """Move each image a little, by whole pixels; what leaves the frame is lost, what enters is blank.

    Parameters
    ----------
    images : ndarray, shape (N, H, W)
        Not changed.
    rng : numpy.random.Generator
        Draws for each image how far it moves down and to the right, from ``-by`` to ``by`` each.
    by : int
        Largest move; 0 moves nothing.

    Returns
    -------
    ndarray, shape (N, H, W)

    Raises
    ------
    SettingError
        If ``by`` is negative.

    Examples
    --------
    >>> dot = np.zeros((1, 3, 3), dtype=int)
    >>> dot[0, 1, 1] = 1
    >>> shifted(dot, np.random.default_rng(0))[0]
    array([[0, 0, 0],
           [0, 0, 0],
           [0, 1, 0]])
    """
    if by < 0:
        raise SettingError(f"shifted: by is {by}; expected 0 or more pixels.")
    N, H, W = images.shape
    framed = np.pad(images, ((0, 0), (by, by), (by, by)))
    down, right = rng.integers(-by, by + 1, (2, N, 1, 1))
    rows, columns = by - down + np.arange(H)[:, None], by - right + np.arange(W)
    return framed[np.arange(N)[:, None, None], rows, columns]


class ShiftedBatches(keras.utils.PyDataset):
    """The mini-batches of a whole training, for Keras's `fit`: images shuffled, and each moved a little.

    Parameters
    ----------
    x, y : ndarrays, shapes (N, H, W) and (N,)
        Images, and what each shows.
    steps : int
        How many mini-batches; `batches` says which images are in each.
    rng : numpy.random.Generator
        Shuffles the images, and draws the seed of their moves.

    Raises
    ------
    SettingError
        If there is not one answer for each image.

    Notes
    -----
    Keras asks for the first batches twice, and reads ahead; each batch is moved by a generator of its
    own, so that it is the same whenever it is asked for.  ``fit(..., shuffle=False)`` takes them in their
    order; left alone, Keras shuffles the batches by the generator of Python.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> images, digits = ShiftedBatches(rng.random((200, 4, 4)), np.arange(200), 3, rng)[2]
    >>> images.shape, digits.shape
    ((96, 4, 4), (96,))
    """

    def __init__(self, x: NDArray[Any], y: NDArray[np.integer], steps: int, rng: np.random.Generator):
        if len(x) != len(y):
            raise SettingError(f"ShiftedBatches: got {len(x)} images and {len(y)} answers; expected one for each.")
        super().__init__()
        self.x, self.y = x, y
        self.order, self.seed = batches(len(x), BATCH, steps, rng), rng.integers(2**32)

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, number: int) -> tuple[NDArray[Any], NDArray[np.integer]]:
        rows, rng = self.order[number], np.random.default_rng([self.seed, number])  # type: ignore[arg-type]
        return shifted(self.x[rows], rng), self.y[rows]
