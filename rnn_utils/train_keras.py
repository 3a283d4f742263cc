"""Train a Keras net step by step and keep what happened; imports TensorFlow."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from rnn_utils.errors import SettingError
from rnn_utils.training import History, Logbook, batches, one_cycle

__all__ = ["History", "batches", "fit", "mean_loss", "one_cycle"]

PIECE = 1000  # rows predicted at once when the loss of held-out data is measured


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
    rate: Callable[[int], float] | None = None,
    clip: float | None = None,
    patience: int | None = None,
    progress: bool = False,
    checkpoint: str | Path | None = None,
    augment: Callable[[NDArray[Any], np.random.Generator], NDArray[Any]] | None = None,
    on_step: Callable[[int, Any], None] | None = None,
) -> History:
    """Train a net for a number of steps.

    Each step takes one mini-batch: predict, measure the loss, follow it back, move the weights.

    Parameters
    ----------
    model : keras.Model
        Trained in place.
    optimizer : keras.optimizers.Optimizer
        Holds the rate and, as ``global_clipnorm``, the limit of the gradient, unless ``rate`` and
        ``clip`` say them.
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
    rate : callable, optional
        Learning rate as a function of the steps done, such as `one_cycle`.
    clip : float, optional
        Shorten a gradient whose global norm is longer than this.
    patience : int, optional
        Stop early: when the loss on the held-out data has not been lower than its best for this many
        records.  The net then has the weights of its best record, also if it was never stopped.
    progress : bool
        Draw a progress bar, on a terminal only.
    checkpoint : str or Path, optional
        Folder for a checkpoint at each record; if it holds some of this run, go on from the newest.
        The end is the same to the last bit as without an interruption.
        Make net, optimizer and generator anew and call `fit` again, as a script does that is started again.
    augment : callable, optional
        ``augment(x, rng)`` changes the x of each mini-batch before the step, such as by moving images.
    on_step : callable, optional
        ``on_step(steps, model)`` looks on after each step, counted from 1; its time is not counted.  A
        checkpoint is written before it is called, so it must neither change the net nor draw from a generator
        that the training uses.

    Returns
    -------
    History

    Raises
    ------
    SettingError
        If an argument cannot be used, or the checkpoint is of another run.
    DataError
        If there are checkpoints and all are damaged.

    Notes
    -----
    A checkpoint holds the weights, the optimizer, the history, and the generators of ``rng``, Python,
    NumPy and of the net's layers.  It cannot hold the hidden counters of ``tf.random``: a loss or a layer of
    your own draws from a `keras.random.SeedGenerator`.

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
    logbook = Logbook(
        _Trainee(model, optimizer),
        x,
        y,
        lambda: mean_loss(model, loss, *validation),
        steps=steps,
        batch=batch,
        rng=rng,
        validation=validation,
        every=every,
        rate=rate,
        clip=clip,
        patience=patience,
        progress=progress,
        checkpoint=checkpoint,
        augment=augment,
        on_step=on_step,
    )

    @tf.function
    def train_step(x_batch: tf.Tensor, y_batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            error = loss(y_batch, model(x_batch, training=True))
        gradient = tape.gradient(error, model.trainable_variables)
        norm = tf.linalg.global_norm(gradient)
        if clip is not None:
            gradient, _ = tf.clip_by_global_norm(gradient, clip, use_norm=norm)
        optimizer.apply(gradient, model.trainable_variables)
        return error, norm

    if rate is not None and isinstance(optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule):
        raise SettingError(
            "fit: rate is given, but the optimizer has a schedule of its own; expected one of the two. "
            "Make the optimizer with a constant rate, or leave rate out."
        )
    for step, x_batch, y_batch in logbook:
        if rate is not None:
            optimizer.learning_rate = float(rate(step))
        logbook.note(*train_step(x_batch, y_batch))
    return logbook.close()


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


class _Trainee:
    """A net and its optimizer, as a `Logbook` sees them."""

    def __init__(self, model: keras.Model, optimizer: keras.optimizers.Optimizer):
        if not model.trainable_variables:
            raise SettingError(
                "fit: the net has no weights to train; expected some. Begin it with keras.Input(shape), "
                "or call it once on a mini-batch, so that Keras can make them."
            )
        optimizer.build(model.trainable_variables)
        self.model, self.optimizer = model, optimizer

    def weights(self) -> dict[str, NDArray[Any]]:
        return {f"{number}": array for number, array in enumerate(self.model.get_weights())}

    def set_weights(self, weights: dict[str, NDArray[Any]]) -> None:
        self.model.set_weights([weights[f"{number}"] for number in range(len(weights))])

    def _variables(self) -> dict[str, keras.Variable]:
        """Return the weights, the layers' generators and the optimizer's variables."""
        parts = {"model": self.model.variables, "optimizer": self.optimizer.variables}
        return {f"{part}.{number}": kept for part, all_kept in parts.items() for number, kept in enumerate(all_kept)}

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        return {name: kept.numpy() for name, kept in self._variables().items()}, {}

    def restore(self, arrays: dict[str, NDArray[Any]], values: dict[str, Any]) -> None:
        for name, kept in self._variables().items():
            kept.assign(arrays[name])

    def identity(self) -> dict[str, Any]:
        sizes = {name: f"{kept.dtype} {tuple(kept.shape)}" for name, kept in self._variables().items()}
        settings = {name: value for name, value in self.optimizer.get_config().items() if name != "name"}  # numbered
        return {"framework": "keras", "optimizer": f"{type(self.optimizer).__name__} {settings}", **sizes}
