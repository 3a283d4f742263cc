"""Train a Keras net step by step and keep what happened; imports TensorFlow."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from rnn_utils.errors import SettingError

WARM_UP = 0.3  # share of the steps in which the rate rises
START = 25  # the rate begins at this fraction of its peak
PIECE = 1000  # rows predicted at once when the loss of held-out data is measured


class History(NamedTuple):
    """What `fit` kept; five lists with one entry per record.

    Attributes
    ----------
    step : list of int
        Steps done.
    train_loss : list of float
        Mean loss of the mini-batches since the record before.
    val_loss : list of float
        Loss on all held-out data at this step; empty if there is none.
    grad_norm : list of float
        Largest global norm of the gradient since the record before, clipping not yet applied.
    seconds : list of float
        Seconds since the start, the tracing of the step included, the held-out data left out.
    """

    step: list[int]
    train_loss: list[float]
    val_loss: list[float]
    grad_norm: list[float]
    seconds: list[float]


def one_cycle(steps: int, peak: float) -> keras.optimizers.schedules.LearningRateSchedule:
    """Make a learning rate that rises once and falls once.

    Parameters
    ----------
    steps : int
        Length of the whole training.
    peak : float
        Largest rate, reached after three tenths of the steps.

    Returns
    -------
    LearningRateSchedule
        From ``peak / 25`` straight up to the peak, then down to zero along a cosine.

    References
    ----------
    Smith and Topin (2019), "Super-convergence".

    Examples
    --------
    >>> rate = one_cycle(100, peak=0.01)
    >>> [round(float(rate(step)), 4) for step in (0, 30, 65, 100)]
    [0.0004, 0.01, 0.005, 0.0]
    """
    if steps < 2:
        raise SettingError(f"one_cycle: steps is {steps}; expected at least 2, one to rise and one to fall.")
    rise = max(1, round(WARM_UP * steps))
    return keras.optimizers.schedules.CosineDecay(
        peak / START, decay_steps=steps - rise, warmup_target=peak, warmup_steps=rise
    )


def batches(count: int, size: int, steps: int, rng: np.random.Generator) -> NDArray[np.integer]:
    """Draw the row numbers of mini-batches, in passes over shuffled rows.

    Parameters
    ----------
    count : int
        Rows there are.
    size : int
        Rows of a mini-batch; those left over at the end of a pass wait for the next shuffle.
    steps : int
        Mini-batches wanted, however many passes that takes.
    rng : numpy.random.Generator
        Decides the order.

    Returns
    -------
    ndarray, shape (steps, size)
        Row numbers from 0 to ``count - 1``; none twice in one pass.

    Raises
    ------
    SettingError
        If a mini-batch is larger than the data, or nothing is asked for.

    Examples
    --------
    >>> rows = batches(7, size=3, steps=4, rng=np.random.default_rng(0))
    >>> rows.shape, len(set(rows[:2].ravel()))
    ((4, 3), 6)
    """
    if not 1 <= size <= count or steps < 1:
        raise SettingError(
            f"batches: got {steps} steps of {size} rows from {count}; "
            f"expected at least one step, and from 1 to {count} rows in each."
        )
    whole = count // size  # mini-batches in a pass
    passes = [rng.permutation(count)[: whole * size].reshape(whole, size) for _ in range(-(-steps // whole))]
    return np.concatenate(passes)[:steps]


def fit(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: Callable[[Any, Any], Any],
    x: NDArray[Any],
    y: NDArray[Any],
    *,
    steps: int,
    batch: int,
    rng: np.random.Generator,
    validation: tuple[NDArray[Any], NDArray[Any]] | None = None,
    every: int = 100,
) -> History:
    """Train a net for a number of steps.

    Each step takes one mini-batch: predict, measure the loss, follow it back, move the weights.

    Parameters
    ----------
    model : keras.Model
        Trained in place.
    optimizer : keras.optimizers.Optimizer
        Holds the rate and, as ``global_clipnorm``, the limit of the gradient.
    loss : callable
        ``loss(y_true, y_predicted)``, the mean over a mini-batch.
    x, y : ndarrays, shapes (N, ...) and (N, ...)
        What is read, and what is right.
    steps, batch : int
        Number of mini-batches, and rows in each.
    rng : numpy.random.Generator
        Shuffles the rows (see `batches`).
    validation : pair of ndarrays, optional
        Held-out x and y; measured at each record, never trained on.
    every : int
        Steps between records; the last step always makes one.

    Returns
    -------
    History

    Raises
    ------
    SettingError
        If x and y differ in length, or `batches` cannot draw what is asked for.

    Examples
    --------
    A net without a hidden layer learns to double a number:

    >>> keras.utils.set_random_seed(0)
    >>> net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> x = np.linspace(-1, 1, 64, dtype="float32")[:, None]
    >>> history = fit(net, keras.optimizers.Adam(0.1), keras.losses.MeanSquaredError(), x, 2 * x,
    ...               steps=100, batch=16, rng=np.random.default_rng(0), every=50)
    >>> history.step, round(float(net.weights[0][0, 0]), 1)
    ([50, 100], 2.0)
    """
    if len(x) != len(y):
        raise SettingError(f"fit: x has {len(x)} rows but y has {len(y)}; expected one answer for each.")
    order = batches(len(x), batch, steps, rng)
    optimizer.build(model.trainable_variables)

    @tf.function
    def train_step(x_batch: tf.Tensor, y_batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            error = loss(y_batch, model(x_batch, training=True))
        gradient = tape.gradient(error, model.trainable_variables)
        optimizer.apply(gradient, model.trainable_variables)
        return error, tf.linalg.global_norm(gradient)

    history = History([], [], [], [], [])
    seconds, since, start = 0.0, [], time.perf_counter()
    for step, rows in enumerate(order, start=1):
        since.append(train_step(x[rows], y[rows]))
        if step % every and step != steps:
            continue
        errors, norms = np.array(since, dtype=float).T
        seconds += time.perf_counter() - start
        history.step.append(step)
        history.train_loss.append(float(errors.mean()))
        history.grad_norm.append(float(norms.max()))
        history.seconds.append(seconds)
        if validation is not None:
            history.val_loss.append(mean_loss(model, loss, *validation))
        since, start = [], time.perf_counter()
    return history


def mean_loss(model: keras.Model, loss: Callable[[Any, Any], Any], x: NDArray[Any], y: NDArray[Any]) -> float:
    """Measure the loss on all rows, a thousand at a time, without training.

    Parameters
    ----------
    model, loss
        As for `fit`.
    x, y : ndarrays, shapes (N, ...) and (N, ...)
        What is read, and what is right.

    Returns
    -------
    float
        Mean over the rows.
    """
    pieces = [slice(first, first + PIECE) for first in range(0, len(x), PIECE)]
    losses = [float(loss(y[piece], model(x[piece], training=False))) for piece in pieces]
    return float(np.average(losses, weights=[len(y[piece]) for piece in pieces]))
