"""Studies: runs too long for a chapter, kept with what made them (`make study`, `make restamp`).

A study is ``benchmarks/<study>.py``.  Its ``RUNS`` names for each table the function that makes one row from
the arguments that identify it, and `complete` does the runs that are not stored yet.  ``RNN_UTILS_PROFILE=quick``
shows that a study still runs: it does the first run of each table, prints what comes, and stores nothing.
"""

import argparse
import datetime
import importlib
import inspect
import json
import multiprocessing
import os
import platform
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tools.processors import model
from tools.profiles import profile
from tools.slices import NUMERICAL, fingerprint

ROOT = Path(__file__).resolve().parent.parent
Key = dict[str, Any]
Row = dict[str, Any]
Runs = dict[str, Callable[..., Row]]
OWN = ("study", "sittings", "restamps")  # stand in a file beside the tables


class Study:
    """Tables of rows, one JSON file a study, and what made each row.

    Parameters
    ----------
    script : str or Path
        ``benchmarks/<study>.py``, whose stem names the study.
    runs : dict of table to function
        The function makes a row; its parameters are the row's key.

    Notes
    -----
    A row carries ``made_by``, the fingerprint of what its function rests on (`tools.slices`), and
    ``sitting``, the place in ``sittings`` of the machine, versions and day that made it.  Stale rows are
    not kept: the first `add` leaves them out.  Each `add` writes the whole file beside its place and
    renames it, so a stop loses at most the run in progress.
    """

    def __init__(self, script: str | Path, runs: Runs):
        self.script, self.runs = Path(script).resolve(), runs
        self.root = self.script.parent.parent
        self.path = self.script.parent / "results" / f"{self.script.stem}.json"
        stored = json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else {}
        self.sittings: list[dict[str, Any]] = stored.get("sittings", [])
        self.restamps: list[dict[str, Any]] = stored.get("restamps", [])
        self.tables: dict[str, list[Row]] = {name: rows for name, rows in stored.items() if name not in OWN}
        self._known: dict[tuple[str, frozenset[str]], str] = {}

    def made_by(self, table: str, key: Key) -> str:
        """Return the fingerprint of what makes a row with this key today."""
        words = frozenset(value for value in key.values() if isinstance(value, str))
        if (table, words) not in self._known:
            function = self.runs[table]
            script = Path(inspect.getsourcefile(function))
            self._known[table, words] = fingerprint(script, function.__name__, words, self.root)
        return self._known[table, words]

    def key_of(self, table: str, row: Row) -> Key:
        """Return the part of a row that identifies it."""
        return {name: row[name] for name in inspect.signature(self.runs[table]).parameters if name in row}

    def stale(self) -> list[str]:
        """Name the rows that today's code would make anew."""
        found = []
        for table, rows in self.tables.items():
            if table not in self.runs:
                found.append(f"{table}: no function of {self.script.name} makes this table")
                continue
            keys = [self.key_of(table, row) for row in rows]
            found += [
                f"{table}: {key}"
                for row, key in zip(rows, keys, strict=True)
                if row.get("made_by") != self.made_by(table, key)
            ]
        return found

    def has(self, table: str, key: Key) -> bool:
        """Tell whether a fresh row with this key is stored, so that its run can be left out."""
        now = self.made_by(table, key)
        return any(row.get("made_by") == now and self.key_of(table, row) == key for row in self.tables.get(table, []))

    def add(self, table: str, key: Key, measured: Row) -> None:
        """Put a row of plain numbers, texts and lists in its place, and store the study."""
        sitting = {"date": datetime.date.today().isoformat(), "machine": machine(), "versions": versions()}
        if sitting not in self.sittings:
            self.sittings.append(sitting)
        stamp = {"made_by": self.made_by(table, key), "sitting": self.sittings.index(sitting)}
        rows = self.tables.setdefault(table, [])
        rows[:] = [row for row in rows if self.key_of(table, row) != key]
        rows.append({**key, **measured, **stamp})
        self.tables = {
            name: [row for row in kept if row.get("made_by") == self.made_by(name, self.key_of(name, row))]
            for name, kept in self.tables.items()
            if name in self.runs
        }
        self.write()

    def write(self) -> None:
        """Store what is held."""
        own = {"study": self.script.stem, "sittings": self.sittings, "restamps": self.restamps}
        record = {**{name: value for name, value in own.items() if value}, **self.tables}
        self.path.parent.mkdir(exist_ok=True)
        beside = self.path.with_suffix(".json.part")
        beside.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        beside.replace(self.path)


def machine() -> dict[str, Any]:
    """Describe the machine: processor, cores, system, Python."""
    system = f"{platform.system()} {platform.machine()}"
    return {"processor": model(), "cores": os.cpu_count(), "system": system, "python": platform.python_version()}


def versions() -> dict[str, str]:
    """Return the installed versions of what changes numbers."""
    found = {}
    for package in sorted({name for names in NUMERICAL.values() for name in names}):
        try:
            found[package] = version(package).split("+")[0]
        except PackageNotFoundError:
            continue
    return found


def do(study: str, table: str, key: Key) -> Row:
    """Make one row, in this process."""
    return importlib.import_module(f"benchmarks.{study}").RUNS[table](**key)


def complete(study: str, at_once: int, *, look: bool = False) -> None:
    """Do the runs of a study that are not stored yet, and store each as it comes; or look at the first of each table.

    A study may say ``THREADS`` (1 unless it does), ``APART``: a process of its own for every run, and
    ``ALONE``: tables whose runs have the machine for themselves.
    """
    module = importlib.import_module(f"benchmarks.{study}")
    kept = Study(module.__file__, module.RUNS)
    bound(getattr(module, "THREADS", 1))
    jobs = list(module.jobs())
    first = dict(reversed(jobs))
    left = list(first.items()) if look else [(table, key) for table, key in jobs if not kept.has(table, key)]
    alone = [job for job in left if job[0] in getattr(module, "ALONE", ())]
    options = {
        "mp_context": multiprocessing.get_context("spawn"),
        "max_tasks_per_child": 1 if getattr(module, "APART", False) else None,
    }
    for part, workers in ((alone, 1), ([job for job in left if job not in alone], at_once)):
        with ProcessPoolExecutor(workers, **options) as pool:
            waiting = {pool.submit(do, study, *job): job for job in part}
            for run in tqdm(as_completed(waiting), total=len(waiting), unit="run", desc=study):
                if look:
                    tqdm.write(str({"table": waiting[run][0], **waiting[run][1], **run.result()}))
                else:
                    kept.add(*waiting[run], run.result())


def bound(threads: int) -> None:
    """Let the processes that are started from here compute with so many threads, on the CPU, and run what is usual."""
    for name in ("RNN_UTILS_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ |= {"RNN_UTILS_DEVICE": "cpu", "RNN_UTILS_PROFILE": "book", "TF_CPP_MIN_LOG_LEVEL": "3"}


def main(arguments: Iterable[str] | None = None) -> None:
    """Run a study, or what is left of it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("study", help="name of benchmarks/<study>.py")
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="runs at a time, of studies without times")
    asked = parser.parse_args(arguments)
    if not (ROOT / "benchmarks" / f"{asked.study}.py").exists():
        names = ", ".join(sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py")))
        parser.error(f"no study {asked.study!r}; expected one of {names}")
    complete(asked.study, asked.at_once, look=profile() == "quick")


if __name__ == "__main__":
    main(sys.argv[1:])
