"""Show on rows that a change left a study's numbers alone (`make restamp STUDY=… FROM=…`).

At least two rows of each kind, those that one fingerprint speaks for, are made with the code of an earlier
commit and with today's, both on this machine, and compared bit for bit but for what a clock measured.
If all agree, the stale rows get today's fingerprint, and the file says by which witness.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tools.study import ROOT, Key, Row, Study, bound, machine

CLOCKED = ("seconds", "cpu_seconds", "others")
CODE = "import json, sys; from tools.study import do; print(json.dumps(do(*json.loads(sys.argv[1]))))"


def main() -> int:
    """Compare rows made before and after; restamp if they agree."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("study")
    parser.add_argument("commit", help="the code that made the rows")
    asked = parser.parse_args()
    module = importlib.import_module(f"benchmarks.{asked.study}")
    study = Study(module.__file__, module.RUNS)
    bound(getattr(module, "THREADS", 1))
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder) / "before"
        git("worktree", "add", "--detach", str(before), asked.commit)
        try:
            witnesses = chosen(study)
            for table, key in witnesses:
                run = [asked.study, table, key | getattr(module, "WITNESS", {})]
                old, new = (made(root, run) for root in (before, ROOT))
                print(f"{'same' if old == new else 'DIFFERENT'}: {table} {key}", flush=True)
                if old != new:
                    return 1
        finally:
            git("worktree", "remove", "--force", str(before))
    for table, rows in study.tables.items():
        for row in rows:
            row["made_by"] = study.made_by(table, study.key_of(table, row))
    study.restamps.append({"from": git("rev-parse", asked.commit), "rows": witnesses, "machine": machine()})
    study.write()
    return 0


def chosen(study: Study) -> list[tuple[str, Key]]:
    """Return the keys of the first and the last stale row of each kind."""
    kinds: dict[tuple[str, str], list[Key]] = {}
    for table, rows in study.tables.items():
        for row in rows:
            key = study.key_of(table, row)
            if row.get("made_by") != (now := study.made_by(table, key)):
                kinds.setdefault((table, now), []).append(key)
    return [
        (table, key) for (table, _), keys in kinds.items() for key in {str(k): k for k in keys[:1] + keys[-1:]}.values()
    ]


def made(root: Path, run: list[Any]) -> Row:
    """Make a row with the code of a checkout, in a process of its own, without what a clock measured."""
    command, environment = [sys.executable, "-c", CODE, json.dumps(run)], {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=root, env=environment, check=True, stdout=subprocess.PIPE)
    row: Row = json.loads(done.stdout.splitlines()[-1])
    if "curve" in row:  # seconds and shares, of which the clock measured the first
        row["curve"] = [share for _, share in row["curve"]]
    return {name: value for name, value in row.items() if name not in CLOCKED}


def git(*arguments: str) -> str:
    """Run git in the repository; return what it says."""
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, check=True, capture_output=True, encoding="utf-8"
    ).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
