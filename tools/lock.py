"""Compile requirements.txt from pyproject.toml (`make lock`); refuses what would not install elsewhere."""

import re
import subprocess
import sys

from tools.install import GROUPS, ROOT


def main() -> None:
    """Compile, strip the build's local version, and store the lock if it is clean."""
    if sys.version_info[:2] != (3, 11):
        sys.exit(f"make lock: Python {sys.version.split()[0]} was found; the lock is compiled on 3.11, the oldest.")
    command = [sys.executable, "-m", "piptools", "compile", "--quiet", "--no-header", "--allow-unsafe"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--strip-extras", "--upgrade"]
    command += [f"--extra={extra}" for extra in GROUPS["test"]]
    command += ["--output-file=-", "pyproject.toml"]
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    text = re.sub(r"(?m)^([\w.-]+==[^+\s]+)\+\w+", r"\1", result.stdout)
    if bad := refused(text):
        sys.exit("make lock: nothing stored; these lines would not install elsewhere:\n" + "\n".join(bad))
    (ROOT / "requirements.txt").write_text(
        "# Compiled by `make lock` from pyproject.toml on Python 3.11; do not edit by hand.\n" + text, encoding="utf-8"
    )


def refused(text: str) -> list[str]:
    """Return the lines of a lock that are no plain ``name==version``, or that bring CUDA along."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    plain = re.compile(r"[A-Za-z0-9][\w.-]*==[\w.]+(\s*;.*)?$")
    return [line for line in lines if not plain.match(line) or re.match(r"nvidia|triton|cuda", line)]


if __name__ == "__main__":
    main()
