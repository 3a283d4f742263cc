"""Studies: runs too long for a chapter, stored with what made them, recalled by the chapters."""

import datetime
import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rnn_utils.errors import ResultError
from rnn_utils.fingerprint import fingerprint

ROOT = Path(__file__).resolve().parent.parent
PACKAGED = Path(__file__).resolve().parent / "_data"  # filled when a wheel is built
PROVENANCE = ("study", "hash", "date", "machine", "versions")  # stands in a file beside the tables


class Study:
    """Resumable tables of runs, one JSON file per study: its tables by name, beside its provenance.

    Parameters
    ----------
    script : str or Path
        ``__file__`` of ``benchmarks/<study>.py``; its stem names the study.

    Notes
    -----
    Rows made by other code, helpers, versions or data are not kept: the first `add` replaces
    them.  Each `add` writes the whole file beside its place and renames it, so a stop loses
    at most the run in progress.
    """

    def __init__(self, script: str | Path):
        self.script = Path(script).resolve()
        self.root = self.script.parent.parent
        self.path = self.script.parent / "results" / f"{self.script.stem}.json"
        self.hash = study_hash(self.script, self.root)
        stored = json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else {}
        self._tables = _tables(stored) if stored.get("hash") == self.hash else {}

    def has(self, table: str, **key: Any) -> bool:
        """Tell whether a row with these values is stored, so that its run can be left out."""
        return any(all(row.get(name) == value for name, value in key.items()) for row in self._tables.get(table, []))

    def add(self, table: str, row: dict[str, Any]) -> None:
        """Append a row of plain numbers, texts and lists, and store the study.

        Raises
        ------
        ResultError
            If the table has the name of a provenance field.
        """
        if table in PROVENANCE:
            raise ResultError(f"Study.add: got a table {table!r}; expected a name other than {', '.join(PROVENANCE)}.")
        self._tables.setdefault(table, []).append(row)
        record = {
            "study": self.script.stem,
            "hash": self.hash,
            "date": datetime.date.today().isoformat(),
            "machine": machine(),
            "versions": versions(),
            **self._tables,
        }
        self.path.parent.mkdir(exist_ok=True)
        beside = self.path.with_suffix(".json.part")
        beside.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        beside.replace(self.path)


def load(study: str) -> dict[str, Any]:
    """Recall a stored study.

    Parameters
    ----------
    study : str
        Name of ``benchmarks/<study>.py``.

    Returns
    -------
    dict
        ``rows`` (tables by name, each a list of dicts), ``machine``, ``versions``, ``date``.

    Raises
    ------
    ResultError
        If there is no such study, or its code, helpers, versions or data have changed since.
        Outside a checkout (an installed wheel) the code of the study is not there to compare.
    """
    script = ROOT / "benchmarks" / f"{study}.py"
    path = script.parent / "results" / f"{study}.json" if script.exists() else PACKAGED / f"{study}.json"
    if not path.exists():
        raise ResultError(f"results.load: no stored study {study!r} at {path}; run `python benchmarks/{study}.py`.")
    record = json.loads(path.read_text(encoding="utf-8"))
    if script.exists() and record["hash"] != (now := study_hash(script, ROOT)):
        raise ResultError(
            f"results.load: study {study!r} was made by {record['hash']}, its code, helpers, versions and data "
            f"are now {now}; run `python benchmarks/{study}.py` again."
        )
    return {name: record[name] for name in PROVENANCE} | {"rows": _tables(record)}


def study_hash(script: Path, root: Path) -> str:
    """Return the fingerprint of a study's script."""
    return fingerprint([script.read_text(encoding="utf-8")], root)


def machine() -> dict[str, Any]:
    """Describe the machine: processor, cores, system, threads used."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "threads": int(os.environ.get("RNN_UTILS_THREADS", "1")),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """Return the installed versions of what changes numbers."""
    found = {}
    for package in ("numpy", "tensorflow", "keras", "torch", "scikit-learn"):
        try:
            found[package] = version(package).split("+")[0]
        except PackageNotFoundError:
            continue
    return found


def _tables(record: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {name: rows for name, rows in record.items() if name not in PROVENANCE}
