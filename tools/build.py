"""Render the book from scratch to _build/html (`make book`); a warning is an error."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from tools import export
from tools.chapters import ROOT, finished_paths, minutes, read, title
from tools.install import held


def main() -> int:
    """Build, add the notebooks people download, and say where the book is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT, help="folder that gets _build/ (default: the repository)")
    output = parser.parse_args().output
    (output / "_build").mkdir(parents=True, exist_ok=True)
    (output / "_build" / ".lock").touch()
    with held(output / "_build" / ".lock"):
        return build(output)


def build(output: Path) -> int:
    """Build into a folder that nobody else builds into."""
    built = output / "_build" / "html"
    # An incremental build forgets the warnings of pages that it does not read again.
    for old in (built, output / "_build" / ".doctrees"):
        shutil.rmtree(old, ignore_errors=True)
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    command += ["build", str(ROOT), "--path-output", str(output), "-W", "-n", "--keep-going", "-q"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    if result.returncode:
        print(result.stdout, result.stderr, sep="\n", file=sys.stderr)
        print("The book was not built: see the warnings above; each names its file and line.", file=sys.stderr)
        return result.returncode
    (built / ".buildinfo").unlink()  # a hash, of this folder's path among others, for the next incremental build
    export.export(built / "downloads")
    print(f"The book is ready: {(built / 'index.html').as_uri()}")
    print(where_to_start())
    return 0


def where_to_start() -> str:
    """Name the first chapter, and how long it takes to read."""
    first = read(finished_paths()[0])
    return f"Start with: {title(first)}, {minutes(first)} minutes."


if __name__ == "__main__":
    sys.exit(main())
