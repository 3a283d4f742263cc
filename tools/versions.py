"""The helpers' tests with the oldest, and with the newest, releases that pyproject.toml allows (`make versions`)."""

import argparse
import os
import sys
import tomllib

from tools.chapters import probed_environment
from tools.check import UNIT, Outcome, pytest_stage, summed_up
from tools.install import GROUPS, ROOT, run, torch_index

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BUILD, PROJECT = SETTINGS["build-system"]["requires"], SETTINGS["project"]
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
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *torch_index()]
    book = ["--no-build-isolation", "--editable", f"{ROOT}[{','.join(WORKSHOP)}]", "tf-keras", *promised(end)]
    for command in ([sys.executable, "-m", "venv", "--clear", str(folder)], [*install, *BUILD], [*install, *book]):
        if run(command):
            return Outcome(end, 0, 1, 0, 0.0)
    return pytest_stage(end, [*UNIT, *LENIENT], python=python)


def promised(end: str) -> list[str]:
    """Return what a chapter needs, at its lower bound (``numpy==1.26``), or as it is asked for."""
    extras = PROJECT["optional-dependencies"]
    wanted = [*PROJECT["dependencies"], *(line for extra in PROMISED for line in extras[extra])]
    return [line.replace(">=", "==") for line in wanted] if end == "oldest" else wanted


if __name__ == "__main__":
    sys.exit(main())
