"""The digit reader of chapter 10: an LSTM, and the recipe that trains it; imports TensorFlow."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from rnn_utils.errors import SettingError
from rnn_utils.train_keras import History, fit

RECIPE = {
    "hidden": 128,
    "batch": 96,
    "steps": 3000,
    "peak": 0.005,
    "rise": 60,
    "beta_2": 0.99,  # Adam judges the size of gradients by about the last hundred steps, and not the last thousand
    "clip": 1.0,
    "shift": 1,
}

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def new_net(T: int = 28, D: int = 28) -> keras.Sequential:
    """Make an LSTM that reads T rows of D pixels, and a layer that answers with ten logits.

    Returns
    -------
    Sequential
        The layers are called ``"cell"`` and ``"answer"``.  The input weights begin larger than
        Keras's own default, which counts all four gates as outputs, so that a row is heard at once.

    Examples
    --------
    >>> net = new_net()
    >>> net.count_params() == 4 * (28 * 128 + 128 * 128 + 128) + 128 * 10 + 10
    True
    """
    return keras.Sequential(
        [
            keras.Input((T, D)),
            keras.layers.LSTM(RECIPE["hidden"], kernel_initializer="he_normal", name="cell"),
            keras.layers.Dense(10, name="answer"),
        ]
    )


def new_optimizer(steps: int = RECIPE["steps"]) -> keras.optimizers.Optimizer:
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
    rise, peak = min(RECIPE["rise"], steps // 2), RECIPE["peak"]
    rate = keras.optimizers.schedules.CosineDecay(
        peak / 3, decay_steps=steps - rise, warmup_target=peak, warmup_steps=rise
    )
    return keras.optimizers.Adam(rate, beta_2=RECIPE["beta_2"], global_clipnorm=RECIPE["clip"])


def shifted(images: NDArray[Any], rng: np.random.Generator, by: int = RECIPE["shift"]) -> NDArray[Any]:
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


def train(
    net: keras.Model,
    x: NDArray[np.float32],
    y: NDArray[np.integer],
    *,
    rng: np.random.Generator,
    steps: int = RECIPE["steps"],
    validation: tuple[NDArray[np.float32], NDArray[np.integer]] | None = None,
    every: int = 100,
    on_step: Callable[[int, keras.Model], None] | None = None,
) -> History:
    """Train a net by the recipe: Adam, small batches, a rate that rises and falls, shifted images.

    Parameters
    ----------
    net : Model
        From `new_net`, or any that turns images into ten logits; trained in place.
    x, y : ndarrays, shapes (N, T, D) and (N,)
        Images with grey levels from 0 to 1, and what each shows.
    rng : numpy.random.Generator
        Shuffles the images and moves them.
    steps : int
        Length of the training; the rate is stretched to it.
    validation : pair of ndarrays, optional
        Held-out x and y; their loss is measured at each record.
    every : int
        Steps between records; the last step always makes one.
    on_step : callable, optional
        ``on_step(step, net)`` is called after each step, counted from 1.

    Returns
    -------
    History
        ``seconds`` count building, tracing and training, neither validation nor ``on_step``.

    Raises
    ------
    SettingError
        If an argument cannot be used.

    Examples
    --------
    >>> rng, seen = np.random.default_rng(0), []
    >>> x, y = rng.random((96, 4, 5), dtype="float32"), rng.integers(0, 10, 96)
    >>> history = train(new_net(4, 5), x, y, rng=rng, steps=2, on_step=lambda step, net: seen.append(step))
    >>> history.step, seen
    ([2], [1, 2])
    """
    return fit(
        net,
        new_optimizer(steps),
        LOSS,
        x,
        y,
        steps=steps,
        batch=RECIPE["batch"],
        rng=rng,
        validation=validation,
        every=every,
        augment=shifted,
        on_step=on_step,
    )
