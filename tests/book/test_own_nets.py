"""The scripts that *How to read and run* shows for a net of one's own survive a kill and go on where they were."""

import csv
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.chapters import ROOT

KILL_AFTER = 3  # epochs
PAGE = (ROOT / "book" / "how_to_read_and_run.md").read_text(encoding="utf-8")
ALONE = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2", "MPLBACKEND": "agg"}


def script(section: str) -> str:
    """Return the program that stands under a label of the page."""
    return re.search(rf"\({section}\)=.*?```python\n(.*?)```", PAGE, re.DOTALL)[1]


def recorded(folder: Path, pattern: str, column: str) -> dict[str, list[float]]:
    """Return the epochs and the values of a column, from the records of all starts."""
    texts = [path.read_text() for path in sorted(folder.glob(pattern))]
    whole = [text[: text.rfind("\n") + 1].splitlines() for text in texts]  # the last line may be half written
    rows = [row for lines in whole for row in csv.DictReader(lines) if row.get(column)]
    return {"epochs": [int(row["epoch"]) for row in rows], "values": [float(row[column]) for row in rows]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "records", "kept"),
    [
        pytest.param("keras", "log.csv", "net.keras", marks=pytest.mark.tensorflow),
        pytest.param("pytorch_lightning", "log/*/metrics.csv", "checkpoints/last.ckpt", marks=pytest.mark.torch),
    ],
)
def test_a_killed_training_goes_on(module: str, records: str, kept: str, tmp_path: Path) -> None:
    pytest.importorskip(module)
    section = f"how-to-read-and-run-own-{module.removeprefix('pytorch_')}"
    (tmp_path / "own.py").write_text(script(section), encoding="utf-8")
    command, settings = [sys.executable, "own.py"], {"cwd": tmp_path, "env": {**os.environ, **ALONE}}
    with (
        (tmp_path / "said.txt").open("w") as said,
        subprocess.Popen(command, stdout=said, stderr=said, **settings) as run,
    ):
        while len(recorded(tmp_path, records, "loss")["epochs"]) < KILL_AFTER and run.poll() is None:
            time.sleep(0.01)
        run.kill()
    assert run.returncode == -signal.SIGKILL, (tmp_path / "said.txt").read_text()
    before = recorded(tmp_path, records, "loss")["values"]
    second = subprocess.run(command, capture_output=True, encoding="utf-8", **settings)
    assert second.returncode == 0, second.stderr
    for column in ("loss", "val_loss"):
        epochs, values = recorded(tmp_path, records, column).values()
        assert epochs == list(range(len(epochs))), "each epoch once"
        assert KILL_AFTER <= len(before) < len(epochs)
        assert min(values) < 0.05 / 20, "a twentieth of what always saying 0 costs"
    assert recorded(tmp_path, records, "loss")["values"][: len(before)] == before
    assert (tmp_path / "chart.png").exists() and (tmp_path / kept).exists()
