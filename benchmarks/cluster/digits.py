"""The digit reader of chapter 10, trained by Keras's `fit` under tf.distribute: by one worker, two, or many machines.

    python digits.py --out run                                       one worker
    python digits.py --out run --strategy mirrored --workers 2       two in one process, each with a device of its own
    TF_CONFIG=... python digits.py --out run --strategy multi        one of the processes that TF_CONFIG names

TF_CONFIG is how a cluster tells each process who the others are, and which of them it is itself:

    {"cluster": {"worker": ["one:2222", "two:2222"]}, "task": {"type": "worker", "index": 0}}

A mini-batch has as many images as in chapter 10, however many workers share it.  The first worker writes a backup each
time that a round of steps is done; all of them go on from the last one in their folder, and take the images from the
beginning again.
"""

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np
import tensorflow as tf

from rnn_utils.data.mnist import load_mnist
from rnn_utils.nets.digit_reader import LOSS, STEPS, ShiftedBatches, new_net, new_optimizer


class Averaged(keras.Model):
    """A net whose steps report lists of one number: Keras 3 averages nothing else over machines (Keras issue 20585)."""

    def train_step(self, data: Any) -> dict[str, Any]:
        """Do a step; return the metrics, shapes (1,)."""
        return {name: value[None] for name, value in super().train_step(data).items()}


def new_strategy(kind: str, workers: int) -> tf.distribute.Strategy:
    """Return what deals out the mini-batches and adds up the gradients."""
    if kind == "multi":
        return tf.distribute.MultiWorkerMirroredStrategy()
    if kind == "mirrored":
        devices = [tf.config.LogicalDeviceConfiguration()] * workers
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], devices)
        return tf.distribute.MirroredStrategy([f"CPU:{number}" for number in range(workers)])
    return tf.distribute.get_strategy()


def asked_for() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for backups, on a disk that all can see")
    parser.add_argument("--strategy", choices=("one", "mirrored", "multi"), default="one", help="who trains (one)")
    parser.add_argument("--workers", type=int, default=2, help="devices of this process, if mirrored (2)")
    parser.add_argument("--images", type=int, default=60_000, help="images to learn from (60000)")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"steps of the whole training ({STEPS})")
    parser.add_argument("--rounds", type=int, default=10, help="backups on the way (10)")
    parser.add_argument("--seed", type=int, default=42, help="of the first weights and of the mini-batches (42)")
    asked = parser.parse_args()
    if not 1 <= asked.rounds <= asked.steps:
        parser.error(f"got {asked.rounds} rounds of {asked.steps} steps; expected from 1 round to one for each step")
    return asked


def main() -> None:
    """Train as the command line says, and let the first worker say how many new digits are read."""
    asked = asked_for()
    strategy = new_strategy(asked.strategy, asked.workers)  # before TensorFlow does anything else
    first = asked.strategy != "multi" or not strategy.cluster_resolver.task_id
    digits = load_mnist()
    x, x_test = (images.astype(np.float32) / 255 for images in (digits.x_train[: asked.images], digits.x_test))
    data = ShiftedBatches(x, digits.y_train[: asked.images], asked.steps, np.random.default_rng(asked.seed))
    keras.utils.set_random_seed(asked.seed)
    with strategy.scope():
        net = new_net(28, 28)
    if asked.strategy == "multi":
        net = Averaged(net.inputs, net.outputs)  # made inside the scope, `fit` would fail before its first step
    began = time.perf_counter()
    with strategy.scope(), tempfile.TemporaryDirectory() as spare:
        # All save, as a worker that saved alone would wait for the others for ever; the first one's backup counts.
        folder = asked.out if first else Path(spare)
        if not first and asked.out.exists():
            shutil.copytree(asked.out, folder, dirs_exist_ok=True)
        backup = keras.callbacks.BackupAndRestore(folder, double_checkpoint=True, delete_checkpoint=False)
        net.compile(new_optimizer(asked.steps), LOSS, metrics=["accuracy"])
        each = asked.steps // asked.rounds
        net.fit(data, epochs=asked.rounds, steps_per_epoch=each, shuffle=False, callbacks=[backup], verbose=2 * first)
    seconds = time.perf_counter() - began
    right = (net.predict(x_test, batch_size=1000, verbose=0).argmax(axis=1) == digits.y_test).mean()
    if first:
        workers = strategy.num_replicas_in_sync
        print(f"{workers} workers, {seconds:.1f} s: {right:.2%} of {len(x_test)} new digits are read", flush=True)


if __name__ == "__main__":
    main()
