"""Install what one group of commands needs, at the locked versions, into `.venv`; `make` calls it, on a bare Python.

An install that was cut off, be it by ``kill -9``, is begun again: what it left cannot be trusted.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TextIO
from urllib.request import Request, urlopen

try:
    import fcntl
except ImportError:  # Windows: nothing keeps two commands apart
    fcntl = None

ROOT = Path(__file__).resolve().parent.parent
# Group to extras of pyproject.toml; "test" is all that the commands need, and the lock is compiled from "cluster".
GROUPS = {
    "cells": ["cells"],
    "render": ["render"],
    "publish": ["render", "publish"],
    "test": ["render", "publish", "cells", "chapters", "tensorflow", "torch", "outputs", "test"],
}
GROUPS["cluster"] = [*GROUPS["test"], "cluster"]
OLDEST, NEWEST = (3, 11), (3, 13)
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
# pip says so about every package of every index or folder that lacks it.
NOISE = re.compile(r"WARNING: Location .* is ignored")


def main() -> None:
    """Install a group unless it is there already."""
    check_python()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("group", choices=GROUPS)
    parser.add_argument("--into", type=Path, default=ROOT / ".venv", help="the virtual environment (default: .venv)")
    options = parser.parse_args()
    # Held by this process and by pip; the system lets go of it when both have ended, however they ended.
    with held(Path(__file__)) as lock:
        os.set_inheritable(lock.fileno(), True)
        install(options.group, options.into)


def held(path: Path) -> TextIO:
    """Open a file once no other process holds it; it is held until it is closed."""
    lock = path.open("r+", encoding="utf-8")
    if fcntl:
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def check_python() -> None:
    """Say at once, and clearly, when this Python cannot hold the book's packages."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.exit(
            f"Python {sys.version.split()[0]} was found; expected 3.11, 3.12 or 3.13 (TensorFlow has no build for "
            "others). Install one of them and name it: make PYTHON=python3.11 book"
        )


def install(group: str, folder: Path) -> None:
    """Bring the group into the environment; a stamp of its name says that it is whole."""
    locked = max((ROOT / name).stat().st_mtime for name in ("requirements.txt", "pyproject.toml"))
    stamps = {name: folder / f".{name}" for name in GROUPS}
    whole = {name for name, stamp in stamps.items() if stamp.exists() and stamp.stat().st_mtime >= locked}
    if group in whole:
        return
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    unfinished = folder / ".unfinished"
    if unfinished.exists():
        print(f"The last install into {folder.name} was cut off: beginning again.", flush=True)
        empty(folder, unfinished)
    print(f"Installing what `{group}` needs into {folder.name}, once.", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished.touch()
    for stamp in stamps.values():
        stamp.unlink(missing_ok=True)
    if not python.exists() and (code := run([sys.executable, "-m", "venv", str(folder)])):
        sys.exit(code)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    pip += ["--constraint", str(ROOT / "requirements.txt"), *(torch_index() if "torch" in GROUPS[group] else [])]
    package = ["--no-build-isolation", "--editable", f"{ROOT}[{','.join(GROUPS[group])}]"]
    if code := run([*pip, "setuptools"]) or run([*pip, *package]):  # setuptools builds the package
        if code > 0:  # not killed: pip gave up by itself, and left no package half installed
            unfinished.unlink()
        sys.exit(code)
    for name, stamp in stamps.items():
        if name in whole or set(GROUPS[name]) <= set(GROUPS[group]):
            stamp.touch()
    unfinished.unlink()


def empty(folder: Path, last: Path) -> None:
    """Remove what a folder holds, the mark that says so excepted: this may be cut off too."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path != last:
            path.unlink()


def run(command: list[str]) -> int:
    """Run a command, pass on what it says but for pip's noise, and return its exit code."""
    quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}  # of setuptools about itself
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, encoding="utf-8", errors="replace", env=quiet, close_fds=fcntl is None
    ) as process:
        for line in process.stderr:
            if not NOISE.match(line):
                sys.stderr.write(line)
    if code := process.returncode:
        print(f"This failed, with exit code {code}: {' '.join(command)}", file=sys.stderr)
    return code


def torch_index() -> list[str]:
    """Return pip's option for PyTorch's CPU builds: gigabytes less, where no NVIDIA card would use them."""
    wanted = os.environ.get("RNN_UTILS_TORCH", "")
    if wanted not in ("", "default"):
        sys.exit(f"RNN_UTILS_TORCH is {wanted!r}; expected `default` (take what pip takes) or nothing.")
    if wanted or sys.platform != "linux" or has_card() or not answers(CPU_INDEX):
        return []
    return ["--extra-index-url", CPU_INDEX]


def has_card() -> bool:
    """Tell whether NVIDIA's driver is here, in Linux itself or in Windows below it."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def answers(address: str, seconds: float = 3) -> bool:
    """Tell whether an address answers in time; looking up a name has no time limit of its own, so a thread asks."""
    found = []

    def ask() -> None:
        with suppress(Exception):  # whatever stands in the way, the default index remains
            urlopen(Request(f"{address}/torch/", method="HEAD"), timeout=seconds).close()
            found.append(address)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    return bool(found)


if __name__ == "__main__":
    main()
