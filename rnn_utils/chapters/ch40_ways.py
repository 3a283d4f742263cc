"""Ways to train the same LSTM on images: NumPy, PyTorch, Lightning, Keras.

Each takes a task and a number of epochs; all begin with the same weights, see the same mini-batches in the same
order, and give the seconds and the mean loss of each epoch.
"""

import itertools
import logging
import time
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from rnn_utils.cells import LSTMState, LSTMWeights
from rnn_utils.cells.convert import to_keras
from rnn_utils.cells.sequence import Unrolled, unroll, unroll_backward
from rnn_utils.chapters.ch40_costs import D, T, TimedNet
from rnn_utils.training import train

RATE = 0.001
Found = list[tuple[float, float]]  # seconds and mean loss of each epoch
Pairs = Iterable[tuple[Any, Any]]  # images and digits of each mini-batch


class Task(NamedTuple):
    """Images in mini-batches, what they show, and the weights to begin with."""

    images: NDArray[np.uint8]  # (B, N, T, D)
    digits: NDArray[np.int64]  # (B, N)
    weights: list[NDArray[np.float32]]  # as `ch40_costs.new_weights` gives them

    def floats(self) -> NDArray[np.float32]:
        """Return the images with paper 0 and ink 1."""
        return self.images.astype(np.float32) / np.float32(255)


def in_place(task: Task) -> Callable[[], Pairs]:
    """Make all mini-batches before the first step."""
    pairs = list(zip(torch.from_numpy(task.floats()), torch.from_numpy(task.digits), strict=True))
    return lambda: pairs


def time_first(task: Task) -> Callable[[], Pairs]:
    """Do so, and lay the images row after row."""
    pairs = [(x.swapaxes(0, 1).contiguous(), y) for x, y in in_place(task)()]
    return lambda: pairs


def copied(task: Task) -> Callable[[], Pairs]:
    """Pick each mini-batch out of the bytes by row numbers, and make floats of it."""
    images, digits = task.images.reshape(-1, *task.images.shape[2:]), task.digits.ravel()
    rows = np.arange(len(images)).reshape(task.digits.shape)
    return lambda: ((torch.from_numpy(images[r]).float() / 255, torch.from_numpy(digits[r])) for r in rows)


def loaded(task: Task) -> Callable[[], Pairs]:
    """Let a DataLoader put single images together."""
    x, y = torch.from_numpy(task.floats()), torch.from_numpy(task.digits)
    loader = DataLoader(TensorDataset(x.flatten(0, 1), y.ravel()), x.shape[1])
    return lambda: loader


def walk(epoch: Callable[[], Iterable[Any]], epochs: int) -> Found:
    """Time epochs, each of which gives its losses."""
    found = []
    for _ in range(epochs):
        start = time.perf_counter()
        losses = list(epoch())
        found.append((time.perf_counter() - start, float(np.mean([float(loss) for loss in losses]))))
    return found


def numpy_adam(arrays: list[NDArray[Any]]) -> Callable[[Iterable[NDArray[Any]]], None]:
    """Return what moves arrays in place, as PyTorch's Adam does."""
    moments = [(np.zeros_like(array), np.zeros_like(array)) for array in arrays]
    count = itertools.count(1)

    def move(gradients: Iterable[NDArray[Any]]) -> None:
        t = next(count)
        for array, gradient, (m, v) in zip(arrays, gradients, moments, strict=True):
            m += 0.1 * (gradient - m)
            v += 0.001 * (gradient**2 - v)
            array -= RATE / (1 - 0.9**t) * m / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)

    return move


def by_numpy(task: Task, epochs: int) -> Found:
    """Train with the cells of this book."""
    weights = [array.copy() for array in task.weights]
    *cell, W_hy, b_y = weights
    move, pairs = numpy_adam(weights), list(zip(task.floats(), task.digits, strict=True))

    def step(x: NDArray[Any], y: NDArray[Any]) -> float:
        result, cache = unroll(x, LSTMWeights(*cell))
        h, rows = result.state.h, np.arange(len(y))
        logits = h @ W_hy + b_y
        scores = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares = scores / scores.sum(axis=1, keepdims=True)
        loss = -np.log(shares[rows, y]).mean()
        shares[rows, y] -= 1
        dlogits = shares / np.float32(len(y))
        dresult = Unrolled(None, LSTMState(dlogits @ W_hy.T, np.zeros_like(h)))
        move([*unroll_backward(dresult, cache).dweights, h.T @ dlogits, dlogits.sum(axis=0)])
        return loss

    return walk(lambda: (step(x, y) for x, y in pairs), epochs)


def by_torch(
    task: Task, epochs: int, read: str = "layer", pairs: Callable[[Task], Callable[[], Pairs]] = in_place
) -> Found:
    """Train with PyTorch, by a loop as short as can be."""
    net, again = TimedNet(read, task.weights), pairs(task)
    optimizer = torch.optim.Adam(net.parameters(), RATE)

    def step(x: Tensor, y: Tensor) -> Tensor:
        loss = cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach()

    return walk(lambda: (step(x, y) for x, y in again()), epochs)


def net_loss(net: torch.nn.Module, pair: tuple[Tensor, Tensor]) -> Tensor:
    """Return the loss of a net on one mini-batch."""
    return cross_entropy(net(pair[0]), pair[1])


def by_book(task: Task, epochs: int) -> Found:
    """Train by the loop that chapter 3 shows."""
    net, again, steps = TimedNet("layer", task.weights), copied(task), len(task.digits)
    optimizer = torch.optim.Adam(net.parameters(), RATE)
    return walk(lambda: train(net, net_loss, optimizer, iter(again()).__next__, steps=steps)[0], epochs)


def by_lightning(task: Task, epochs: int) -> Found:
    """Train with Lightning, with all that it would do beside the training switched off."""
    import pytorch_lightning as lightning

    found, losses, began = [], [], []  # type: ignore[var-annotated]

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = TimedNet("layer", task.weights)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), RATE)

        def training_step(self, pair: tuple[Tensor, Tensor], number: int) -> Tensor:
            losses.append(net_loss(self.net, pair))
            return losses[-1]

        def on_train_epoch_start(self) -> None:
            losses.clear()
            began.append(time.perf_counter())

        def on_train_epoch_end(self) -> None:
            found.append((time.perf_counter() - began[-1], float(torch.stack(losses).mean())))

    pairs = TensorDataset(torch.from_numpy(task.floats()), torch.from_numpy(task.digits))
    silent: dict[str, Any] = dict.fromkeys(
        ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False
    )
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    with warnings.catch_warnings(action="ignore"):  # it would rather have several workers load the data
        trainer = lightning.Trainer(max_epochs=epochs, accelerator="cpu", devices=1, **silent)
        trainer.fit(Module(), DataLoader(pairs, batch_size=None))
    return found


def keras_net(weights: list[NDArray[np.float32]], **options: Any) -> Any:
    """Make the net in Keras; options are those of its LSTM."""
    import keras

    *cell, W_hy, b_y = weights
    layer = keras.layers.LSTM(len(cell[1]), **options)
    net = keras.Sequential([keras.Input((T, D)), layer, keras.layers.Dense(10)])
    net.set_weights([*to_keras(LSTMWeights(*cell)), W_hy, b_y])
    return net


def by_fit(task: Task, epochs: int, layer: dict[str, Any] | None = None, **options: Any) -> Found:
    """Train with Keras's `fit`; options are those of `compile`.

    Only the first epoch counts what comes before its first steps, which is long, and long the same for any number
    of steps.
    """
    import keras

    net, found, ends = keras_net(task.weights, **(layer or {})), [], []  # type: ignore[var-annotated]
    x, y = task.floats(), task.digits

    def note_epoch(epoch: int, logs: dict[str, Any]) -> None:
        (first, began), (last, ended) = ends[0], ends[-1]
        found.append(((ended - began) * len(y) / (last - first), float(logs["loss"])))
        ends.clear()

    clock = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda number, logs: ends.append((number, time.perf_counter())), on_epoch_end=note_epoch
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile(keras.optimizers.Adam(RATE, epsilon=1e-8), loss, **options)
    ends.append((-1, time.perf_counter()))
    net.fit(x.reshape(-1, *x.shape[2:]), y.ravel(), y.shape[1], epochs, verbose=0, shuffle=False, callbacks=[clock])
    return found


def by_function(task: Task, epochs: int) -> Found:
    """Train Keras's net by hand, with one step as a graph."""
    import keras
    import tensorflow as tf

    net, optimizer = keras_net(task.weights), keras.optimizers.Adam(RATE, epsilon=1e-8)
    optimizer.build(net.trainable_variables)

    @tf.function
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, net(x, training=True)))
        optimizer.apply(tape.gradient(loss, net.trainable_variables), net.trainable_variables)
        return loss

    pairs = list(zip(tf.unstack(task.floats()), tf.unstack(task.digits), strict=True))
    return walk(lambda: (step(x, y) for x, y in pairs), epochs)


BATCHES, AT_ONCE = 8, 4  # of a task; those that `fit` takes before it looks up, where it is told to
WAYS: dict[str, Callable[[Task, int], Found]] = {
    "NumPy": by_numpy,
    "formulas": partial(by_torch, read="formulas"),
    "inputs first": partial(by_torch, read="inputs first"),
    "LSTMCell": partial(by_torch, read="LSTMCell"),
    "layer": by_torch,
    "time-major": partial(by_torch, read="time-major", pairs=time_first),
    "packed": partial(by_torch, read="packed"),
    "DataLoader": partial(by_torch, pairs=loaded),
    "chapter 3": by_book,
    "Lightning": by_lightning,
    "tf.function": by_function,
    "fit": by_fit,
    "fit, unrolled": partial(by_fit, layer={"unroll": True}),
    "fit, XLA": partial(by_fit, jit_compile=True),
    "fit, steps at once": partial(by_fit, steps_per_execution=AT_ONCE),
    "fit, eagerly": partial(by_fit, run_eagerly=True),
}
