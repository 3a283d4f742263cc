"""MNIST or the loud default: every file is checked; no network, disk or mirror costs much or spoils anything."""

import contextlib
import errno
import gzip
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from rnn_utils.data import mirrors as mirroring
from rnn_utils.data import mnist as data
from rnn_utils.data.mnist import Dataset, load_mnist, mnist_source
from rnn_utils.errors import DataError, SettingError

pytestmark = pytest.mark.timeout(60)  # where time limits are under test, a fault may wait for ever
ROOT = Path(__file__).resolve().parents[2]
REAL_FOLDER = os.environ.get("RNN_UTILS_DATA")

# A small MNIST of its own: the same format, 5 images for training and 3 for testing.
RNG = np.random.default_rng(3)
ARRAYS = {
    "x_train": RNG.integers(0, 256, (5, 28, 28), dtype=np.uint8),
    "y_train": np.array([5, 0, 4, 1, 9], dtype=np.uint8),
    "x_test": RNG.integers(0, 256, (3, 28, 28), dtype=np.uint8),
    "y_test": np.array([7, 2, 1], dtype=np.uint8),
}


def packed(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + b"".join(length.to_bytes(4, "big") for length in array.shape)
    return gzip.compress(header + array.tobytes(), mtime=0)


FILES = {f"{part}.gz": packed(array) for part, array in ARRAYS.items()}
ROWS = [
    {"dataset": "mnist", "part": part, "name": name, "shape": list(ARRAYS[part].shape), "bytes": len(content)}
    | {"sha256": hashlib.sha256(content).hexdigest()}
    for part, (name, content) in zip(ARRAYS, FILES.items(), strict=True)
]


@pytest.fixture(autouse=True)
def mirrors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Take the reader's settings away, register the small MNIST, and return the list of its mirrors."""
    for name in ("RNN_UTILS_DATA", "RNN_UTILS_OFFLINE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RNN_UTILS_CACHE", str(tmp_path / "cache"))
    registered: list[str] = []
    monkeypatch.setattr(data, "REGISTRY", {"mirrors": {"mnist": registered}, "files": ROWS + data._rows("digits")})
    return registered


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Return where a download puts its files."""
    return tmp_path / "cache" / "mnist"


def filled(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


def assert_mnist() -> None:
    dataset = load_mnist()
    assert dataset.source == mnist_source() == "mnist"
    for part, array in ARRAYS.items():
        np.testing.assert_array_equal(getattr(dataset, part), array)


def assert_digits(because: str) -> None:
    with pytest.warns(UserWarning, match="not MNIST") as caught:
        assert load_mnist().source == "digits"
    assert because in str(caught[0].message)


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {".lock"}


# --- mirrors on this machine ---


def answer(handler: BaseHTTPRequestHandler, length: int, pieces: Iterable[bytes], pause: float = 0.0) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
    for piece in pieces:
        time.sleep(pause)
        handler.wfile.write(piece)


ANSWERS = {
    "whole": lambda handler, content: answer(handler, len(content), [content]),
    "late": lambda handler, content: answer(handler, len(content), [content], pause=0.3),
    "damaged": lambda handler, content: answer(handler, len(content), [content[:-1], b"?"]),
    "cut": lambda handler, content: answer(handler, len(content), [content[:9]]),
    "endless": lambda handler, content: answer(handler, 10**12, repeat(content)),
    "absent": lambda handler, content: handler.send_error(404),
    "stalling": lambda handler, content: answer(handler, len(content), [content], pause=20),
    # More than a minute for the first file.
    "dripping": lambda handler, content: answer(handler, len(content), (b"." for _ in content), pause=0.02),
}


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.lstrip("/")
        self.server.asked[name] += 1
        with contextlib.suppress(ConnectionError):  # the reader has gone
            ANSWERS[self.server.kind](self, FILES[name])

    def log_message(self, *_: object) -> None:
        pass


class Mirror(ThreadingHTTPServer):
    """A server on 127.0.0.1 that answers as ``kind`` says; ``asked`` counts its requests by file."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.kind, self.asked = "whole", Counter()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def new_mirror(loopback: None, mirrors: list[str]) -> Iterator[Callable[[], Mirror]]:
    made: list[Mirror] = []

    def start() -> Mirror:
        made.append(Mirror())
        mirrors.append(f"http://127.0.0.1:{made[-1].server_port}/")
        return made[-1]

    yield start
    for mirror in made:
        mirror.shutdown()
        mirror.server_close()


@pytest.fixture
def mirror(new_mirror: Callable[[], Mirror]) -> Mirror:
    return new_mirror()


# --- the registry, the folder in RNN_UTILS_DATA, the cache ---


@pytest.mark.skipif(not REAL_FOLDER, reason="RNN_UTILS_DATA names no folder with the real MNIST")
def test_real_mnist_is_what_the_literature_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the registry and the folder that readers have
    mnist = load_mnist()
    assert (mnist.x_train.shape, mnist.x_test.shape) == ((60_000, 28, 28), (10_000, 28, 28))
    assert mnist.y_train[:5].tolist() == [5, 0, 4, 1, 9] and mnist.y_test[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.bincount(mnist.y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert mnist.x_train.mean() / 255 == pytest.approx(0.1307, abs=5e-5)  # the constant of many a tutorial
    # Studies do not count the code that reads the files (tools/slices.py), so what it gives is held here.
    arrays = (mnist.x_train, mnist.y_train, mnist.x_test, mnist.y_test)
    assert hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:16] == "1e35582d42a90940"


def test_registered_files_have_an_origin_and_two_mirrors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert {row["part"] for row in data._rows("mnist")} == {"x_train", "y_train", "x_test", "y_test"}
    for row in data.REGISTRY["files"]:
        assert (
            row["licence"].startswith("free of copyright" if row["dataset"] == "declaration" else "CC BY")
            and row["source"].startswith("http")
            and len(row["sha256"]) == 64
        )
    mirrors = data.REGISTRY["mirrors"]["mnist"]
    assert len(mirrors) == 2 and all(a.startswith("https://") and a.endswith("/") for a in mirrors)


@pytest.mark.parametrize(
    ("named", "place"), [("given", "mnist"), ("~/given", "mnist"), ("given", "."), ("given", "MNIST/raw")]
)
def test_named_folder_needs_numpy_alone(
    named: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path / "given" / place)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RNN_UTILS_DATA", named)
    for missing in ("pooch", "filelock", "requests", "sklearn.datasets"):
        monkeypatch.setitem(sys.modules, missing, None)
    assert_mnist()
    mnist = load_mnist()
    assert (mnist.x_train.dtype, mnist.y_train.dtype, mnist.y_test.dtype) == (np.uint8, np.int64, np.int64)
    mnist.x_train[0] = 1  # may be written to


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (Path.unlink, "No such file"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"?"), "is damaged"),
        (lambda path: os.truncate(path, 10**12), "is 1,000,000,000,000 bytes long"),  # takes no room, fits no memory
        (lambda path: (path.unlink(), path.mkdir()), "bytes long, expected"),
    ],
    ids=["missing", "one bit", "huge", "a folder"],
)
def test_wrong_named_folder_is_an_error_with_a_next_step(
    harm: Callable[[Path], Any], message: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(cache)  # must not be tried
    harm(filled(tmp_path / "given" / "mnist") / "x_train.gz")
    monkeypatch.setenv("RNN_UTILS_DATA", str(tmp_path / "given"))
    monkeypatch.setattr(gzip, "decompress", lambda _: pytest.fail("a file that is wrong was opened"))
    for load in (load_mnist, mnist_source):
        with pytest.raises(DataError, match=rf"RNN_UTILS_DATA is .*x_train\.gz .*{message}.* or unset RNN_UTILS_DATA"):
            load()


def test_user_without_a_home_gets_the_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RNN_UTILS_CACHE", "HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda _: {}["nobody"])
    assert_digits("no home folder was found; write the whole path")


# --- the download ---


def test_download_fills_the_cache_once_and_mends_it(cache: Path, mirror: Mirror) -> None:
    assert_mnist()
    assert_mnist()
    assert left_in(cache) == FILES.keys()
    assert mirror.asked == dict.fromkeys(FILES, 1)
    (cache / "x_test.gz").write_bytes(b"nonsense")
    assert_mnist()
    assert mirror.asked == dict.fromkeys(FILES, 1) | {"x_test.gz": 2}


@pytest.mark.parametrize(
    ("kind", "because"),
    [("damaged", "SHA256 hash"), ("cut", "IncompleteRead"), ("endless", "too much"), ("absent", "404")],
)
def test_bad_mirror_leaves_no_file_and_the_next_is_tried(
    kind: str, because: str, cache: Path, new_mirror: Callable[[], Mirror]
) -> None:
    bad = new_mirror()
    bad.kind = kind
    assert_digits(because)
    assert left_in(cache) == set()
    good = new_mirror()
    assert_mnist()
    assert (bad.asked.total(), good.asked.total()) == (2, 4)
    assert left_in(cache) == FILES.keys()


def test_hanging_mirrors_cost_seconds(mirrors: list[str], loopback: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mirroring.ANSWER_SECONDS < 5
    monkeypatch.setattr(mirroring, "ANSWER_SECONDS", 0.3)
    real, over = socket.getaddrinfo, threading.Event()

    def look_up(host: str, *rest: Any, **more: Any) -> Any:
        return real(host, *rest, **more) if host == "127.0.0.1" else over.wait(20)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    before = set(threading.enumerate())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mirrors += ["http://lost/", f"http://127.0.0.1:{silent.getsockname()[1]}/"]
        start = time.perf_counter()
        with pytest.raises(mirroring.Missing, match=r"lost: TimeoutError.*127\.0\.0\.1:\d+: (Read)?Timeout"):
            data._mnist()
        assert time.perf_counter() - start < 5
    left_behind = set(threading.enumerate()) - before
    assert left_behind and all(thread.daemon for thread in left_behind)  # or Python would not end
    over.set()


@pytest.mark.parametrize(("kind", "because"), [("dripping", "too slow"), ("stalling", "ReadTimeout")])
def test_slow_mirror_costs_at_most_the_limit(
    kind: str, because: str, cache: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mirroring.LIMIT_SECONDS <= 60
    monkeypatch.setattr(mirroring, "LIMIT_SECONDS", 0.5)
    monkeypatch.setattr(mirroring, "ANSWER_SECONDS", 1.0)
    mirror.kind = kind
    start = time.perf_counter()
    with pytest.raises(mirroring.Missing, match=because):
        data._mnist()
    assert time.perf_counter() - start < 5
    assert left_in(cache) == set()


@pytest.mark.parametrize(
    ("variable", "value", "because"),
    [("ALL_PROXY", "socks5://127.0.0.1:1", "SOCKS"), ("REQUESTS_CA_BUNDLE", "/nonexistent", "CA certificate bundle")],
)
def test_what_is_wrong_with_the_connection_is_told_in_its_own_words(
    variable: str, value: str, because: str, mirrors: list[str], loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrors.append("https://127.0.0.1:1/")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv(variable, value)
    assert_digits(because)


def test_offline_asks_nobody(cache: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_UTILS_OFFLINE", "1")
    assert_digits("RNN_UTILS_OFFLINE=1 forbids the download; unset it")
    assert not mirror.asked and not cache.exists()
    monkeypatch.setenv("RNN_UTILS_OFFLINE", "0")
    assert_mnist()
    monkeypatch.setenv("RNN_UTILS_OFFLINE", "maybe")
    with pytest.raises(SettingError, match="RNN_UTILS_OFFLINE is 'maybe'; expected 1"):
        load_mnist()


# --- a disk that is closed, processes that meet or are killed ---


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cache, _: cache.parent.write_text("mine"),
        lambda cache, _: (cache / ".lock").mkdir(parents=True),
        # Not by its mode: root may write everywhere.
        lambda _, patch: patch.setattr(Path, "mkdir", Mock(side_effect=OSError(errno.EROFS, "Read-only file system"))),
    ],
    ids=["a file", "no lock", "read-only"],
)
def test_cache_that_cannot_be_used_gives_the_digits(
    spoil: Callable[[Path, Any], Any], cache: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(cache, monkeypatch)
    assert_digits("cannot be written to ([")
    assert not mirror.asked


# Another process with the same small registry: it prints what it would load.
OTHER = """
import json, signal, sys
from rnn_utils.data import mirrors as mirroring
from rnn_utils.data import mnist as data
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background may have inherited deafness
data.REGISTRY = json.loads(sys.argv[1])
print(data.mnist_source())
"""


def start_other() -> subprocess.Popen[str]:
    command = [sys.executable, "-c", OTHER, json.dumps(data.REGISTRY)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")


def test_two_processes_download_once(mirror: Mirror) -> None:
    mirror.kind = "late"  # so that the other arrives meanwhile
    others = [start_other(), start_other()]
    assert [other.communicate(timeout=60)[0].strip() for other in others] == ["mnist", "mnist"]
    assert mirror.asked == dict.fromkeys(FILES, 1)


@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL"])
def test_download_that_is_cut_off_leaves_no_file_under_its_name(how: str, cache: Path, mirror: Mirror) -> None:
    mirror.kind = "dripping"
    with start_other() as other:
        while not mirror.asked:
            time.sleep(0.02)
        other.send_signal(getattr(signal, how))
    assert left_in(cache).isdisjoint(FILES)
    assert how == "SIGKILL" or left_in(cache) == set()  # nobody can tidy up who is killed
    mirror.kind = "whole"
    assert_mnist()


# --- the loud default ---


def test_default_is_loud_and_the_same_byte_for_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(data, "display", shown.append)
    monkeypatch.setenv("RNN_UTILS_OFFLINE", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mnist_source() == "digits"  # asked, not loaded: no warning
    with pytest.warns(UserWarning, match="scanned digits, 1,437 for training and 360 for testing, not MNIST") as caught:
        digits = load_mnist()
    assert caught[0].filename == __file__  # points at the line that asked
    assert shown[0]["text/plain"].startswith("Not MNIST: ") and 'class="data-banner"' in shown[0]["text/html"]
    assert (digits.x_train.shape, digits.x_test.shape) == ((1437, 28, 28), (360, 28, 28))
    content = b"".join(a.tobytes() for a in (digits.x_train, digits.y_train, digits.x_test, digits.y_test))
    assert hashlib.sha256(content).hexdigest()[:16] == "2fe1b49f555ace2d"


def test_enlarging_is_bilinear_between_pixel_centres() -> None:
    """Held against the definition, in exact fractions."""
    image = np.random.default_rng(5).integers(0, 17, (8, 8))
    half = Fraction(1, 2)
    places = [min(max((new + half) * Fraction(8, 28) - half, Fraction(0)), Fraction(7)) for new in range(28)]
    weights = np.array([[max(1 - abs(place - old), Fraction(0)) for old in range(8)] for place in places])
    expected = (weights @ image @ weights.T) * Fraction(255, 16) + half
    np.testing.assert_array_equal(data._enlarged(image[None])[0], expected.astype(int))


def test_digits_that_changed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import sklearn.datasets

    changed = sklearn.datasets.load_digits()
    changed.target[0] = 9
    monkeypatch.setenv("RNN_UTILS_OFFLINE", "1")
    monkeypatch.setattr(sklearn.datasets, "load_digits", lambda: changed)
    with pytest.raises(DataError, match=r"digits have the SHA-256 .* Reinstall scikit-learn"):
        load_mnist()


@pytest.mark.parametrize(
    ("missing", "package"), [("pooch", "pooch"), ("filelock", "filelock"), ("sklearn.datasets", "scikit-learn")]
)
def test_missing_package_is_named(missing: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.setenv("RNN_UTILS_OFFLINE", "1" if "sklearn" in missing else "0")
    with pytest.raises(DataError, match=rf"needs {package}, .* pip install {package}, or set"):
        load_mnist()


def test_bar_and_description_follow_the_source() -> None:
    images, labels = np.zeros((2000, 28, 28), np.uint8), np.zeros(2000, np.int64)
    mnist = Dataset(images, labels, images[:10], labels[:10], "mnist")
    digits = Dataset(images, labels, images[:10], labels[:10], "digits")
    assert (mnist.bar(mnist=0.97, digits=0.90), digits.bar(mnist=0.97, digits=0.90)) == (0.97, 0.90)
    assert repr(mnist) == "Dataset('mnist': 2,000 for training, 10 for testing)"
