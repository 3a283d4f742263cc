"""Begin a chapter: seeds, threads, device.  The one place with global state."""

import os
import random
import sys
import warnings
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np

from rnn_utils.errors import SettingError

DEVICES = ("auto", "cpu", "cuda", "mps")


class Setup(NamedTuple):
    """What `setup` chose: the seed, the compute threads and the device (``"cpu"``, ``"cuda"``, ``"mps"``)."""

    seed: int
    threads: int
    device: str


def setup(seed: int) -> Setup:
    """Make a chapter repeatable and choose where it computes.

    Seeds Python, NumPy and every framework that is already imported, asks those for
    deterministic operations and one compute thread, and picks the device.  Call it once,
    after the imports and before the first tensor.  A framework that is imported later is not
    set up: call `setup` again.

    Parameters
    ----------
    seed : int
        Zero or more, below 2**32 (NumPy's limit).

    Returns
    -------
    Setup
        ``device`` is ready for ``tensor.to(device)``; TensorFlow places its work itself.

    Raises
    ------
    SettingError
        If the seed, ``RNN_UTILS_THREADS`` or ``RNN_UTILS_DEVICE`` cannot be used, if TensorFlow began
        to compute with another number of threads before, or if Keras does not compute with TensorFlow.

    Notes
    -----
    ``RNN_UTILS_THREADS`` (default 1) and ``RNN_UTILS_DEVICE`` (``auto``, ``cpu``, ``cuda``,
    ``mps``; default ``auto``) override the choice.  ``cpu`` hides the GPUs, so that no
    framework reserves memory on one.  The threads of NumPy's own products are bounded where
    threadpoolctl is installed, which scikit-learn brings; elsewhere set ``OMP_NUM_THREADS`` before Python
    starts.

    Examples
    --------
    >>> setup(7).seed
    7
    >>> first = np.random.random()
    >>> _ = setup(7)
    >>> np.random.random() == first
    True
    """
    seed = check_seed("setup", seed)
    threads, wanted = _threads(), _wanted_device()
    if wanted == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # CUDA's condition for repeatable products
    random.seed(seed)
    _begin_numpy(seed, threads)
    found = [_begin_tensorflow(seed, threads, wanted), _begin_torch(seed, threads, wanted)]
    if sys.modules.get("matplotlib") is not None:
        from rnn_utils.drawing import use_book_style

        use_book_style()
    device = next((name for name in found if name not in (None, "cpu")), "cpu")
    if wanted not in ("auto", device) and any(found):
        raise SettingError(
            f"setup: RNN_UTILS_DEVICE is {wanted!r} but the frameworks found only {device!r}. "
            "Unset it to take what there is, or install a build of the framework for that device."
        )
    return Setup(seed, threads, device)


def check_seed(function: str, seed: Any) -> int:
    """Return a seed as an int of Python; raise a `SettingError` if it is no whole number that NumPy takes."""
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed < 2**32:  # type: ignore[operator]
        raise SettingError(f"{function}: seed is {seed!r}; expected a whole number from 0 to 2**32 - 1.")
    return int(seed)


def _threads() -> int:
    text = os.environ.get("RNN_UTILS_THREADS", "1")
    if not text.isdecimal() or int(text) < 1:
        raise SettingError(f"setup: RNN_UTILS_THREADS is {text!r}; expected a whole number of at least 1.")
    return int(text)


def _wanted_device() -> str:
    name = os.environ.get("RNN_UTILS_DEVICE", "auto").lower()
    if name not in DEVICES:
        raise SettingError(f"setup: RNN_UTILS_DEVICE is {name!r}; expected one of {', '.join(DEVICES)}.")
    return name


def _begin_numpy(seed: int, threads: int) -> None:
    np.random.seed(seed)
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return
    threadpool_limits(threads)  # OpenBLAS has read its variables when NumPy was imported


def _begin_tensorflow(seed: int, threads: int, wanted: str) -> str | None:
    tf = sys.modules.get("tensorflow")
    if tf is None:
        return None
    keras = sys.modules.get("keras")
    if keras is not None and (backend := keras.config.backend()) != "tensorflow":
        raise SettingError(
            f"setup: Keras computes with {backend!r}; the book's chapters expect TensorFlow. "
            "Unset KERAS_BACKEND and restart the kernel."
        )
    # The library of triton, which PyTorch's CUDA build loads with the first optimizer, does not bear being loaded after
    # TensorFlow's: the process dies.  Kept out, it is missed by `torch.compile` on a graphics card alone.
    sys.modules.setdefault("triton", None)  # type: ignore[arg-type]
    for kind in ("intra", "inter"):
        # TensorFlow refuses this setting once it has run anything, even the value it has.
        if getattr(tf.config.threading, f"get_{kind}_op_parallelism_threads")() != threads:
            try:
                getattr(tf.config.threading, f"set_{kind}_op_parallelism_threads")(threads)
            except RuntimeError as error:
                raise SettingError(
                    f"setup: TensorFlow has begun to compute, so its threads cannot become {threads}; expected setup "
                    "before the first tensor. Restart the kernel and call setup straight after the imports."
                ) from error
    gpus = [] if wanted == "cpu" else tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)  # leave room for a second chapter
    if wanted == "cpu":
        tf.config.set_visible_devices([], "GPU")
    tf.config.experimental.enable_op_determinism()
    (keras or tf.keras).utils.set_random_seed(seed)  # TF_USE_LEGACY_KERAS makes another Keras of tf.keras
    return "cuda" if gpus else "cpu"


def _begin_torch(seed: int, threads: int, wanted: str) -> str | None:
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    with warnings.catch_warnings():
        # Said once a process where a driver does not answer, and by the first backward pass if nobody asked before.
        warnings.filterwarnings("ignore", "CUDA initialization", UserWarning)
        cuda = torch.cuda.is_available()
    if wanted in ("auto", "cuda") and cuda:
        return "cuda"
    if wanted in ("auto", "mps") and torch.backends.mps.is_available():
        return "mps"
    return "cpu"
