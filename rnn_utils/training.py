"""What the training loops of both frameworks share: mini-batches, learning rate, records, early stop, resuming."""

import hashlib
import json
import math
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from rnn_utils import checkpoints
from rnn_utils.errors import SettingError
from rnn_utils.progress import watch

WARM_UP = 0.3  # share of the steps in which the rate rises, unless another number is given

FUNCTIONS = {
    "rate": "a function of the steps done, such as training.one_cycle(1000, 0.01). A constant rate is a setting of "
    "the optimizer.",
    "augment": "a function of the x of a mini-batch and a generator that returns x changed.",
    "on_step": "a function of the steps done and the net.",
}

Data = tuple[NDArray[Any], NDArray[Any]]


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


def one_cycle(steps: int, peak: float, *, rise: int | None = None, start: float = 25) -> Callable[[int], float]:
    """Make a learning rate that rises once and falls once.

    Parameters
    ----------
    steps : int
        Length of the whole training.
    peak : float
        Largest rate.
    rise : int, optional
        Steps in which the rate rises; three tenths of all unless given, and never more than half.
    start : float
        The rate begins at ``peak / start``.

    Returns
    -------
    callable
        Of the steps done: straight up to the peak, then down to zero along a cosine.

    Raises
    ------
    SettingError
        If there are fewer than two steps, or a number is not positive.

    References
    ----------
    Smith and Topin (2019), "Super-convergence".

    Examples
    --------
    >>> rate = one_cycle(100, peak=0.01)
    >>> [round(rate(step), 4) for step in (0, 30, 65, 100)]
    [0.0004, 0.01, 0.005, 0.0]
    """
    if steps < 2:
        raise SettingError(f"one_cycle: steps is {steps}; expected at least 2, one to rise and one to fall.")
    if not (peak > 0 and start > 0 and (rise is None or rise >= 1)):
        raise SettingError(
            f"one_cycle: peak is {peak}, rise is {rise} and start is {start}; expected numbers above 0, and at least "
            "1 step to rise."
        )
    rise = max(1, round(WARM_UP * steps)) if rise is None else min(rise, steps // 2)

    def rate(step: int) -> float:
        if step < rise:
            return peak * (1 + (start - 1) * step / rise) / start
        return peak * (1 + math.cos(math.pi * min(1.0, (step - rise) / (steps - rise)))) / 2

    return rate


def best_record(val_loss: list[float]) -> int:
    """Return the place of the lowest loss, the first of equals; -1 while there is no number yet.

    Examples
    --------
    >>> best_record([3.0, 1.0, float("nan"), 1.0])
    1
    """
    numbers = [place for place, loss in enumerate(val_loss) if not math.isnan(loss)]
    return min(numbers, key=val_loss.__getitem__, default=-1)


class Trainee(Protocol):
    """What a `Logbook` asks of the net and optimizer that are trained."""

    model: Any

    def weights(self) -> dict[str, NDArray[Any]]:
        """Return copies of the net's weights by name."""

    def set_weights(self, weights: dict[str, NDArray[Any]]) -> None:
        """Put weights back."""

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return all that the training goes on from: arrays, and values for JSON."""

    def restore(self, arrays: dict[str, NDArray[Any]], values: dict[str, Any]) -> None:
        """Put back what `state` returned."""

    def identity(self) -> dict[str, Any]:
        """Return what marks a net and optimizer as the same before and after: kinds and sizes."""


class Logbook:
    """Hand out the mini-batches of one training, keep its history, best weights and checkpoints.

    The arguments are those of `rnn_utils.train_keras.fit` and `rnn_utils.train_torch.fit`.
    ``validate`` measures the loss on the held-out data.

    Examples
    --------
    See the loop in `rnn_utils.train_torch.fit`: iterate for the steps done and the x and y of the next
    mini-batch, and call `note` after each step; `close` gives the history.
    """

    def __init__(
        self,
        trainee: Trainee,
        x: NDArray[Any],
        y: NDArray[Any],
        validate: Callable[[], float],
        *,
        steps: int,
        batch: int,
        rng: np.random.Generator,
        validation: Data | None,
        every: int,
        rate: Callable[[int], float] | None,
        clip: float | None,
        patience: int | None,
        progress: bool,
        checkpoint: str | Path | None,
        augment: Callable[[Any, np.random.Generator], Any] | None,
        on_step: Callable[[int, Any], None] | None,
    ):
        check(
            x,
            y,
            validation=validation,
            every=every,
            patience=patience,
            clip=clip,
            functions={"rate": rate, "augment": augment, "on_step": on_step},
        )
        if checkpoint is not None:
            checkpoints.library()  # if missing, told before the first step, and not after the hours to the first record
        self.history = History([], [], [], [], [])
        self.step = 0
        self._trainee, self._rng, self._folder = trainee, rng, checkpoint
        self._x, self._y, self._augment, self._on_step = x, y, augment, on_step
        self._validate = None if validation is None else validate
        self._steps, self._every, self._patience, self._progress = steps, every, patience, progress
        self._since: list[tuple[Any, Any]] = []  # loss and gradient norm of the steps since the last record
        self._best: dict[str, NDArray[Any]] = {}
        if checkpoint is not None:
            self._run = {
                **trainee.identity(),
                **{"steps": steps, "batch": batch, "every": every, "clip": clip, "patience": patience},
                "rate": None if rate is None else _digest(np.array([float(rate(step)) for step in range(steps)])),
                "augment": None if augment is None else getattr(augment, "__qualname__", type(augment).__qualname__),
                "rng": _digest(json.dumps(_plain(rng.bit_generator.state)).encode()),
                **{"x": _digest(x), "y": _digest(y)},
                "validation": None if validation is None else [_digest(part) for part in validation],
            }
        self._order = batches(len(x), batch, steps, rng)
        if checkpoint is not None:
            self._resume()

    def __iter__(self) -> Iterator[tuple[int, NDArray[Any], NDArray[Any]]]:
        self._start = time.perf_counter()
        for step in watch(range(self.step, self._steps), self._progress):
            if self._is_over():
                return
            rows = self._order[step]
            x = self._x[rows]
            yield step, x if self._augment is None else self._augment(x, self._rng), self._y[rows]
            if self._on_step is not None:
                before = time.perf_counter()
                self._on_step(self.step, self._trainee.model)
                self._start += time.perf_counter() - before

    def note(self, loss: Any, grad_norm: Any) -> None:
        """Write down a step; every so many steps and at the end, make a record and a checkpoint."""
        self._since.append((loss, grad_norm))
        self.step += 1
        if self.step % self._every and self.step != self._steps:
            return
        losses, norms = np.array([(float(loss), float(norm)) for loss, norm in self._since]).T
        before = self.history.seconds[-1] if self.history.seconds else 0.0
        self.history.step.append(self.step)
        self.history.train_loss.append(float(losses.mean()))
        self.history.grad_norm.append(float(norms.max()))
        self.history.seconds.append(before + time.perf_counter() - self._start)
        if self._validate is not None:
            self.history.val_loss.append(self._validate())
            if self._patience is not None and best_record(self.history.val_loss) == len(self.history.val_loss) - 1:
                self._best = self._trainee.weights()
        if self._folder is not None:
            self._save()
        self._since, self._start = [], time.perf_counter()

    def close(self) -> History:
        """Give the net its best weights, if it was to be stopped early, and return the history."""
        if self._best:
            self._trainee.set_weights(self._best)
        return self.history

    def _is_over(self) -> bool:
        losses = self.history.val_loss
        return self._patience is not None and len(losses) - 1 - best_record(losses) >= self._patience

    def _save(self) -> None:
        arrays, values = self._trainee.state()
        kept = {
            "run": self._run,
            "history": self.history._asdict(),
            "rng": _plain(self._rng.bit_generator.state),
            "random": random.getstate(),
            "numpy": _plain(np.random.get_state(legacy=False)),
            "trainee": values,
        }
        arrays = {f"now.{name}": array for name, array in arrays.items()}
        arrays |= {f"best.{name}": array for name, array in self._best.items()}
        checkpoints.save(self._folder, checkpoints.Checkpoint(self.step, arrays, kept))

    def _resume(self) -> None:
        found = checkpoints.load(self._folder)
        if found is None:
            return
        self._refuse_another(found.values.get("run", {}))
        self.step = found.step
        self.history = History(**found.values["history"])
        self._best = _part(found.arrays, "best.")
        self._trainee.restore(_part(found.arrays, "now."), found.values["trainee"])
        self._rng.bit_generator.state = _like(self._rng.bit_generator.state, found.values["rng"])
        np.random.set_state(_like(np.random.get_state(legacy=False), found.values["numpy"]))
        version, numbers, gauss = found.values["random"]
        random.setstate((version, tuple(numbers), gauss))

    def _refuse_another(self, run: dict[str, Any]) -> None:
        now = json.loads(json.dumps(self._run))
        if changed := [name for name in sorted(run.keys() | now.keys()) if run.get(name) != now.get(name)]:
            details = "; ".join(f"{name} was {run.get(name)}, now it is {now.get(name)}" for name in changed)
            raise SettingError(
                f"fit: the checkpoint in {self._folder} is of another run: {details}. Expected the same arguments "
                "as when it was begun. Pass those to go on, or name another folder to begin anew."
            )


def check(
    x: NDArray[Any],
    y: NDArray[Any],
    *,
    validation: Data | None,
    every: int,
    patience: int | None,
    clip: float | None,
    functions: dict[str, Any],
) -> None:
    """Refuse arguments that `fit` cannot use; `batches` checks the numbers of steps and rows."""
    if len(x) != len(y):
        raise SettingError(f"fit: x has {len(x)} rows but y has {len(y)}; expected one answer for each.")
    if validation is not None and not (len(validation) == 2 and 1 <= len(validation[0]) == len(validation[1])):
        raise SettingError(
            f"fit: validation has parts of {', '.join(str(len(part)) for part in validation)} rows; "
            "expected a pair, x and y, with one answer for each row. Hold some rows back, or leave validation out."
        )
    if every < 1:
        raise SettingError(f"fit: every is {every}; expected the steps between records, at least 1.")
    for name, function in functions.items():
        if function is not None and not callable(function):
            raise SettingError(f"fit: {name} is {function!r}; expected {FUNCTIONS[name]}")
    if clip is not None and not clip > 0:
        raise SettingError(f"fit: clip is {clip!r}; expected a norm above 0, such as 1.0, or None.")
    if patience is not None and (patience < 1 or validation is None):
        raise SettingError(
            f"fit: patience is {patience} and validation is {'missing' if validation is None else 'there'}; expected "
            "at least 1 record, and held-out data to judge by. Pass validation=(x, y), or leave patience out."
        )


def _digest(data: Any) -> str:
    """Name data by kind, shape and the first 16 digits of its SHA-256."""
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest()[:16]
    array = np.asarray(data)
    return f"{array.dtype} {array.shape} {hashlib.sha256(array.tobytes()).hexdigest()[:16]}"


def _part(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _plain(state: Any) -> Any:
    """Turn a generator's state into what JSON can hold."""
    if isinstance(state, dict):
        return {name: _plain(value) for name, value in state.items()}
    return state.tolist() if isinstance(state, np.ndarray | np.generic) else state


def _like(model: Any, plain: Any) -> Any:
    """Turn `_plain`'s result back, with arrays where the model has arrays."""
    if isinstance(model, dict):
        return {name: _like(value, plain[name]) for name, value in model.items()}
    return np.array(plain, dtype=model.dtype) if isinstance(model, np.ndarray) else plain
