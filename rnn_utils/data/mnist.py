"""The digits that the chapters read: MNIST, or scikit-learn's scanned digits where there is none."""

import gzip
import hashlib
import html
import os
import tomllib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnn_utils.data.mirrors import Missing, Tell, download, needed
from rnn_utils.errors import DataError, SettingError
from rnn_utils.page import display

Source = Literal["mnist", "digits"]

REGISTRY = tomllib.loads(Path(__file__).with_name("registry.toml").read_text(encoding="utf-8"))
SIDE = 28  # pixels
DIGITS_TEST_ROWS = 360
DIGITS_SEED = 0


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Images of handwritten digits and what each one shows.

    Attributes
    ----------
    x_train, x_test : ndarray of uint8, shape (N, 28, 28)
        Grey levels, 0 for paper and 255 for ink; rows from top to bottom.
    y_train, y_test : ndarray of int64, shape (N,)
        The digits, 0 to 9.
    source : {"mnist", "digits"}
        Where they come from: MNIST, or the embedded default (see `load_mnist`).
    """

    x_train: NDArray[np.uint8]
    y_train: NDArray[np.int64]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.int64]
    source: Source

    def bar(self, *, mnist: Any, digits: Any) -> Any:
        """Return the bar of a claim for the data at hand: the small default cannot reach MNIST's."""
        return mnist if self.source == "mnist" else digits

    def __repr__(self) -> str:
        return f"Dataset({self.source!r}: {len(self.x_train):,} for training, {len(self.x_test):,} for testing)"


def load_mnist() -> Dataset:
    """Load MNIST, or say loudly that it is not there and load the embedded digits.

    Looked for in this order:

    1. the folder named by ``RNN_UTILS_DATA``: in its ``mnist/``, in itself, or in ``MNIST/raw/``, where
       torchvision puts them; once the variable is set, nothing else is tried;
    2. the user's cache, which ``RNN_UTILS_CACHE`` moves;
    3. two public mirrors (12 MB), unless ``RNN_UTILS_OFFLINE=1``; without a network this step ends at
       once, with one that swallows everything after four seconds a mirror, with a slow one after a
       minute a mirror;
    4. the digits that come with scikit-learn: 1,797 real scans of 8×8 pixels, 16 grey levels, by 13
       writers, enlarged to 28×28.  A warning and a banner say so.

    A file is used only if its SHA-256 is the registered one.

    Returns
    -------
    Dataset
        60,000 images for training and 10,000 for testing; the default has 1,437 and 360, split at
        random with the same share of each digit.  Its writers are in both parts, which makes the
        test easier; MNIST is tested on writers it was not trained on.

    Raises
    ------
    DataError
        If ``RNN_UTILS_DATA`` is set but a file there is missing or is not the registered one; if a
        package that this needs is not installed.
    SettingError
        If ``RNN_UTILS_OFFLINE`` is neither 1 nor 0.

    Warns
    -----
    UserWarning
        If the embedded digits stand in for MNIST.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner (1998), "Gradient-based learning applied to document recognition".
    Alpaydin, Kaynak (1998), "Cascading classifiers", for the digits of scikit-learn.
    """
    source: Source = "mnist"
    try:
        _, arrays = _mnist()
    except Missing as reason:
        source, arrays = "digits", _digits()
        _say_loudly(str(reason), len(arrays["x_train"]), len(arrays["x_test"]))
    y_train, y_test = (arrays[part].astype(np.int64) for part in ("y_train", "y_test"))  # ready to be indices
    return Dataset(arrays["x_train"], y_train, arrays["x_test"], y_test, source)


def mnist_source() -> Source:
    """Return what `load_mnist` would give here and now, without a warning.

    The files are brought into the cache if they are not there yet, since nothing less can tell.

    Raises
    ------
    DataError, SettingError
        As `load_mnist` does.
    """
    try:
        _mnist()
    except Missing:
        return "digits"
    return "mnist"


def mnist_folder(*, bring: bool = False, tell: Tell | None = None) -> Path:
    """Return the folder of MNIST that `load_mnist` would read, each file checked by its SHA-256.

    Parameters
    ----------
    bring : bool
        Whether to download what the cache lacks.
    tell : callable, optional
        Called with an address, the bytes that have come from it, and the bytes expected, for each piece
        of a download.

    Raises
    ------
    Missing
        If it is not there: not yet, or for the reason that `load_mnist` gives beside the embedded digits.
    DataError, SettingError
        As `load_mnist` does.
    """
    return _mnist(bring=bring, tell=tell)[0]


def mnist_cache() -> Path:
    """Return the folder that a download fills, which need not be there yet.

    Raises
    ------
    Missing
        If the user has no home folder, and ``RNN_UTILS_CACHE`` names no other.
    DataError
        If pooch, which knows the system's place for caches, is not installed.
    """
    return _folder(os.environ.get("RNN_UTILS_CACHE"))


def _mnist(*, bring: bool = True, tell: Tell | None = None) -> tuple[Path, dict[str, NDArray[np.uint8]]]:
    """Go through the search order of `load_mnist` down to the download; return a folder and its arrays by part."""
    if named := os.environ.get("RNN_UTILS_DATA"):
        try:
            folder = _folder(named)
            places = [folder, folder.parent, folder.parent / "MNIST" / "raw"]
            names = [row["name"] for row in _rows("mnist")]
            place = next((place for place in places if all((place / name).exists() for name in names)), folder)
            return place, _read(place)
        except Missing as reason:
            raise DataError(
                f"load_mnist: RNN_UTILS_DATA is {named!r}, but {reason}. "
                "Put MNIST's four .gz files there as mnist/*.gz, or unset RNN_UTILS_DATA."
            ) from reason
    offline = os.environ.get("RNN_UTILS_OFFLINE", "")
    if offline not in ("", "0", "1"):
        raise SettingError(f"load_mnist: RNN_UTILS_OFFLINE is {offline!r}; expected 1 (no download) or 0.")
    folder = mnist_cache()
    try:
        return folder, _read(folder)
    except Missing as reason:
        if offline == "1":
            raise Missing(f"{reason}, and RNN_UTILS_OFFLINE=1 forbids the download; unset it once") from reason
        if not bring:
            raise
    download(_rows("mnist"), REGISTRY["mirrors"]["mnist"], folder, tell)
    return folder, _read(folder)


def _folder(named: str | None) -> Path:
    """Return where MNIST lies in a folder, by default in the system's place for caches."""
    try:
        return Path(named or needed("pooch").os_cache("rnn-utils")).expanduser().absolute() / "mnist"
    except RuntimeError as error:  # a container's user may have no home
        raise Missing(
            "no home folder was found; write the whole path, without ~, into RNN_UTILS_DATA or RNN_UTILS_CACHE"
        ) from error


def _read(folder: Path) -> dict[str, NDArray[np.uint8]]:
    """Unpack the files of a folder, each only if its bytes are the registered ones."""
    arrays = {}
    for row in _rows("mnist"):
        path, shape = folder / row["name"], row["shape"]
        try:
            if (size := path.stat().st_size) != row["bytes"]:
                raise Missing(f"{path} is {size:,} bytes long, expected {row['bytes']:,}")
            content = path.read_bytes()
        except OSError as error:
            raise Missing(f"{path} cannot be read ({error.strerror})") from error
        if (digest := hashlib.sha256(content).hexdigest()) != row["sha256"]:
            raise Missing(f"{path} is damaged: its SHA-256 is {digest[:8]}…, expected {row['sha256'][:8]}…")
        # The format IDX: four bytes, four more for the length of each axis, then the entries.
        entries = np.frombuffer(gzip.decompress(content), np.uint8, offset=4 + 4 * len(shape))
        arrays[row["part"]] = entries.reshape(shape).copy()  # PyTorch warns of arrays that may not be written to
    return arrays


def _rows(dataset: str) -> list[dict[str, Any]]:
    return [row for row in REGISTRY["files"] if row["dataset"] == dataset]


def _digits() -> dict[str, NDArray[np.uint8]]:
    """Return scikit-learn's digits, checked, enlarged and split; keys as in `Dataset`."""
    raw = needed("sklearn.datasets").load_digits()
    pixels, labels = raw.images.astype(np.uint8), raw.target.astype(np.uint8)  # (N, 8, 8), (N,)
    expected = _rows("digits")[0]["sha256"]
    digest = hashlib.sha256(pixels.tobytes() + labels.tobytes()).hexdigest()
    if digest != expected:
        raise DataError(
            f"load_mnist: scikit-learn's digits have the SHA-256 {digest[:8]}…, expected {expected[:8]}…. "
            "Reinstall scikit-learn, or set RNN_UTILS_DATA to a folder that holds mnist/*.gz."
        )
    parts = needed("sklearn.model_selection").train_test_split(
        _enlarged(pixels), labels, test_size=DIGITS_TEST_ROWS, stratify=labels, random_state=DIGITS_SEED
    )
    return dict(zip(("x_train", "x_test", "y_train", "y_test"), parts, strict=True))


def _enlarged(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Enlarge (N, 8, 8) grey levels 0..16 to (N, 28, 28) levels 0..255, bilinearly.

    In whole numbers, so that every processor rounds alike.  The centre of new pixel i lies at
    (i + 1/2) 8/28 - 1/2 = (4i - 5)/14 old pixels; beyond the outer centres the edge is repeated.
    """
    old = pixels.shape[1]
    place = np.clip(4 * np.arange(SIDE) - 5, 0, 14 * (old - 1))  # in fourteenths of an old pixel
    left = np.minimum(place // 14, old - 2)
    weights = np.zeros((SIDE, old), dtype=np.int64)
    weights[np.arange(SIDE), left] = 14 - (place - 14 * left)
    weights[np.arange(SIDE), left + 1] = place - 14 * left
    whole = 16 * 14 * 14  # what a pixel of full ink comes to
    grey = weights @ pixels.astype(np.int64) @ weights.T  # (N, 28, 28)
    return ((2 * 255 * grey + whole) // (2 * whole)).astype(np.uint8)


def _say_loudly(reason: str, training: int, testing: int) -> None:
    what = f"scikit-learn's scanned digits, {training:,} for training and {testing:,} for testing"
    warnings.warn(f"load_mnist: these are {what}, not MNIST: {reason}.", UserWarning, stacklevel=3)
    line = f"Not MNIST: {what}, 8×8 pixels enlarged to 28×28. Your numbers and figures will differ from the book's."
    display({"text/plain": line, "text/html": f'<div class="data-banner" role="note">{html.escape(line)}</div>'})
