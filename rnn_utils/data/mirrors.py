"""Bring files from public mirrors; no network, and none that is dead or slow, costs more than a known time."""

import textwrap
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from rnn_utils.errors import DataError

ANSWER_SECONDS = 4.0  # for a mirror's first answer, its name and all its addresses included, and for each read
LIMIT_SECONDS = 60.0  # for everything that a mirror sends
LOCK_SECONDS = 180.0  # for another process: two mirrors, and some
PIECE = 64 * 1024  # bytes

Tell = Callable[[str, int, int], None]  # hears an address, the bytes that have come from it, and those expected


class Missing(Exception):
    """The files cannot be had here and now; the message says why, and what would help."""


def download(files: list[dict[str, Any]], mirrors: list[str], folder: Path, tell: Tell | None = None) -> None:
    """Bring the files that a folder lacks, from the first mirror that gives them.

    pooch stores a file under another name until its hash is right; the lock lets a second process
    wait for the files instead of fetching them too.  ``tell`` hears of each piece that has come.
    """
    pooch, filelock = needed("pooch"), needed("filelock")
    problems = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / ".lock", timeout=LOCK_SECONDS):
            for mirror in mirrors:
                end = time.monotonic() + LIMIT_SECONDS
                try:
                    for row in files:
                        store, known = partial(_store, row["bytes"], end, tell), f"sha256:{row['sha256']}"
                        pooch.retrieve(mirror + row["name"], known, row["name"], folder, downloader=store)
                    return
                except Exception as error:  # whatever it is, the next mirror may do better
                    what = f"{urlsplit(mirror).netloc}: {type(error).__name__} {error}"
                    problems.append(textwrap.shorten(what, 120))  # libraries say it at length
    except (OSError, NotImplementedError) as error:  # the latter: a file system without locks
        raise Missing(f"{folder} cannot be written to ({error}); set RNN_UTILS_CACHE to another folder") from error
    raise Missing(
        f"the download to {folder} failed ({'; '.join(problems)}); "
        "connect to a network and load again, or set RNN_UTILS_OFFLINE=1 to wait for none"
    )


def _store(size: int, end: float, tell: Tell | None, url: str, output_file: str, _pooch: object) -> None:
    """Write to a file what a URL gives, up to a size and a time: the downloader that pooch calls.

    The time limits of pooch's own downloader begin anew at each address of a host and at each read.
    """
    import requests  # pooch brings it

    get = partial(requests.get, url, stream=True, timeout=ANSWER_SECONDS)
    with _within(ANSWER_SECONDS, get) as answer, Path(output_file).open("wb") as file:
        answer.raise_for_status()
        # read1 returns what has come; read, which is all that an old urllib3 has, waits for a whole piece.
        read = getattr(answer.raw, "read1", answer.raw.read)
        while piece := read(PIECE):
            file.write(piece)
            if file.tell() > size or time.monotonic() > end:
                raise OSError(f"stopped after {file.tell():,} bytes of {size:,}, which is too slow or too much")
            if tell:
                tell(url, file.tell(), size)


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """Return what a call gives in time; a thread that hangs is left behind and keeps nobody from ending."""
    answer: Future = Future()

    def work() -> None:
        try:
            answer.set_result(call())
        except Exception as error:
            answer.set_exception(error)

    Thread(target=work, daemon=True).start()
    return answer.result(seconds)


def needed(module: str) -> ModuleType:
    """Import a module, or say how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        package = {"sklearn": "scikit-learn"}.get(name := module.partition(".")[0], name)
        raise DataError(
            f"load_mnist: needs {package}, which is not installed. "
            f"Run pip install {package}, or set RNN_UTILS_DATA to a folder that holds mnist/*.gz."
        ) from error
