"""Checkpoints: what a training needs to go on, in files that are whole or not there; no framework.

One checkpoint is one file, ``step-00000400.safetensors``: the arrays, and beside them as JSON everything
else.  It is written under another name, brought to the disk and then renamed, which the system does in
one stroke.  A process killed at any moment therefore leaves the checkpoints that were whole before.
Reading a file runs no code from it.  One process at a time may write to a folder.
"""

import hashlib
import json
import os
import re
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnn_utils.errors import DataError, SettingError

KEPT = 2  # the newest, and the one before in case the newest is damaged
NAME = re.compile(r"step-(\d+)\.safetensors")
PART = ".part"  # ends the name of a file that is being written
FORMAT = "1"  # of the files; a later form gets another number


class Checkpoint(NamedTuple):
    """A training at rest.

    Attributes
    ----------
    step : int
        Steps done.
    arrays : dict of ndarray
        By name: weights, state of the optimizer, ...
    values : dict
        All that is no array; what JSON can hold.
    """

    step: int
    arrays: dict[str, NDArray[Any]]
    values: dict[str, Any]


def save(folder: str | Path, checkpoint: Checkpoint) -> Path:
    """Store a checkpoint, then delete all but the last two.

    Parameters
    ----------
    folder : str or Path
        Made if need be.
    checkpoint : Checkpoint

    Returns
    -------
    Path
        The new file.

    Raises
    ------
    SettingError
        If the folder cannot be written to, the values are not what JSON can hold, or safetensors is missing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for step in (1, 2, 3):
    ...         _ = save(folder, Checkpoint(step, {"w": np.full(2, step)}, {"seed": 7}))
    ...     print(sorted(path.name for path in Path(folder).iterdir()))
    ...     load(folder)
    ['step-00000002.safetensors', 'step-00000003.safetensors']
    Checkpoint(step=3, arrays={'w': array([3, 3])}, values={'seed': 7})
    """
    to_bytes = library().numpy.save
    folder = Path(folder)
    path = folder / f"step-{checkpoint.step:08d}.safetensors"
    arrays = {name: np.asarray(array, order="C") for name, array in checkpoint.arrays.items()}
    try:
        values = json.dumps(checkpoint.values)
    except (TypeError, ValueError) as error:
        raise SettingError(
            f"save: the values of a checkpoint must be plain numbers, texts and lists; {error}."
        ) from error
    head = {"format": FORMAT, "values": values, "sha256": _digest(checkpoint.step, arrays, values)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(path, to_bytes(arrays, metadata=head))
        _tidy(folder)
    except OSError as error:
        raise SettingError(
            f"save: the checkpoint {path} cannot be written ({error.strerror or error}); expected a folder with "
            "room that you may write to. Make room there, or name another folder."
        ) from error
    return path


def library() -> ModuleType:
    """Return the library that reads and writes the files, or say that it is missing.

    Raises
    ------
    SettingError
        If safetensors is not installed.
    """
    try:
        import safetensors.numpy
    except ImportError as error:
        raise SettingError(
            "checkpoints: the package safetensors is missing, and checkpoints are its files. "
            'Run pip install "safetensors", or leave checkpoint out.'
        ) from error
    return safetensors


def load(folder: str | Path) -> Checkpoint | None:
    """Read the newest checkpoint that is whole.

    Parameters
    ----------
    folder : str or Path
        Where `save` put them.

    Returns
    -------
    Checkpoint or None
        None if there is no checkpoint.

    Warns
    -----
    UserWarning
        If a newer file is damaged, and the one before is taken.

    Raises
    ------
    DataError
        If there are checkpoints and all are damaged.
    SettingError
        If there are checkpoints and safetensors is missing.
    """
    damaged: list[str] = []
    for path in reversed(_stored(Path(folder))):
        try:
            checkpoint = _read(path)
        except DataError as error:
            damaged.append(str(error))
            continue
        if damaged:
            warnings.warn(
                f"load: {' '.join(damaged)} The checkpoint before it, {path.name}, is whole and was taken.",
                stacklevel=2,
            )
        return checkpoint
    if damaged:
        raise DataError(
            f"load: no checkpoint in {folder} can be used. {' '.join(damaged)} "
            "Delete the folder to begin anew, or name another one."
        )
    return None


def _write(path: Path, content: bytes) -> None:
    """Write beside the place, bring it to the disk, and rename."""
    beside = path.with_name(path.name + PART)
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    if os.name == "posix":  # the new name, too, must reach the disk
        entry = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(entry)
        finally:
            os.close(entry)


def _tidy(folder: Path) -> None:
    """Delete old checkpoints, and what a killed process left half written."""
    for path in _stored(folder)[:-KEPT]:
        path.unlink()
    for path in folder.glob(f"step-*{PART}"):
        path.unlink()


def _stored(folder: Path) -> list[Path]:
    """Return the files of checkpoints, oldest first."""
    found = [(int(match[1]), path) for path in folder.glob("*") if (match := NAME.fullmatch(path.name))]
    return [path for _, path in sorted(found)]


def _read(path: Path) -> Checkpoint:
    safetensors = library()
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            head = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (the file is no dict)
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise DataError(f"{path.name} cannot be read ({error}).") from error
    step = int(NAME.fullmatch(path.name)[1])
    if head.get("format") != FORMAT or head.get("sha256") != _digest(step, arrays, head.get("values", "")):
        raise DataError(f"{path.name} is damaged: its SHA-256 is not the one it was stored with.")
    return Checkpoint(step, arrays, json.loads(head["values"]))


def _digest(step: int, arrays: dict[str, NDArray[Any]], values: str) -> str:
    found = hashlib.sha256(f"{step} {values}".encode())
    for name, array in sorted(arrays.items()):
        found.update(f"{name} {array.dtype} {array.shape}".encode())
        found.update(array.tobytes())
    return found.hexdigest()
