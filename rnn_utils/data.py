"""The digits that the chapters read: MNIST, or scikit-learn's scanned digits where there is none."""

import argparse
import hashlib
import html
import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnn_utils.download import Unavailable, cache_folder, fetch, needed
from rnn_utils.errors import BookError, DataError
from rnn_utils.idx import parse_idx
from rnn_utils.registry import read_all, rows
from rnn_utils.show import display

Source = Literal["mnist", "digits"]

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


class _Found(NamedTuple):
    """The checked files of MNIST by part, none if they cannot be had; and from where, or why not."""

    files: dict[str, bytes]
    origin: str


def load_mnist() -> Dataset:
    """Load MNIST, or say loudly that it is not there and load the embedded digits.

    Looked for in this order:

    1. the folder named by ``RNN_UTILS_DATA``, as ``mnist/*.gz``; once the variable is set, nothing
       else is tried;
    2. the user's cache, which ``RNN_UTILS_CACHE`` moves;
    3. two public mirrors (12 MB), unless ``RNN_UTILS_OFFLINE=1`` or a try failed in the last five
       minutes; without a network this step ends within ten seconds;
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

    Warns
    -----
    UserWarning
        If the embedded digits stand in for MNIST.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner (1998), "Gradient-based learning applied to document recognition".
    Alpaydin, Kaynak (1998), "Cascading classifiers", for the digits of scikit-learn.
    """
    found = _find()
    if found.files:
        arrays = {row.part: parse_idx(found.files[row.part], row.shape, row.name) for row in rows("mnist")}
    else:
        arrays = _digits()
        _say_loudly(found.origin, len(arrays["x_train"]), len(arrays["x_test"]))
    labels = {part: arrays[part].astype(np.int64) for part in ("y_train", "y_test")}  # ready to be indices
    return Dataset(**{**arrays, **labels}, source="mnist" if found.files else "digits")


def mnist_source() -> Source:
    """Return what `load_mnist` would give here and now, without unpacking it or warning.

    The files are brought into the cache if they are not there yet, since nothing less can tell.

    Raises
    ------
    DataError
        As `load_mnist` does.
    """
    return "mnist" if _find().files else "digits"


def _find() -> _Found:
    """Go through the search order of `load_mnist` down to the download."""
    if named := os.environ.get("RNN_UTILS_DATA"):
        try:
            folder = Path(named).expanduser().absolute() / "mnist"
            return _Found(read_all("mnist", folder), f"{folder}, set by RNN_UTILS_DATA")
        except (DataError, RuntimeError) as problem:  # RuntimeError: ~ without a home folder
            raise DataError(
                f"load_mnist: RNN_UTILS_DATA is {named!r}, but {problem}. "
                "Put MNIST's four .gz files there as mnist/*.gz, or unset RNN_UTILS_DATA."
            ) from problem
    try:
        cache = cache_folder()
        try:
            return _Found(read_all("mnist", cache / "mnist"), f"{cache / 'mnist'}, the cache")
        except DataError as problem:
            return _brought(cache, problem)
    except Unavailable as reason:
        return _Found({}, str(reason))


def _brought(cache: Path, problem: DataError) -> _Found:
    try:
        fetch("mnist", cache)
    except Unavailable as reason:
        raise Unavailable(f"{problem}, and {reason}") from reason
    return _Found(read_all("mnist", cache / "mnist"), f"{cache / 'mnist'}, just downloaded")


def _digits() -> dict[str, NDArray[np.uint8]]:
    """Return scikit-learn's digits, checked, enlarged and split; keys as in `Dataset`."""
    raw = needed("sklearn.datasets").load_digits()
    pixels, labels = raw.images.astype(np.uint8), raw.target.astype(np.uint8)  # (N, 8, 8), (N,)
    (row,) = rows("digits")
    digest = hashlib.sha256(pixels.tobytes() + labels.tobytes()).hexdigest()
    if digest != row.sha256:
        raise DataError(
            f"load_mnist: scikit-learn's digits have the SHA-256 {digest[:8]}…, expected {row.sha256[:8]}…. "
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


def main(arguments: list[str] | None = None) -> int:
    """Say in one line which data the chapters will read; the first word is the `Source`."""
    parser = argparse.ArgumentParser(prog="python -m rnn_utils.data", description=main.__doc__)
    parser.add_argument("--probe", action="store_true", help="look for MNIST, fetch it if need be (the default)")
    parser.parse_args(arguments)
    try:
        found = _find()
    except BookError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"mnist: {found.origin}" if found.files else f"digits: not MNIST, because {found.origin}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
