"""Train a PyTorch net step by step and keep what happened; imports PyTorch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rnn_utils.errors import SettingError
from rnn_utils.training import History, Logbook, batches, one_cycle

__all__ = ["History", "batches", "fit", "mean_loss", "one_cycle"]

PIECE = 1000  # rows predicted at once when the loss of held-out data is measured


def fit(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
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
    model : torch.nn.Module
        Trained in place, on the device where it is; each mini-batch is moved there, in the net's precision.
        It is left in training mode: call ``model.eval()`` before it predicts.
    optimizer : torch.optim.Optimizer
        Holds the rate, unless ``rate`` says it.
    loss : callable
        ``loss(predicted, true)``, PyTorch's order; the mean over a mini-batch.
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
    The signature is that of `rnn_utils.train_keras.fit`.  A checkpoint holds the weights, the buffers, the
    optimizer, the history, and the generators of ``rng``, Python, NumPy and PyTorch on every device.

    Examples
    --------
    A net without a hidden layer learns to double a number:

    >>> _ = torch.manual_seed(0)
    >>> net = nn.Linear(1, 1)
    >>> x = np.linspace(-1, 1, 64, dtype="float32")[:, None]
    >>> history = fit(net, torch.optim.Adam(net.parameters(), 0.1), nn.MSELoss(), x, 2 * x,
    ...               steps=100, batch=16, rng=np.random.default_rng(0), every=50)
    >>> history.step, round(net.weight.item(), 1)
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
    model.train()
    for step, x_batch, y_batch in logbook:
        if rate is not None:
            for group in optimizer.param_groups:
                group["lr"] = float(rate(step))
        optimizer.zero_grad()
        error = loss(model(_tensor(x_batch, model)), _tensor(y_batch, model))
        error.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), torch.inf if clip is None else clip)
        optimizer.step()
        logbook.note(error.detach(), norm)
    return logbook.close()


@torch.no_grad()
def mean_loss(model: nn.Module, loss: Callable[[Any, Any], Any], x: NDArray[Any], y: NDArray[Any]) -> float:
    """Measure the loss on all rows, a thousand at a time, without training.

    Parameters
    ----------
    model, loss
        As for `fit`.  The net evaluates (no dropout) and is then put back into its mode.
    x, y : ndarrays, shapes (N, ...) and (N, ...)
        What is read, and what is right.

    Returns
    -------
    float
        Mean over the rows.
    """
    was_training = model.training
    model.eval()
    pieces = [slice(first, first + PIECE) for first in range(0, len(x), PIECE)]
    losses = [float(loss(model(_tensor(x[piece], model)), _tensor(y[piece], model))) for piece in pieces]
    model.train(was_training)
    return float(np.average(losses, weights=[len(y[piece]) for piece in pieces]))


def _tensor(array: NDArray[Any], model: nn.Module) -> Tensor:
    """Bring rows to the net's device: fractions in the net's precision, whole numbers as int64."""
    weight = next(model.parameters())
    tensor = torch.as_tensor(array)
    if tensor.is_floating_point():
        return tensor.to(weight.device, weight.dtype)
    return tensor.to(weight.device, torch.int64)


class _Trainee:
    """A net and its optimizer, as a `Logbook` sees them."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer):
        weights = list(model.parameters())
        if not weights:
            raise SettingError("fit: the net has no weights to train; expected some. Is the right net passed?")
        if len(devices := {str(weight.device) for weight in weights}) > 1:
            raise SettingError(
                f"fit: the net lies on {', '.join(sorted(devices))}; expected one device. "
                "Move all of it: model.to(device)."
            )
        held = {id(weight) for group in optimizer.param_groups for weight in group["params"]}
        if not held <= {id(weight) for weight in weights}:
            raise SettingError(
                "fit: the optimizer holds weights that are not the net's; expected weights of this net alone. "
                "Make the optimizer from model.parameters() after the net."
            )
        if isinstance(optimizer, torch.optim.LBFGS):
            raise SettingError(
                "fit: the optimizer is L-BFGS, which measures the loss several times in a step; expected one that "
                "measures it once, such as torch.optim.Adam. Write a loop of your own for L-BFGS."
            )
        self.model, self.optimizer = model, optimizer

    def _tensors(self) -> dict[str, Tensor]:
        """Return weights and buffers by name, those included that no `state_dict` has."""
        return {**dict(self.model.named_parameters()), **dict(self.model.named_buffers())}

    def weights(self) -> dict[str, NDArray[Any]]:
        return {name: _array(tensor) for name, tensor in self._tensors().items()}

    @torch.no_grad()
    def set_weights(self, weights: dict[str, NDArray[Any]]) -> None:
        for name, tensor in self._tensors().items():
            tensor.copy_(torch.from_numpy(weights[name]))

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        arrays = {f"model.{name}": array for name, array in self.weights().items()}
        values: dict[str, Any] = {}
        saved = self.optimizer.state_dict()
        for number, kept in saved["state"].items():
            for name, value in kept.items():
                if isinstance(value, Tensor):
                    arrays[f"optimizer.{number}.{name}"] = _array(value)
                else:
                    values[f"{number}.{name}"] = value
        arrays |= {f"generator.{name}": _array(state) for name, state in _generators().items()}
        return arrays, {"state": values, "groups": saved["param_groups"]}

    def restore(self, arrays: dict[str, NDArray[Any]], values: dict[str, Any]) -> None:
        self.set_weights({name: arrays[f"model.{name}"] for name in self._tensors()})
        state: dict[int, dict[str, Any]] = {}
        for name, array in arrays.items():
            if name.startswith("optimizer."):
                _, number, key = name.split(".", 2)
                state.setdefault(int(number), {})[key] = torch.from_numpy(array)
        for name, value in values["state"].items():
            number, key = name.split(".", 1)
            state.setdefault(int(number), {})[key] = value
        groups = [  # JSON made lists of tuples
            {name: tuple(value) if isinstance(group.get(name), tuple) else value for name, value in kept.items()}
            for group, kept in zip(self.optimizer.param_groups, values["groups"], strict=True)
        ]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})
        for name in _generators():
            if f"generator.{name}" in arrays:
                _set_generator(name, torch.from_numpy(arrays[f"generator.{name}"]))

    def identity(self) -> dict[str, Any]:
        sizes = {name: f"{tensor.dtype} {tuple(tensor.shape)}" for name, tensor in self._tensors().items()}
        groups = [
            {name: len(value) if name == "params" else value for name, value in group.items()}
            for group in self.optimizer.param_groups
        ]
        return {"framework": "torch", "optimizer": f"{type(self.optimizer).__name__} {groups}", **sizes}


def _array(tensor: Tensor) -> NDArray[Any]:
    """Copy a tensor to NumPy, which has no bfloat16: float32 holds all its numbers."""
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy().copy()


def _generators() -> dict[str, Tensor]:
    """Return the state of PyTorch's generator on the CPU and on every accelerator there is."""
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states |= {f"cuda:{number}": state for number, state in enumerate(torch.cuda.get_rng_state_all())}
    if torch.backends.mps.is_available():
        states["mps"] = torch.mps.get_rng_state()
    return states


def _set_generator(name: str, state: Tensor) -> None:
    if name == "cpu":
        torch.set_rng_state(state)
    elif name == "mps":
        torch.mps.set_rng_state(state)
    else:
        torch.cuda.set_rng_state(state, name)
