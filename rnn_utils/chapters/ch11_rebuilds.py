"""The published programs in Keras 3, faithful to cell, first weights, loss, optimiser and rate; imports TensorFlow."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from rnn_utils.chapters.ch11_recipes import ADAM_EPSILON, CLASSES, D, Recipe, T

PIECE = 1000  # images answered at once
Floats = NDArray[np.float32]


def rebuilt_net(recipe: Recipe) -> keras.Model:
    """Build the net of a recipe; its first weights have the distributions of the original.

    Parameters
    ----------
    recipe : Recipe
        What to build.

    Returns
    -------
    keras.Model
        (N, 28, 28) -> (N, 10): logits, or probabilities where the recipe applies the softmax twice.

    Examples
    --------
    >>> from rnn_utils.chapters.ch11_recipes import RECIPES
    >>> rebuilt_net(RECIPES["002"]).count_params()
    52610
    """
    layers: list[Any] = [keras.Input((T, D))]
    if recipe.input_layer:
        layers.append(
            keras.layers.Dense(recipe.units, kernel_initializer=_normal(1.0), bias_initializer=_constant(0.1))
        )
    made = {"LSTM": keras.layers.LSTM, "RNN": keras.layers.SimpleRNN}[recipe.cell]
    first = {f"{part}_initializer": _uniform(recipe.cell_limit) for part in ("kernel", "recurrent")}
    layers.append(made(recipe.units, **first))
    draw = keras.initializers.TruncatedNormal if recipe.truncated else keras.initializers.RandomNormal
    layers.append(
        keras.layers.Dense(
            CLASSES,
            activation="softmax" if recipe.softmaxes == 2 else None,
            kernel_initializer=draw(stddev=recipe.answer_kernel),
            bias_initializer=_normal(1.0) if recipe.answer_bias is None else _constant(recipe.answer_bias),
        )
    )
    return keras.Sequential(layers)


def rebuilt_optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    """Make the optimiser of a recipe; the small number in Adam's denominator is that of TensorFlow 1."""
    if recipe.optimizer == "SGD":
        return keras.optimizers.SGD(recipe.rate)
    return keras.optimizers.Adam(recipe.rate, epsilon=ADAM_EPSILON)


def mean_cross_entropy(y: Any, outputs: Any) -> Any:
    """Apply the softmax and return the mean cross-entropy, whatever the outputs are.

    The losses of Keras cannot stand here: in a graph they find the softmax of a net that ends in one,
    warn, and leave it out.  That mends source 002, and a rebuild must not mend.

    Parameters
    ----------
    y : tensor of int, shape (N,)
        Digits.
    outputs : tensor, shape (N, 10)
        Logits, or probabilities taken for logits.
    """
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, outputs))


class Rebuild:
    """One program rebuilt, with the same methods as `GraphProgram`.

    Parameters
    ----------
    recipe : Recipe
        What to build.
    net : keras.Model, optional
        Used in place of the recipe's own.
    """

    def __init__(self, recipe: Recipe, net: keras.Model | None = None):
        self.recipe, self.net = recipe, rebuilt_net(recipe) if net is None else net
        self.optimizer = rebuilt_optimizer(recipe)
        self.optimizer.build(self.net.trainable_variables)
        self._train, self._outputs = tf.function(self._step), tf.function(self.net)

    def _step(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            error = mean_cross_entropy(y, self.net(x, training=True))
        gradient = tape.gradient(error, self.net.trainable_variables)
        self.optimizer.apply(gradient, self.net.trainable_variables)
        return error

    def train(self, x: Floats, y: NDArray[np.integer]) -> float:
        """Do one step on a batch of images (N, 28, 28) and digits (N,); return the loss before it."""
        return float(self._train(x, y))

    def outputs(self, x: Floats) -> Floats:
        """Return the net's ten numbers for each image, (N, 10)."""
        return np.concatenate([self._outputs(x[n : n + PIECE]).numpy() for n in range(0, len(x), PIECE)])


def from_graph(recipe: Recipe, weights: Mapping[str, Floats]) -> list[Floats]:
    """Turn the weights of a graph program into those of the rebuilt net, for ``set_weights``.

    TensorFlow 1 keeps one matrix for input and state, orders an LSTM's blocks i, g, f, o, and adds the
    forget bias of 1 at every step; Keras keeps two matrices, orders them i, f, g, o, and has the 1 in
    the bias.

    Parameters
    ----------
    recipe : Recipe
        What was built.
    weights : mapping of str to ndarray
        As `GraphProgram.weights` gives them.

    Returns
    -------
    list of ndarrays
        In the order of ``net.get_weights()``.
    """
    kernel, bias = weights["kernel"], weights["bias"].copy()
    if recipe.cell == "LSTM":
        kernel, bias = reordered(kernel), reordered(bias)
        bias[recipe.units : 2 * recipe.units] += 1
    cell = [kernel[: recipe.cell_inputs], kernel[recipe.cell_inputs :], bias]
    first = []
    if recipe.input_layer:
        first = [weights["weights_in"], weights["biases_in"]]
    return [*first, *cell, weights["weights_out"], weights["biases_out"]]


def reordered(blocks: Floats) -> Floats:
    """Put the blocks i, g, f, o of TensorFlow 1 into the order of Keras, i, f, g, o."""
    i, g, f, o = np.split(blocks, 4, axis=-1)
    return np.concatenate([i, f, g, o], axis=-1)


def _uniform(limit: float) -> keras.initializers.Initializer:
    return keras.initializers.RandomUniform(-limit, limit)


def _normal(stddev: float) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=stddev)


def _constant(value: float) -> keras.initializers.Initializer:
    return keras.initializers.Constant(value)
