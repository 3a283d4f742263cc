"""Compile requirements.txt from pyproject.toml (`make lock`); refuses what would not install elsewhere.

Versions that are locked stay, since the stored outputs came from them; ``UPGRADE=1`` takes the newest.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.install import GROUPS, ROOT


def main() -> None:
    """Compile, strip the build's local version, and store the lock if it is clean."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that are allowed")
    upgrade = ["--upgrade"] if parser.parse_args().upgrade else []
    if sys.version_info[:2] != (3, 11):
        sys.exit(f"make lock: Python {sys.version.split()[0]} was found; the lock is compiled on 3.11, the oldest.")
    command = [sys.executable, "-m", "piptools", "compile", "--quiet", "--no-header", "--allow-unsafe"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--strip-extras", *upgrade]
    command += [f"--extra={extra}" for extra in GROUPS["cluster"]]
    lock = ROOT / "requirements.txt"
    with tempfile.TemporaryDirectory() as folder:
        compiled = Path(folder) / "requirements.txt"
        compiled.write_text(lock.read_text(encoding="utf-8"), encoding="utf-8")
        subprocess.run([*command, f"--output-file={compiled}", "pyproject.toml"], cwd=ROOT, check=True)
        text = re.sub(r"(?m)^([\w.-]+==[^+\s]+)\+\w+", r"\1", compiled.read_text(encoding="utf-8"))
    if bad := refused(text):
        sys.exit("make lock: nothing stored; these lines would not install elsewhere:\n" + "\n".join(bad))
    lock.write_text(
        "# Compiled by `make lock` from pyproject.toml on Python 3.11; do not edit by hand.\n" + text, encoding="utf-8"
    )


def refused(text: str) -> list[str]:
    """Return the lines of a lock that are no plain ``name==version``, or that bring CUDA along."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    plain = re.compile(r"[A-Za-z0-9][\w.-]*==[\w.]+(\s*;.*)?$")
    return [line for line in lines if not plain.match(line) or re.match(r"nvidia|triton|cuda", line)]


if __name__ == "__main__":
    main()
