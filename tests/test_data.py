"""MNIST or the loud default: every file is checked, and no network, disk or server can cost much or leave a trace."""

import contextlib
import errno
import gzip
import hashlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import pytest_socket

from rnn_utils import data, download, registry
from rnn_utils.data import Dataset, load_mnist, mnist_source
from rnn_utils.errors import DataError, SettingError
from rnn_utils.idx import parse_idx

pytestmark = pytest.mark.timeout(60)  # where time limits are under test, a fault may wait for ever
ROOT = Path(__file__).resolve().parent.parent
REAL_FOLDER = os.environ.get("RNN_UTILS_DATA")
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
KEPT = {"train-images.gz", "train-labels.gz", "test-images.gz", "test-labels.gz"}


# --- a small MNIST of its own: the same format, 5 images for training and 3 for testing ---


def idx_bytes(array: np.ndarray) -> bytes:
    """Write an array in the IDX format: the reverse of `parse_idx`."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(length.to_bytes(4, "big") for length in array.shape)
    return header + array.astype(np.uint8).tobytes()


def packed(array: np.ndarray) -> bytes:
    return gzip.compress(idx_bytes(array), mtime=0)


class SmallMnist:
    """Arrays, their files as they would be stored, and a registry that knows them."""

    def __init__(self) -> None:
        rng = np.random.default_rng(3)
        self.arrays = {
            "x_train": rng.integers(0, 256, (5, 28, 28), dtype=np.uint8),
            "y_train": np.array([5, 0, 4, 1, 9], dtype=np.uint8),
            "x_test": rng.integers(0, 256, (3, 28, 28), dtype=np.uint8),
            "y_test": np.array([7, 2, 1], dtype=np.uint8),
        }
        names = ["train-images.gz", "train-labels.gz", "test-images.gz", "test-labels.gz"]
        self.files = {name: packed(array) for name, array in zip(names, self.arrays.values(), strict=True)}
        self.mirrors: list[str] = []
        self.rows = [
            {
                "dataset": "mnist",
                "part": part,
                "name": name,
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": len(content),
                "shape": list(self.arrays[part].shape),
                "licence": "none",
                "source": "made up",
            }
            for part, (name, content) in zip(self.arrays, self.files.items(), strict=True)
        ]

    def store(self, folder: Path) -> Path:
        """Put the files into ``folder/mnist``; return that."""
        inside = folder / "mnist"
        inside.mkdir(parents=True)
        for name, content in self.files.items():
            (inside / name).write_bytes(content)
        return inside

    def assert_equal(self, dataset: Dataset) -> None:
        assert dataset.source == "mnist"
        for part, array in self.arrays.items():
            np.testing.assert_array_equal(getattr(dataset, part), array)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take the reader's settings away; give every test a cache of its own."""
    for name in ("RNN_UTILS_DATA", "RNN_UTILS_OFFLINE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RNN_UTILS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "PAUSE_SECONDS", 0.01)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> SmallMnist:
    made = SmallMnist()
    real = registry._table()
    digits = [row for row in real["files"] if row["dataset"] == "digits"]
    monkeypatch.setattr(registry, "_table", lambda: {"mirrors": {"mnist": made.mirrors}, "files": made.rows + digits})
    return made


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def loud(part: str = "") -> Dataset:
    """Load what must be the embedded digits; ``part`` must stand in the warning."""
    with pytest.warns(UserWarning, match="not MNIST") as caught:
        dataset = load_mnist()
    assert part in str(caught[0].message)
    assert dataset.source == "digits"
    assert len(dataset.x_train) == 1437
    return dataset


def files_in(folder: Path) -> set[str]:
    """Return whatever lies below a folder, without the lock and the data set's own folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")} - {".lock", "mnist"}


# --- mirrors on this machine ---


class Mirror:
    """A server on 127.0.0.1 that answers as told; ``asked`` counts its requests by method and name."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = dict(files)
        self.asked: Counter[tuple[str, str]] = Counter()
        self.head_delay = 0.0
        self.send: Callable[[BaseHTTPRequestHandler, bytes], None] = whole
        self.closing = threading.Event()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                mirror.asked["HEAD", self.path.lstrip("/")] += 1
                time.sleep(mirror.head_delay)
                self.send_response(200)
                self.end_headers()

            def do_GET(self) -> None:
                mirror.asked["GET", self.path.lstrip("/")] += 1
                with contextlib.suppress(ConnectionError):  # the reader has gone
                    mirror.send(self, mirror.files[self.path.lstrip("/")])
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}/"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    @property
    def gets(self) -> Counter[str]:
        return Counter({name: count for (method, name), count in self.asked.items() if method == "GET"})

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def whole(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def damaged(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Give as many bytes as there should be, one of them changed."""
    whole(handler, content[:-1] + bytes([content[-1] ^ 1]))


def cut(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Promise the whole file and hang up in the middle."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])


def cut_without_length(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])


def endless(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Send the file again and again until the reader goes (or has 4 MB)."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(4_000_000 // len(content)):
        handler.wfile.write(content)


def absent(handler: BaseHTTPRequestHandler, _content: bytes) -> None:
    handler.send_error(404)


def labelled_gzip(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Call the file's own compression a transfer encoding, as some hosts do with .gz files."""
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


@pytest.fixture
def loopback(no_network: None) -> None:
    """Open sockets again, to this machine alone."""
    pytest_socket.enable_socket()
    pytest_socket.socket_allow_hosts(["127.0.0.1"])


@pytest.fixture
def new_mirror(loopback: None, small: SmallMnist) -> Iterator[Callable[[], Mirror]]:
    """Start mirrors of the small MNIST; each is registered."""
    made: list[Mirror] = []

    def start() -> Mirror:
        made.append(Mirror(small.files))
        small.mirrors.append(made[-1].address)
        return made[-1]

    yield start
    for mirror in made:
        mirror.close()


@pytest.fixture
def mirror(new_mirror: Callable[[], Mirror]) -> Mirror:
    return new_mirror()


@pytest.fixture
def black_hole(loopback: None, small: SmallMnist) -> Iterator[SimpleNamespace]:
    """Listen, let the system accept, and never say a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        small.mirrors += [f"http://127.0.0.1:{server.getsockname()[1]}/"] * 2

        def visitors() -> int:
            count = 0
            server.settimeout(0.05)
            while True:
                try:
                    server.accept()[0].close()
                except TimeoutError:
                    return count
                count += 1

        yield SimpleNamespace(visitors=visitors)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten every patience, so that a test of a bad line does not wait for it."""
    monkeypatch.setattr(download, "PATIENCE_SECONDS", 1.0)
    monkeypatch.setattr(download, "PROBE_SECONDS", 0.5)
    monkeypatch.setattr(download, "WAIT_SECONDS", 0.3)


# --- the format ---


def test_idx_gives_back_what_was_written() -> None:
    array = np.arange(2 * 3 * 5, dtype=np.uint8).reshape(2, 3, 5)
    back = parse_idx(packed(array), (2, 3, 5), "small.gz")
    np.testing.assert_array_equal(back, array)
    assert back.dtype == np.uint8


def test_idx_result_may_be_written_to() -> None:
    parse_idx(packed(np.zeros(3)), (3,), "small.gz")[0] = 1  # PyTorch warns of arrays that may not


IMAGES = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
BAD_IDX = {
    "labels for images": (packed(np.zeros(18)), "begins with 00000801, expected 00000803"),
    "test for training": (packed(np.zeros((1, 3, 3))), r"shape \(1, 3, 3\), expected \(2, 3, 3\)"),
    "transposed": (packed(np.zeros((3, 2, 3))), r"shape \(3, 2, 3\)"),
    "floats": (gzip.compress(b"\0\0\x0d\x03" + idx_bytes(IMAGES)[4:]), "begins with 00000d03"),
    "empty": (b"", "begins with nothing"),
    "nothing inside": (gzip.compress(b""), "begins with nothing"),
    "half a header": (gzip.compress(idx_bytes(IMAGES)[:9]), "ends inside its header"),
    "not compressed": (idx_bytes(IMAGES), "not a whole gzip file"),
    "cut short": (packed(IMAGES)[:-9], "not a whole gzip file"),
    "wrong checksum": (packed(IMAGES)[:-8] + bytes(8), "not a whole gzip file"),
    "text after the end": (packed(IMAGES) + b"more", "not a whole gzip file"),
    "one entry less": (gzip.compress(idx_bytes(IMAGES)[:-1]), "expected 18 entries, came only 17"),
    "one entry more": (gzip.compress(idx_bytes(IMAGES) + b"\0"), "expected 18 entries, came more"),
    "huge shape": (gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12), r"shape \(4294967295, "),
}


@pytest.mark.parametrize("kind", BAD_IDX)
def test_idx_refuses(kind: str) -> None:
    content, message = BAD_IDX[kind]
    with pytest.raises(DataError, match=f"^x.gz: .*{message}"):
        parse_idx(content, (2, 3, 3), "x.gz")


def test_idx_bomb_is_refused_without_filling_the_memory() -> None:
    bomb = gzip.compress(idx_bytes(IMAGES) + bytes(40_000_000), compresslevel=1)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="came more"):
            parse_idx(bomb, (2, 3, 3), "bomb.gz")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


def test_idx_never_gives_a_wrong_array_for_any_damage() -> None:
    content, rng = packed(IMAGES), np.random.default_rng(0)
    refused = 0
    for _ in range(500):
        changed = bytearray(content)
        changed[rng.integers(len(changed))] ^= 1 << int(rng.integers(8))
        try:
            array = parse_idx(bytes(changed), (2, 3, 3), "x.gz")
        except DataError:
            refused += 1
        else:  # a bit that means nothing, such as the time in gzip's header
            np.testing.assert_array_equal(array, IMAGES)
    assert refused > 250
    for length in range(len(content)):
        with pytest.raises(DataError):
            parse_idx(content[:length], (2, 3, 3), "x.gz")


# --- the registry ---


def test_registry_names_four_parts_of_mnist_and_the_digits() -> None:
    mnist = registry.rows("mnist")
    assert {row.part for row in mnist} == {"x_train", "y_train", "x_test", "y_test"}
    assert len(registry.rows("digits")) == 1
    for row in mnist + registry.rows("digits"):
        assert len(bytes.fromhex(row.sha256)) == 32
        assert row.licence.startswith("CC BY") and row.source.startswith("http")


def test_two_mirrors_are_registered_and_encrypted() -> None:
    hosts = {address.split("/")[2] for address in registry.mirrors("mnist")}
    assert len(hosts) == 2
    assert all(a.startswith("https://") and a.endswith("/") for a in registry.mirrors("mnist"))


@pytest.mark.skipif(not REAL_FOLDER, reason="RNN_UTILS_DATA names no folder with the real MNIST")
def test_real_mnist_is_what_the_literature_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_UTILS_DATA", REAL_FOLDER)
    mnist = load_mnist()
    assert (mnist.x_train.shape, mnist.x_test.shape) == ((60_000, 28, 28), (10_000, 28, 28))
    assert mnist.y_train[:5].tolist() == [5, 0, 4, 1, 9] and mnist.y_test[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.bincount(mnist.y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert mnist.x_train.mean() / 255 == pytest.approx(0.1307, abs=5e-5)  # the constant of many a tutorial


# --- the folder in RNN_UTILS_DATA ---


@pytest.fixture
def folder(small: SmallMnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RNN_UTILS_DATA", str(tmp_path / "given"))
    return small.store(tmp_path / "given")


def test_named_folder_gives_its_arrays(small: SmallMnist, folder: Path) -> None:
    mnist = load_mnist()
    small.assert_equal(mnist)
    assert (mnist.x_train.dtype, mnist.y_train.dtype, mnist.y_test.dtype) == (np.uint8, np.int64, np.int64)
    assert mnist_source() == "mnist"


def test_empty_setting_counts_as_none(small: SmallMnist, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_UTILS_DATA", "")
    small.store(cache)
    assert mnist_source() == "mnist"


def swap(folder: Path, first: str, second: str) -> None:
    a, b = (folder / first).read_bytes(), (folder / second).read_bytes()
    (folder / first).write_bytes(b)
    (folder / second).write_bytes(a)


def edit(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes())) and None


def replace_by_folder(folder: Path) -> None:
    (folder / "test-labels.gz").unlink()
    (folder / "test-labels.gz").mkdir()


def replace_by_pipe(folder: Path) -> None:
    (folder / "test-labels.gz").unlink()
    os.mkfifo(folder / "test-labels.gz")


FAULTS = {
    "no folder": (lambda folder: folder.rename(folder.parent / "elsewhere"), "train-images.gz is missing"),
    "one missing": (lambda folder: (folder / "test-labels.gz").unlink(), "test-labels.gz is missing"),
    "a folder for a file": (replace_by_folder, "test-labels.gz is not a file"),
    "truncated": (
        edit("test-images.gz", lambda content: content[:-1]),
        "test-images.gz is [0-9,]+ bytes long, expected",
    ),
    "empty": (edit("test-images.gz", lambda content: b""), "test-images.gz is 0 bytes long, expected"),
    "too long": (edit("test-images.gz", lambda content: content + b"\0"), "test-images.gz is [0-9,]+ bytes long"),
    "one bit": (edit("test-images.gz", lambda content: content[:-1] + bytes([content[-1] ^ 1])), "so it is damaged"),
    "labels for images": (
        lambda folder: swap(folder, "test-images.gz", "test-labels.gz"),
        "test-images.gz holds test-labels.gz instead",
    ),
    "train for test": (
        lambda folder: swap(folder, "train-labels.gz", "test-labels.gz"),
        "train-labels.gz holds test-labels.gz instead",
    ),
}
if hasattr(os, "mkfifo"):
    FAULTS["a pipe for a file"] = (replace_by_pipe, "test-labels.gz is not a file")


@pytest.mark.parametrize("load", [load_mnist, mnist_source])
@pytest.mark.parametrize("fault", FAULTS)
def test_wrong_folder_is_an_error_with_a_next_step(
    fault: str, load: Callable[[], Any], folder: Path, mirror: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harm, message = FAULTS[fault]
    harm(folder)
    monkeypatch.setattr(data, "parse_idx", lambda *_: pytest.fail("a file that is wrong was opened"))
    with pytest.raises(DataError, match=f"RNN_UTILS_DATA is .*{message}.* or unset RNN_UTILS_DATA") as caught:
        load()
    assert "\n" not in str(caught.value)
    assert not mirror.asked and not cache.exists()  # nothing else is tried


def test_unreadable_file_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"train-images\.gz cannot be read \(Permission denied\)"):
        load_mnist()


@pytest.mark.skipif(IS_ROOT, reason="root may read everything")
def test_forbidden_folder_is_an_error(folder: Path) -> None:
    folder.chmod(0)
    try:
        with pytest.raises(DataError, match="cannot be read"):
            load_mnist()
    finally:
        folder.chmod(0o755)


def test_huge_file_is_refused_without_reading_it_all(folder: Path) -> None:
    with (folder / "test-labels.gz").open("r+b") as file:
        file.truncate(10**12)  # sparse: takes no room
    start = time.perf_counter()
    with pytest.raises(DataError, match="is 1,000,000,000,000 bytes long"):
        load_mnist()
    assert time.perf_counter() - start < 5


# --- the cache ---


def test_cached_files_need_neither_network_nor_writing(small: SmallMnist, cache: Path) -> None:
    small.store(cache)
    small.assert_equal(load_mnist())  # sockets are closed
    assert files_in(cache) == {f"mnist/{name}" for name in KEPT} and not (cache / ".lock").exists()


def test_cache_is_where_the_system_keeps_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RNN_UTILS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert download.cache_folder() == tmp_path / "rnn-utils"
    assert download.cache_folder().is_absolute()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows finds the home folder otherwise")
def test_user_without_a_home_gets_the_loud_default(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def nobody(_: int) -> None:
        raise KeyError

    for name in ("RNN_UTILS_CACHE", "HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    loud("no home folder was found to keep a download in; set RNN_UTILS_CACHE")
    assert not Path("~").exists()


def test_damaged_file_in_the_cache_is_fetched_again(small: SmallMnist, cache: Path, mirror: Mirror) -> None:
    damaged_file = small.store(cache) / "test-images.gz"
    damaged_file.write_bytes(b"nonsense")
    small.assert_equal(load_mnist())
    assert damaged_file.read_bytes() == small.files["test-images.gz"]
    assert mirror.gets == {"test-images.gz": 1}  # the others are not


def test_damaged_cache_without_network_gives_the_loud_default(
    small: SmallMnist, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RNN_UTILS_OFFLINE", "1")
    swap(small.store(cache), "train-labels.gz", "test-labels.gz")
    loud("train-labels.gz holds test-labels.gz instead, so the two were swapped, and RNN_UTILS_OFFLINE=1")


# --- the download ---


def test_download_fills_the_cache_once(
    small: SmallMnist, cache: Path, mirror: Mirror, capfd: pytest.CaptureFixture[str]
) -> None:
    small.assert_equal(load_mnist())
    assert files_in(cache) == {f"mnist/{name}" for name in KEPT}
    output = capfd.readouterr()
    assert "mnist:" in output.err and "Downloading" not in output.err  # the bar, not pooch's log
    assert output.out == ""
    asked = mirror.asked.copy()
    small.assert_equal(load_mnist())
    assert mirror.asked == asked


def test_source_is_asked_without_a_warning(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mnist_source() == "mnist"
    monkeypatch.setenv("RNN_UTILS_OFFLINE", "1")
    monkeypatch.setenv("RNN_UTILS_CACHE", os.environ["RNN_UTILS_CACHE"] + "-2")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mnist_source() == "digits"


@pytest.mark.parametrize("fault", [damaged, cut, cut_without_length, endless, absent])
def test_second_mirror_makes_good_a_bad_first(
    fault: Callable[..., None], small: SmallMnist, cache: Path, new_mirror: Callable[[], Mirror]
) -> None:
    bad, good = new_mirror(), new_mirror()
    bad.send, good.head_delay = fault, 0.3  # the bad one answers first
    small.assert_equal(load_mnist())
    assert bad.gets.total() == good.gets.total() == len(KEPT)
    assert files_in(cache) == {f"mnist/{name}" for name in KEPT}


def test_silent_first_mirror_is_made_good(
    small: SmallMnist, black_hole: SimpleNamespace, new_mirror: Callable[[], Mirror], hurried: None
) -> None:
    new_mirror()
    small.assert_equal(load_mnist())


WRONG = {
    damaged: "has a wrong SHA-256 and was deleted",
    cut: "127.0.0.1",
    cut_without_length: "bytes",
    endless: "sent more than the",
    absent: "status 404",
}


@pytest.mark.parametrize("fault", WRONG)
def test_bad_mirrors_leave_no_file_and_no_wrong_array(
    fault: Callable[..., None], cache: Path, new_mirror: Callable[[], Mirror]
) -> None:
    mirrors = [new_mirror(), new_mirror()]
    for mirror in mirrors:
        mirror.send = fault
    loud(WRONG[fault])
    assert files_in(cache) == {download.NOTE}
    assert sum(mirror.gets["train-images.gz"] for mirror in mirrors) == 2 * download.ROUNDS


def test_mirror_that_fails_once_is_tried_again(small: SmallMnist, mirror: Mirror) -> None:
    def second_time(handler: BaseHTTPRequestHandler, content: bytes) -> None:
        (whole if mirror.gets["train-images.gz"] > 1 else absent)(handler, content)

    mirror.send = second_time
    small.assert_equal(load_mnist())
    assert mirror.gets["train-images.gz"] == 2


def test_files_are_kept_as_sent_when_a_host_calls_them_encoded(small: SmallMnist, mirror: Mirror) -> None:
    mirror.send = labelled_gzip
    small.assert_equal(load_mnist())


def test_whole_files_stay_when_a_later_one_fails(cache: Path, mirror: Mirror) -> None:
    def some(handler: BaseHTTPRequestHandler, content: bytes) -> None:
        (absent if "test" in handler.path else whole)(handler, content)

    mirror.send = some
    loud("status 404")
    assert files_in(cache) == {"mnist/train-images.gz", "mnist/train-labels.gz", download.NOTE}
    mirror.send = whole
    (cache / download.NOTE).unlink()
    assert load_mnist().source == "mnist"
    assert mirror.gets["train-images.gz"] == 1
    assert not (cache / download.NOTE).exists()


# --- a network that is dead, dying or slow ---


def test_settings_of_patience_stay_below_ten_seconds() -> None:
    assert download.PATIENCE_SECONDS + download.WAIT_SECONDS < 10
    assert download.PROBE_SECONDS <= download.PATIENCE_SECONDS


def test_dead_network_costs_less_than_ten_seconds_once(black_hole: SimpleNamespace, cache: Path) -> None:
    start = time.perf_counter()
    loud("no answer within 3.0 seconds")
    assert 2.5 < time.perf_counter() - start < 10  # with the patience that readers get
    assert black_hole.visitors() == 2
    assert files_in(cache) == {download.NOTE}
    loud("a download failed")
    assert black_hole.visitors() == 0


def test_refused_connection_costs_no_wait(small: SmallMnist, loopback: None) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, not listening
        small.mirrors += [f"http://127.0.0.1:{closed.getsockname()[1]}/"]
        start = time.perf_counter()
        assert mnist_source() == "digits"
        assert time.perf_counter() - start < 2.5  # the probe would wait for 3


def test_name_that_is_never_found_costs_the_probe_alone(
    small: SmallMnist, loopback: None, hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = threading.Event()

    def look_up(*_: object, **__: object) -> None:
        found.wait(20)
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    small.mirrors += ["http://mirror.invalid/"]
    start = time.perf_counter()
    assert mnist_source() == "digits"
    taken = time.perf_counter() - start
    found.set()
    assert taken < 5


def silent(mirror: Mirror) -> Callable[..., None]:
    return lambda handler, content: mirror.closing.wait(20) and None


def headers_only(mirror: Mirror) -> Callable[..., None]:
    def send(handler: BaseHTTPRequestHandler, content: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:10])
        mirror.closing.wait(20)

    return send


def dripping(mirror: Mirror) -> Callable[..., None]:
    def send(handler: BaseHTTPRequestHandler, content: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        for byte in content:
            handler.wfile.write(bytes([byte]))
            if mirror.closing.wait(0.05):
                return

    return send


@pytest.mark.parametrize("fault", [silent, headers_only, dripping])
def test_network_that_dies_after_the_probe_is_given_up(
    fault: Callable[[Mirror], Callable[..., None]], mirror: Mirror, cache: Path, hurried: None
) -> None:
    mirror.send = fault(mirror)
    start = time.perf_counter()
    assert mnist_source() == "digits"
    assert time.perf_counter() - start < 5  # the server would go on for twenty; a busy machine takes its time
    assert files_in(cache) == {download.NOTE}


def test_slow_but_living_network_is_waited_for(
    small: SmallMnist, mirror: Mirror, hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that takes twice the patience arrives, because bytes restore the patience."""
    monkeypatch.setattr(download, "SLOWEST", 500)

    def slowly(handler: BaseHTTPRequestHandler, content: bytes) -> None:
        handler.send_response(200)
        handler.end_headers()
        for start in range(0, len(content), 200):
            handler.wfile.write(content[start : start + 200])
            time.sleep(0.1)

    mirror.send = slowly
    start = time.perf_counter()
    small.assert_equal(load_mnist())
    assert time.perf_counter() - start > 2 * download.PATIENCE_SECONDS


def test_failure_is_remembered_for_five_minutes_and_no_longer(cache: Path, mirror: Mirror) -> None:
    cache.mkdir()
    note = cache / download.NOTE
    note.write_text("no mirror answered: ConnectTimeout\n")
    for age in (0, 290):
        os.utime(note, (time.time() - age,) * 2)
        loud("ConnectTimeout")
    assert not mirror.asked
    os.utime(note, (time.time() - 301,) * 2)
    assert mnist_source() == "mnist"
    assert not note.exists()


def test_note_from_the_future_is_not_believed(cache: Path, mirror: Mirror) -> None:
    cache.mkdir()
    note = cache / download.NOTE
    note.write_text("ConnectTimeout\n")
    os.utime(note, (time.time() + 3600,) * 2)
    assert mnist_source() == "mnist"


def test_offline_asks_nobody(cache: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_UTILS_OFFLINE", "1")
    loud("RNN_UTILS_OFFLINE=1 forbids the download; unset it")
    assert not mirror.asked and not cache.exists()
    monkeypatch.setenv("RNN_UTILS_OFFLINE", "0")
    assert mnist_source() == "mnist"


def test_offline_with_another_value_is_refused(small: SmallMnist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_UTILS_OFFLINE", "maybe")
    with pytest.raises(SettingError, match="RNN_UTILS_OFFLINE is 'maybe'; expected 1"):
        load_mnist()


# --- a disk that is full, closed, shared or interrupted ---


class FullDisk:
    """A file that takes a little and then has no room."""

    def __init__(self, path: str, mode: str) -> None:
        self.file = open(path, mode)  # noqa: PTH123, SIM115

    def __enter__(self) -> "FullDisk":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, content: bytes) -> None:
        self.file.write(content[:10])
        raise OSError(errno.ENOSPC, "No space left on device")


def test_full_disk_gives_the_loud_default_and_leaves_nothing(
    cache: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "open", FullDisk, raising=False)
    loud("cannot be written to (No space left on device); make room there, or set RNN_UTILS_CACHE")
    assert files_in(cache) == set()  # no note either: once there is room, the next try is not held back
    assert mirror.gets.total() == 1  # another mirror cannot help


@pytest.mark.parametrize("fault", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_cache_that_cannot_be_made_gives_the_loud_default(
    fault: int, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, *_: object, **__: object) -> None:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(Path, "mkdir", refuse)
    loud(f"cannot be written to ({os.strerror(fault)})")
    assert not mirror.asked


def test_file_in_place_of_the_cache_gives_the_loud_default(cache: Path, mirror: Mirror) -> None:
    cache.write_text("a file")
    loud("cannot be written to")
    assert cache.read_text() == "a file" and not mirror.asked


def test_folder_in_place_of_a_file_gives_the_loud_default(cache: Path, mirror: Mirror) -> None:
    (cache / "mnist" / "train-images.gz").mkdir(parents=True)
    loud("cannot be written to")
    assert files_in(cache) == {"mnist/train-images.gz"}


@pytest.mark.skipif(IS_ROOT, reason="root may write everywhere")
def test_read_only_cache_gives_the_loud_default(cache: Path, mirror: Mirror) -> None:
    cache.mkdir()
    cache.chmod(stat.S_IRUSR | stat.S_IXUSR)
    loud("cannot be written to (Permission denied)")
    assert not mirror.asked


def test_note_that_cannot_be_written_is_no_failure(
    cache: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, *_: object, **__: object) -> None:
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    mirror.send = absent
    monkeypatch.setattr(Path, "write_text", refuse)
    loud("status 404")
    assert files_in(cache) == set()


def test_interrupted_download_leaves_nothing_and_frees_the_lock(
    cache: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> Iterator[bytes]:
        yield b"begun"
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(download, "_pieces", interrupt)
        with pytest.raises(KeyboardInterrupt):
            load_mnist()
    assert files_in(cache) == set()
    assert load_mnist().source == "mnist"


def test_lock_that_another_holds_for_too_long_gives_the_loud_default(
    cache: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    import filelock

    monkeypatch.setattr(download, "LOCK_SECONDS", 0.1)
    cache.mkdir()
    with filelock.FileLock(cache / ".lock"):
        loud("another process holds")
    assert not mirror.asked


# Another process with the same small registry: it prints what it would load.
OTHER = """
import json, sys
from rnn_utils import data, registry
table = json.loads(sys.argv[1])
registry._table = lambda: table
print(data.mnist_source())
"""


def start_other(small: SmallMnist) -> subprocess.Popen[str]:
    table = json.dumps({"mirrors": {"mnist": small.mirrors}, "files": small.rows})
    return subprocess.Popen(
        [sys.executable, "-c", OTHER, table], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def test_two_processes_download_once(small: SmallMnist, mirror: Mirror, cache: Path) -> None:
    def slowly(handler: BaseHTTPRequestHandler, content: bytes) -> None:
        time.sleep(0.3)  # long enough for the other to arrive
        whole(handler, content)

    mirror.send = slowly
    others = [start_other(small), start_other(small)]
    assert [other.communicate(timeout=60)[0].strip() for other in others] == ["mnist", "mnist"]
    assert mirror.gets == dict.fromkeys(KEPT, 1)
    assert files_in(cache) == {f"mnist/{name}" for name in KEPT}


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_killed_download_leaves_no_file_under_its_name_and_is_swept_up(
    small: SmallMnist, mirror: Mirror, cache: Path
) -> None:
    half_sent = threading.Event()

    def half(handler: BaseHTTPRequestHandler, content: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:100])
        half_sent.set()
        mirror.closing.wait(20)

    mirror.send = half
    with start_other(small) as other:
        assert half_sent.wait(30)
        other.send_signal(signal.SIGKILL)
    assert not any((cache / "mnist" / name).exists() for name in KEPT)
    assert files_in(cache)  # the part that a killed process cannot take away
    mirror.send = whole
    small.assert_equal(load_mnist())
    assert files_in(cache) == {f"mnist/{name}" for name in KEPT}


# --- the loud default ---


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_UTILS_OFFLINE", "1")


def test_default_is_loud_in_the_log_and_on_the_page(offline: None, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(data, "display", shown.append)
    with pytest.warns(UserWarning, match="scanned digits, 1,437 for training and 360 for testing, not MNIST") as caught:
        load_mnist()
    assert caught[0].filename == __file__  # points at the line that asked
    (banner,) = shown
    assert banner["text/plain"].startswith("Not MNIST: ") and "1,437" in banner["text/plain"]
    assert 'class="data-banner"' in banner["text/html"] and "360 for testing" in banner["text/html"]


def test_default_is_the_digits_of_scikit_learn_split_fairly(offline: None) -> None:
    digits = loud()
    assert (digits.x_train.shape, digits.x_test.shape) == ((1437, 28, 28), (360, 28, 28))
    assert (digits.x_train.dtype, digits.y_train.dtype) == (np.uint8, np.int64)
    assert (digits.x_train.min(), digits.x_train.max()) == (0, 255)
    counts = np.bincount(digits.y_train), np.bincount(digits.y_test)
    np.testing.assert_allclose(counts[1] / sum(counts), 360 / 1797, atol=0.005)
    from sklearn.datasets import load_digits

    raw = load_digits()
    known = {image.tobytes(): label for image, label in zip(data._enlarged(raw.images.astype(int)), raw.target)}  # noqa: B905
    for images, labels in ((digits.x_train, digits.y_train), (digits.x_test, digits.y_test)):
        assert [known[image.tobytes()] for image in images] == labels.tolist()  # each still has its own label


def test_default_is_the_same_every_time(offline: None) -> None:
    first, second = loud(), loud()
    np.testing.assert_array_equal(first.x_train, second.x_train)
    np.testing.assert_array_equal(first.y_test, second.y_test)


def test_enlarging_is_bilinear_between_pixel_centres() -> None:
    """Held against the definition, in exact fractions."""
    image = np.random.default_rng(5).integers(0, 17, (8, 8))
    half = Fraction(1, 2)
    places = [min(max((new + half) * Fraction(8, 28) - half, Fraction(0)), Fraction(7)) for new in range(28)]
    near = [{old: 1 - abs(place - old) for old in range(8) if abs(place - old) < 1} for place in places]
    expected = [
        [
            int(sum(a * b * int(image[i, j]) for i, a in rows.items() for j, b in columns.items()) * 255 / 16 + half)
            for columns in near
        ]
        for rows in near
    ]
    np.testing.assert_array_equal(data._enlarged(image[None])[0], expected)


@pytest.mark.parametrize(("ink", "grey"), [(0, 0), (16, 255)])
def test_enlarging_keeps_paper_and_full_ink(ink: int, grey: int) -> None:
    assert np.unique(data._enlarged(np.full((1, 8, 8), ink))).tolist() == [grey]


def test_digits_that_changed_are_refused(offline: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import sklearn.datasets

    changed = sklearn.datasets.load_digits()
    changed.target[0] = 9
    monkeypatch.setattr(sklearn.datasets, "load_digits", lambda: changed)
    with pytest.raises(DataError, match=r"digits have the SHA-256 .* Reinstall scikit-learn"):
        load_mnist()


def test_bar_and_description_follow_the_source() -> None:
    images, labels = np.zeros((2000, 28, 28), np.uint8), np.zeros(2000, np.int64)
    mnist = Dataset(images, labels, images[:10], labels[:10], "mnist")
    digits = Dataset(images, labels, images[:10], labels[:10], "digits")
    assert mnist.bar(mnist=0.97, digits=0.90) == 0.97
    assert digits.bar(mnist=0.97, digits=0.90) == 0.90
    assert repr(mnist) == "Dataset('mnist': 2,000 for training, 10 for testing)"


# --- without the extra packages ---


@pytest.mark.parametrize("missing", ["pooch", "filelock", "tqdm", "requests"])
def test_missing_package_is_named_with_its_extra(
    missing: str, small: SmallMnist, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(DataError, match=rf'needs {missing}, .* pip install "rnn-utils\[chapters\]"'):
        load_mnist()


def test_missing_scikit_learn_is_named_with_its_extra(offline: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DataError, match=r'needs sklearn, .* pip install "rnn-utils\[chapters\]"'):
        load_mnist()


NUMPY_ALONE = """
import sys

class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in sys.stdlib_module_names | {"numpy", "rnn_utils"}:
            raise ImportError(name)

sys.meta_path.insert(0, Nothing())
from rnn_utils import data
from rnn_utils.errors import DataError
try:
    data.load_mnist()
except DataError as error:
    print(error)
"""


def test_numpy_alone_imports_the_module_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RNN_UTILS_CACHE")
    run = subprocess.run([sys.executable, "-c", NUMPY_ALONE], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.stderr == ""
    assert run.stdout.startswith("load_mnist: needs pooch") and "rnn-utils[chapters]" in run.stdout


def test_numpy_alone_reads_a_named_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for missing in ("pooch", "filelock", "tqdm", "requests", "sklearn", "sklearn.datasets"):
        monkeypatch.setitem(sys.modules, missing, None)
    assert load_mnist().source == "mnist"


# --- python -m rnn_utils.data --probe ---


def test_probe_says_in_one_line_where_mnist_is(mirror: Mirror, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert data.main(["--probe"]) == 0
    assert capsys.readouterr().out == f"mnist: {cache / 'mnist'}, just downloaded\n"
    assert data.main(["--probe"]) == 0
    assert capsys.readouterr().out == f"mnist: {cache / 'mnist'}, the cache\n"


def test_probe_says_in_one_line_why_there_are_only_digits(offline: None, cache: Path) -> None:
    command = [sys.executable, "-m", "rnn_utils.data", "--probe"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("digits: not MNIST, because ") and run.stdout.count("\n") == 1


def test_probe_of_a_wrong_folder_fails_with_a_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "test-labels.gz").unlink()
    assert data.main(["--probe"]) == 1
    output = capsys.readouterr()
    assert output.out == "" and output.err.startswith("load_mnist: RNN_UTILS_DATA is ")
