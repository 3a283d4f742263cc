"""The notebooks as people get them: plain Markdown, numbers filled in, and running where nothing is installed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from rnn_utils.page import CLAIM_MIME
from tests.conftest import chapters
from tests.site.test_pages import SITE
from tools.chapters import read
from tools.export import build_wheel
from tools.plain import OPENING, ROLE

DOWNLOADS = SITE / "downloads"


@pytest.fixture(params=chapters())
def exported(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    return read(DOWNLOADS / request.param.name)


def test_opens_and_installs_first(exported: nbformat.NotebookNode) -> None:
    nbformat.validate(exported)
    first = exported.cells[0]
    assert first.cell_type == "code"
    assert "rnn_utils" in first.source
    assert "tensorflow" not in first.source
    compile(first.source, "install", "exec")


def test_holds_no_markup_of_the_book(exported: nbformat.NotebookNode) -> None:
    for cell in exported.cells:
        if cell.cell_type == "markdown":
            assert not ROLE.search(cell.source), cell.source
            assert not any(
                OPENING.match(line) or re.fullmatch(r"\([\w-]+\)=", line) for line in cell.source.splitlines()
            )


def test_links_lead_to_notebooks_beside(exported: nbformat.NotebookNode) -> None:
    prose = "\n".join(cell.source for cell in exported.cells if cell.cell_type == "markdown")
    for target in re.findall(r"\]\(([\w.]+\.ipynb)\)", prose):
        assert (DOWNLOADS / target).exists()


def test_the_wheel_is_the_same_file_whenever_it_is_built(tmp_path: Path) -> None:
    mask = os.umask(0o077)
    try:
        again = build_wheel(tmp_path)
    finally:
        os.umask(mask)
    assert again.read_bytes() == (DOWNLOADS / again.name).read_bytes()


@pytest.mark.slow
@pytest.mark.enable_socket
def test_first_chapter_runs_in_an_empty_environment(tmp_path: Path) -> None:
    chapter = next(iter(sorted(DOWNLOADS.glob("01_*.ipynb"))))
    (tmp_path / chapter.name).write_bytes(chapter.read_bytes())
    wheel = next(DOWNLOADS.glob("*.whl"))
    (tmp_path / wheel.name).write_bytes(wheel.read_bytes())
    run([sys.executable, "-m", "venv", "empty"], tmp_path)
    python = tmp_path / "empty" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "nbclient", "ipykernel"], tmp_path)
    code = (
        "import nbformat, nbclient, sys; n = nbformat.read(sys.argv[1], 4); nbclient.execute(n, timeout=300);"
        "nbformat.write(n, 'ran.ipynb')"
    )
    run([python, "-c", code, chapter.name], tmp_path)
    ran = json.loads((tmp_path / "ran.ipynb").read_text(encoding="utf-8"))
    shown = json.dumps(ran, ensure_ascii=False)
    stored = json.dumps(json.loads(chapter.read_text(encoding="utf-8")), ensure_ascii=False)
    assert shown.count(CLAIM_MIME) == stored.count(CLAIM_MIME) >= 3


def run(command: list[object], folder: Path) -> None:
    """Run a command, or fail with what it said."""
    result = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, encoding="utf-8", timeout=600)
    assert result.returncode == 0, f"{command}\n{result.stdout[-3000:]}{result.stderr[-3000:]}"
