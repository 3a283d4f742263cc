"""What every data file must be, from ``registry.toml``, and reading a file only if it is that."""

import hashlib
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from rnn_utils.errors import DataError


class DataFile(NamedTuple):
    """One row of the registry; ``bytes`` is the stored size, ``shape`` the array's inside."""

    dataset: str
    part: str
    name: str
    sha256: str
    bytes: int
    shape: tuple[int, ...]
    licence: str
    source: str


def rows(dataset: str) -> list[DataFile]:
    """Return the registered files of a data set, in the order of the registry."""
    return [DataFile(**{**row, "shape": tuple(row["shape"])}) for row in _table()["files"] if row["dataset"] == dataset]


def mirrors(dataset: str) -> list[str]:
    """Return the addresses, ending in a slash, under which the files can be downloaded."""
    return list(_table()["mirrors"][dataset])


def read_all(dataset: str, folder: Path) -> dict[str, bytes]:
    """Read the files of a data set from a folder, each checked; keys are the rows' ``part``.

    Raises
    ------
    DataError
        At the first file that is not what the registry says.
    """
    return {row.part: read_checked(folder / row.name, row) for row in rows(dataset)}


def read_checked(path: Path, row: DataFile) -> bytes:
    """Return the content of a file, if it is the one registered.

    The bytes that are hashed are the bytes returned, so nothing can slip in between, and no more
    than the largest registered size is ever read.

    Raises
    ------
    DataError
        If it is missing, unreadable, too short, too long, another file of the set, or changed.
        The message says what is wrong; the caller, who knows where the file is from, says what to do.
    """
    siblings = rows(row.dataset)
    try:
        if not path.is_file():  # also keeps a pipe from being opened, which would wait for ever
            raise DataError(f"{path} {'is not a file' if path.exists() else 'is missing'}")
        with path.open("rb") as file:
            content = file.read(max(sibling.bytes for sibling in siblings) + 1)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error})") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest == row.sha256:
        return content
    for sibling in siblings:
        if digest == sibling.sha256:
            raise DataError(f"{path} holds {sibling.name} instead, so the two were swapped")
    if len(content) != row.bytes:
        raise DataError(f"{path} is {_size(path, content)} bytes long, expected {row.bytes:,}")
    raise DataError(f"{path} has the SHA-256 {digest[:8]}…, expected {row.sha256[:8]}…, so it is damaged")


def _size(path: Path, content: bytes) -> str:
    try:
        return f"{path.stat().st_size:,}"
    except OSError:
        return f"{len(content):,}"


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((files("rnn_utils") / "registry.toml").read_text(encoding="utf-8"))
