"""The helpers' tests with the oldest, and with the newest, releases that pyproject.toml allows (`make versions`)."""

import argparse
import os
import subprocess
import sys
import tomllib

from tools.chapters import probed_environment
from tools.check import UNIT, Outcome, pytest_stage, summed_up
from tools.install import GROUPS, ROOT, run, torch_index

PROMISED = ("chapters", "tensorflow", "torch")  # extras with a lower bound that a reader's machine may be at
WORKSHOP = [extra for extra in GROUPS["test"] if extra not in (*PROMISED, "outputs")]
# Releases that lie years apart announce each other's ends.
LENIENT = [f"-Wignore::{kind}" for kind in ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning")]


def main() -> int:
    """Test with one or both; return the number of failures."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("which", nargs="?", choices=["oldest", "newest"])
    which = parser.parse_args().which
    os.environ.update(probed_environment())
    return summed_up([tested(end) for end in ([which] if which else ["oldest", "newest"])])


def tested(end: str) -> Outcome:
    """Run the unit stage in an environment of its own: the promised packages at one end, the workshop at its newest."""
    print(f"\n== {end} ==", flush=True)
    folder = ROOT / "_build" / f"{end}-releases"
    python = str(folder / "bin" / "python")
    frozen = folder / "promised.txt"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *torch_index()]
    if run([sys.executable, "-m", "venv", "--clear", str(folder)]) or run([*install, "setuptools", *promised(end)]):
        return Outcome(end, 0, 1, 0, 0.0)
    listed = subprocess.run([python, "-m", "pip", "freeze"], capture_output=True, check=True, encoding="utf-8")
    frozen.write_text(listed.stdout, encoding="utf-8")
    workshop = ["--no-build-isolation", "--editable", f"{ROOT}[{','.join(WORKSHOP)}]", "tf-keras"]
    if run([*install, "--constraint", str(frozen), *workshop]):
        return Outcome(end, 0, 1, 0, 0.0)
    return pytest_stage(end, [*UNIT, *LENIENT], python=python)


def promised(end: str) -> list[str]:
    """Return what a chapter needs, at its lower bound (``numpy==1.26``) or at whatever is newest (``numpy>=1.26``)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(line for extra in PROMISED for line in extras[extra])]
    return [line.replace(">=", "==") if end == "oldest" else line for line in wanted]


if __name__ == "__main__":
    sys.exit(main())
