"""The net that writes, trained by two processes: the text dealt out, a worker killed, a worker silent."""

import importlib.util
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import psutil
import pytest

from tools.profiles import in_turn

torch = pytest.importorskip("torch")
pytest.importorskip("pytorch_lightning")

CLUSTER = Path(__file__).resolve().parents[2] / "benchmarks" / "cluster"
ENVIRONMENT = os.environ | {
    "OMP_NUM_THREADS": "1",
    "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
    "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "300",  # other tests keep the processor busy
}
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
LITTLE = ["--letters", "20000", "--rows", "32", "--rate", "0.004"]  # five steps a pass


@pytest.fixture(scope="module")
def letters() -> ModuleType:
    spec = importlib.util.spec_from_file_location("letters", CLUSTER / "letters.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("workers", range(1, 9))
def test_each_letter_is_read_by_one_worker_but_for_the_rest(letters: ModuleType, workers: int) -> None:
    x = torch.arange(10_007)
    own = [letters.own_rows(x, 5, worker, workers) for worker in range(workers)]
    read = torch.cat([rows.flatten() for rows in own])
    assert read.tolist() == list(range(len(read)))
    assert len(x) - len(read) < 5 * workers
    for rows in own:
        pairs = list(letters.batches(rows))
        assert torch.equal(torch.cat([y for _, y in pairs], dim=1), rows[:, 1:])
        assert all(torch.equal(x + 1, y) for x, y in pairs)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--rows", "0"], "--rows: got 0; expected a whole number from 1 on"),
        (["--passes", "two"], "--passes: got two; expected a whole number from 1 on"),
    ],
)
def test_a_number_that_cannot_be_is_refused(
    letters: ModuleType, asked: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(sys, "argv", ["letters.py", "--out", "run", *asked])
    with pytest.raises(SystemExit):
        letters.asked_for("")
    assert said in capsys.readouterr().err


def test_rows_without_letters_are_refused(letters: ModuleType) -> None:
    with pytest.raises(SystemExit, match=r"got 100 letters for 2 workers with 32 rows each.+fewer --rows"):
        letters.own_rows(torch.arange(100), 32, 0, 2)


class Started(subprocess.Popen):
    """Two processes that train, children of the one that starts them or of its children; what they say goes to a file.

    They are started beside another `letters.py`, a study, which is not to be taken for the one in the folder.
    """

    def __init__(self, command: list[str], out: Path, *more: str, program: str = "letters.py"):
        self.out, self.log = out, out.with_suffix(".log")
        with self.log.open("w") as log:
            command = [*command, str(CLUSTER / program), "--out", str(out), *LITTLE, *more]
            super().__init__(command, env=ENVIRONMENT, stdout=log, stderr=log, cwd=CLUSTER.parent)

    def said(self, timeout: float = 120) -> str:
        """Wait for the end; return what was said."""
        self.wait(timeout)
        return self.log.read_text(encoding="utf-8")

    def last_worker(self, checkpoint: str = "last.ckpt", worker: str = "letters.py") -> psutil.Process:
        """Wait for a file that tells of a checkpoint; return the youngest process that trains."""
        end = time.monotonic() + 240
        while not (self.out / checkpoint).exists():
            assert self.poll() is None, self.said()
            assert time.monotonic() < end, "no checkpoint after four minutes"
            time.sleep(0.05)
        children = psutil.Process(self.pid).children(recursive=True)
        trains = [child for child in children if worker in " ".join(child.cmdline())]
        return max(trains, key=lambda child: child.pid)


@pytest.fixture(autouse=True, scope="module")
def none_left() -> Iterator[None]:
    """End what a test that failed has left."""
    yield
    for process in psutil.Process().children(recursive=True):
        if "letters" in " ".join(process.cmdline()):
            process.terminate()


def ended(said: str) -> str:
    return re.search(r"2 workers, \d+ steps: [\d.]+ bits a letter", said)[0]


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Started:
    """Return two processes that came to their end undisturbed."""
    process = Started([sys.executable], tmp_path_factory.mktemp("calm") / "run", "--workers", "2", "--passes", "12")
    process.said()
    return process


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_worker_that_torchrun_has_lost_is_started_again_and_comes_to_the_same_net(
    tmp_path: Path, calm: Started
) -> None:
    killed = Started([*TORCHRUN, "--max-restarts", "1"], tmp_path / "run", "--passes", "12")
    killed.last_worker().kill()
    said = killed.said()
    assert killed.returncode == 0, said
    assert "Restored all states from the checkpoint" in said
    assert ended(said) == ended(calm.said())


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not in_turn([True], 3), reason="Ray takes minutes to start, and is tried at every third commit")
def test_a_worker_that_ray_has_lost_is_started_again_and_comes_to_the_same_net(tmp_path: Path, calm: Started) -> None:
    pytest.importorskip("ray")
    asked = ["--workers", "2", "--passes", "12"]
    killed = Started([sys.executable], tmp_path / "run", *asked, program="letters_on_ray.py")
    killed.last_worker("checkpoint_manager_snapshot.json", "RayTrainWorker").kill()  # there, a checkpoint is noted
    said = killed.said(400)
    assert killed.returncode == 0, said
    assert "Restored all states from the checkpoint" in said
    assert ended(said) == ended(calm.said())


@pytest.mark.slow
def test_a_checkpoint_that_was_planned_for_other_steps_is_refused(calm: Started) -> None:
    more = Started([sys.executable], calm.out, "--rows", "64", "--passes", "13")
    assert "planned for 60 steps, and 65 were asked for. Give the same --passes" in more.said()
    assert more.returncode == 1


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_silent_worker_ends_in_one_clear_error_in_time(tmp_path: Path) -> None:
    process = Started([sys.executable], tmp_path / "run", "--workers", "2", "--passes", "9999", "--timeout", "20")
    silent = process.last_worker()
    silent.suspend()
    stopped = time.monotonic()
    try:
        said = process.said(90)
    finally:
        silent.kill()
    assert process.returncode == 1
    assert 10 < time.monotonic() - stopped < 55
    assert re.search(r"letters: worker 0 of 2 has lost another one; expected its answer within 20 s, got: .+", said)
    assert f"Start again to go on from the last checkpoint in {tmp_path / 'run'}." in said
    assert "Traceback" not in said
