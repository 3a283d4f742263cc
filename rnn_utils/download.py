"""Fetch registered files into the user's cache: bounded in time, checked before they get their names."""

import os
import queue
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from rnn_utils.errors import DataError, SettingError
from rnn_utils.registry import DataFile, mirrors, read_checked, rows

# A dead network must cost less than ten seconds: PATIENCE, and the last WAIT that it allowed.
PATIENCE_SECONDS = 7.0  # of silence in a whole download, its probe included
PROBE_SECONDS = 3.0  # for the first answer of any mirror
WAIT_SECONDS = 2.5  # for one connection, or one more piece
SLOWEST = 16 * 1024  # bytes a second that still pass for alive
ROUNDS = 2  # times that each mirror is tried for a file
PAUSE_SECONDS = 1.0  # between rounds
REMEMBER_SECONDS = 300
LOCK_SECONDS = 900  # another process may be downloading over a slow line
PIECE = 64 * 1024  # bytes
NOTE = "download-failed.txt"


class Unavailable(DataError):
    """The files cannot be had now; the message says why, and what would help."""


class NetworkError(Exception):
    """A mirror did not give what was asked of it."""


class Patience:
    """How long to go on: silence uses it up, bytes that arrive restore it."""

    def __init__(self) -> None:
        self.end = time.monotonic() + PATIENCE_SECONDS

    def wait(self, longest: float) -> float:
        """Return the seconds that the next step may take; raise `NetworkError` when none are left."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise NetworkError(f"too few bytes came in {PATIENCE_SECONDS:.0f} seconds")
        return min(longest, left)

    def feed(self, size: int) -> None:
        """Count bytes that arrived."""
        self.end = min(self.end + size / SLOWEST, time.monotonic() + PATIENCE_SECONDS)


def needed(module: str) -> ModuleType:
    """Import a module of the extra ``chapters``, or say how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise DataError(
            f"load_mnist: needs {module.partition('.')[0]}, which is not installed. "
            'Run pip install "rnn-utils[chapters]", or set RNN_UTILS_DATA to a folder that holds mnist/*.gz.'
        ) from error


def cache_folder() -> Path:
    """Return where downloads are kept: ``RNN_UTILS_CACHE``, or the usual place of the system.

    Raises
    ------
    Unavailable
        If the user has no home folder.
    """
    named = os.environ.get("RNN_UTILS_CACHE")
    try:
        folder = Path(named) if named else needed("pooch").os_cache("rnn-utils")
        return folder.expanduser().absolute()
    except (RuntimeError, OSError) as error:
        raise Unavailable(
            "no home folder was found to keep a download in; set RNN_UTILS_CACHE to a folder you can write to"
        ) from error


def offline() -> bool:
    """Return whether ``RNN_UTILS_OFFLINE`` forbids the network."""
    text = os.environ.get("RNN_UTILS_OFFLINE", "")
    if text not in ("", "0", "1"):
        raise SettingError(f"load_mnist: RNN_UTILS_OFFLINE is {text!r}; expected 1 (no download) or 0.")
    return text == "1"


def fetch(dataset: str, cache: Path) -> None:
    """Bring the files of a data set that ``cache/<dataset>/`` lacks.

    Parameters
    ----------
    dataset : str
        A name in the registry that has mirrors.
    cache : Path
        Made if need be.

    Raises
    ------
    Unavailable
        If the download is forbidden, failed, failed less than five minutes ago, or cannot be stored.
        Files that arrived whole stay for the next time; nothing else does.
    DataError
        If pooch, filelock or tqdm is not installed.
    """
    if offline():
        raise Unavailable("RNN_UTILS_OFFLINE=1 forbids the download; unset it once to fetch them")
    filelock = needed("filelock")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(cache / ".lock", timeout=LOCK_SECONDS):
            _fetch_missing(dataset, cache)
    except filelock.Timeout as error:
        raise Unavailable(f"another process holds {cache / '.lock'}; wait for its download or end it") from error
    except (OSError, NotImplementedError) as error:
        raise Unavailable(
            f"{cache} cannot be written to ({getattr(error, 'strerror', None) or error}); "
            "make room there, or set RNN_UTILS_CACHE to another folder"
        ) from error


def _fetch_missing(dataset: str, cache: Path) -> None:
    """Do the work of `fetch` while holding the lock."""
    folder = cache / dataset
    missing = [row for row in rows(dataset) if not _is_intact(folder / row.name, row)]
    if not missing:
        return  # another process brought them while this one waited for the lock
    note = cache / NOTE
    _refuse_soon_after_failure(note)
    try:
        with _silent_pooch():
            _download(missing, mirrors(dataset), folder)
    except NetworkError as error:
        _remember(note, str(error))
        raise Unavailable(
            f"the download failed ({error}); check the network, then try again in five minutes or delete {note}"
        ) from error
    note.unlink(missing_ok=True)


def _is_intact(path: Path, row: DataFile) -> bool:
    try:
        read_checked(path, row)
    except DataError:
        return False
    return True


def _refuse_soon_after_failure(note: Path) -> None:
    """Spare the reader a second wait; a note from the future (a clock set back) does not count."""
    try:
        age = time.time() - note.stat().st_mtime
        reason = note.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return
    if 0 <= age < REMEMBER_SECONDS:
        raise Unavailable(
            f"a download failed {age:.0f} seconds ago ({reason}); "
            f"check the network, then try again in {REMEMBER_SECONDS - age:.0f} seconds or delete {note}"
        )


def _remember(note: Path, reason: str) -> None:
    try:
        note.write_text(reason + "\n", encoding="utf-8")
    except OSError:  # a full disk: better no note than half of one
        with suppress(OSError):
            note.unlink(missing_ok=True)


@contextmanager
def _silent_pooch() -> Iterator[None]:
    """Keep pooch from writing "Downloading ..." into a chapter; the progress bar says it."""
    logger = needed("pooch").get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)


def _download(missing: list[DataFile], addresses: list[str], folder: Path) -> None:
    """Fetch files into a folder of their own inside ``folder``, and move each up once it is right."""
    patience = Patience()
    addresses = _living_first(addresses, min(missing, key=lambda row: row.bytes), patience)
    stage = folder / ".part"
    total = sum(row.bytes for row in missing)
    try:
        with needed("tqdm").tqdm(
            total=total, desc=folder.name, unit="B", unit_scale=True, leave=False, mininterval=0.5
        ) as bar:
            for row in missing:
                _download_one(row, addresses, stage, patience, bar)
                (stage / row.name).replace(folder / row.name)
    finally:  # the lock is ours, so this may also take what a killed process left
        shutil.rmtree(stage, ignore_errors=True)


def _living_first(addresses: list[str], row: DataFile, patience: Patience) -> list[str]:
    """Probe all mirrors at once; return them with the first to answer in front."""
    requests = needed("requests")

    def ask(address: str) -> str:
        requests.head(address + row.name, timeout=PROBE_SECONDS, allow_redirects=True).raise_for_status()
        return address

    first = first_answer([partial(ask, address) for address in addresses], patience.wait(PROBE_SECONDS))
    return [first, *(address for address in addresses if address != first)]


def first_answer(calls: list[Callable[[], Any]], seconds: float) -> Any:
    """Start all calls and return the first result; raise `NetworkError` when all fail or time is over.

    Each call runs in a thread of its own, because looking up a host's name cannot be given a time
    limit; one that hangs is left behind and keeps nobody from ending.
    """
    answers: queue.SimpleQueue = queue.SimpleQueue()

    def work(call: Callable[[], Any]) -> None:
        try:
            answers.put((call(), None))
        except Exception as error:
            answers.put((None, error))

    for call in calls:
        Thread(target=work, args=(call,), daemon=True).start()
    end = time.monotonic() + seconds
    problem: Exception | None = None
    for _ in calls:
        try:
            answer, problem = answers.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            raise NetworkError(f"no answer within {seconds:.1f} seconds") from problem
        if problem is None:
            return answer
    raise NetworkError(f"no mirror answered: {_in_short(problem)}") from problem


def _download_one(row: DataFile, addresses: list[str], stage: Path, patience: Patience, bar: Any) -> None:
    """Try the mirrors in turn until one gives the registered file; pooch compares the hash."""
    begun, problem = bar.n, None
    for attempt in range(ROUNDS * len(addresses)):
        if attempt and attempt % len(addresses) == 0:
            time.sleep(patience.wait(PAUSE_SECONDS))
        url = addresses[attempt % len(addresses)] + row.name
        try:
            needed("pooch").retrieve(
                url,
                known_hash=f"sha256:{row.sha256}",
                fname=row.name,
                path=stage,
                downloader=partial(_store, row.bytes, patience, bar),
            )
            return
        except NetworkError as error:
            problem = error
        except ValueError:  # pooch's word for a wrong hash
            problem = NetworkError(f"{row.name} from {urlsplit(url).netloc} has a wrong SHA-256 and was deleted")
        bar.n = begun
        patience.wait(0)
    raise problem


def _store(size: int, patience: Patience, bar: Any, url: str, output_file: str, _pooch: object) -> None:
    """Write what a URL gives to a file, no more than ``size`` bytes: the downloader that pooch calls."""
    came = 0
    with open(output_file, "wb") as file:  # noqa: PTH123  (a plain name, which a test replaces by a full disk)
        for piece in _pieces(url, patience):
            came += len(piece)
            if came > size:
                raise NetworkError(f"{urlsplit(url).netloc} sent more than the {size:,} bytes expected")
            file.write(piece)
            patience.feed(len(piece))
            bar.update(len(piece))
    if came < size:
        raise NetworkError(f"{urlsplit(url).netloc} sent {came:,} of {size:,} bytes")


def _pieces(url: str, patience: Patience) -> Iterator[bytes]:
    """Yield the body of a URL as it arrives; every failure of the network is a `NetworkError`."""
    requests, urllib3 = needed("requests"), needed("urllib3")
    ask = partial(requests.get, url, stream=True, timeout=WAIT_SECONDS)
    response = first_answer([ask], patience.wait(WAIT_SECONDS))
    with response:
        # read1 returns what has come; read would wait for a whole piece, however slowly it drips.
        read = getattr(response.raw, "read1", response.raw.read)
        try:
            response.raise_for_status()
            while piece := read(PIECE):
                yield piece
                patience.wait(0)
        except (OSError, urllib3.exceptions.HTTPError) as error:  # what is wrong with the disk is raised elsewhere
            raise NetworkError(f"{urlsplit(url).netloc}: {_in_short(error)}") from error


def _in_short(error: Exception | None) -> str:
    """Return what a library said in a word or two; their messages run over many lines."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    return f"status {status}" if status else type(error).__name__
