"""The other supported Pythons of this machine, each with an environment of its own under _build/."""

import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.install import NEWEST, OLDEST, ROOT


def others() -> dict[str, str]:
    """Return the supported Pythons, but for the one that runs this, that can make an environment: name to program."""
    found = {}
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        name = f"python3.{minor}"
        programs = [shutil.which(name), *sorted(pyenv.glob(f"3.{minor}.*/bin/{name}"))]
        works = (program for program in programs if program and can_make_environments(program))
        if minor != sys.version_info.minor and (program := next(works, None)):
            found[name] = str(program)
    return found


def can_make_environments(program: str | Path) -> bool:
    """Tell whether a Python starts, and has what Debian and others keep in packages of their own."""
    return subprocess.run([program, "-c", "import ensurepip, venv"], capture_output=True).returncode == 0


def prepare(name: str, program: str, group: str) -> str | None:
    """Install a group for another Python, or find it there; return the environment's own Python."""
    folder = ROOT / "_build" / name
    command = [program, str(ROOT / "tools" / "install.py"), group, "--into", str(folder)]
    return None if subprocess.run(command).returncode else str(folder / "bin" / "python")


def different(one: Path, other: Path) -> list[str]:
    """Return the files, named from the folders, that are not in both folders, byte for byte."""
    files = [{path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} for folder in (one, other)]
    _, unequal, unreadable = filecmp.cmpfiles(one, other, files[0] & files[1], shallow=False)
    return sorted(map(str, [*(files[0] ^ files[1]), *unequal, *unreadable]))
