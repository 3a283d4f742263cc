"""The notebooks as people get them: plain Markdown, numbers filled in, and running where nothing is installed."""

import ast
import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import nbformat
import pytest

from rnn_utils.page import CLAIM_MIME
from tests.conftest import chapters
from tests.site.test_pages import SITE
from tools.chapters import code_cells, finished_paths, read
from tools.export import build_wheel
from tools.plain import OPENING, ROLE
from tools.profiles import in_turn

DOWNLOADS = SITE / "downloads"
FIRST, *OTHERS = finished_paths()


@pytest.fixture(params=chapters())
def exported(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    return read(DOWNLOADS / request.param.name)


def test_opens_and_installs_first(exported: nbformat.NotebookNode) -> None:
    nbformat.validate(exported)
    first = exported.cells[0]
    assert first.cell_type == "code"
    assert "rnn_utils" in first.source
    added = re.findall(r"missing\.append\((.*)\)", first.source)
    assert added[0] == 'f"./{wheel}[chapters]"'
    assert all(what.startswith('f"tf-keras==') for what in added[1:])  # no framework is installed or changed
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
    python = new_environment(tmp_path)
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "nbclient", "ipykernel"], tmp_path)
    runs_whole(FIRST.name, python, tmp_path)


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.torch
@pytest.mark.enable_socket
@pytest.mark.parametrize("chapter", in_turn(OTHERS, len(OTHERS)), ids=lambda path: path.stem)
def test_a_chapter_runs_with_what_a_notebook_service_brings(
    chapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first cell installs the rest.

    Only a chapter that imports TensorFlow itself gets it; elsewhere Keras computes with PyTorch.
    """
    python = new_environment(tmp_path)
    asks = "import tensorflow" in code_cells(read(chapter))[0].source
    lend(["numpy", "matplotlib", "pandas", "scikit-learn", "torch", "nbclient", "ipykernel", "keras"], python)
    if asks:
        lend(["tensorflow"], python)
    else:
        monkeypatch.setenv("KERAS_BACKEND", "torch")
    seen = subprocess.check_output([python, "-c", "from importlib.util import *; print(find_spec('tensorflow'))"])
    assert asks == (seen.strip() != b"None")
    runs_whole(chapter.name, python, tmp_path)


def new_environment(folder: Path) -> Path:
    """Make an environment that holds pip alone; return its Python."""
    run([sys.executable, "-m", "venv", "environment"], folder)
    return folder / "environment" / ("Scripts" if sys.platform == "win32" else "bin") / "python"


def lend(packages: list[str], python: Path) -> None:
    """Link packages of this environment, with all that they need, into another one."""
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    to = Path(subprocess.check_output([python, "-c", where], encoding="utf-8").strip())
    left, lent = list(packages), set()
    while left:
        if (name := left.pop()) in lent:
            continue
        lent.add(name)
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # needed on another system
            continue
        left += [re.match(r"[\w.-]+", line)[0] for line in found.requires or [] if "extra ==" not in line]
        for top in {file.parts[0] for file in found.files or [] if file.parts[0] not in ("..", "__pycache__")}:
            if not (to / top).exists():
                (to / top).symlink_to(found.locate_file(top))


def runs_whole(name: str, python: Path, folder: Path) -> None:
    """Run an exported chapter beside the wheel, and see that it makes every claim."""
    wheel = next(DOWNLOADS.glob("*.whl"))
    for path in (DOWNLOADS / name, wheel):
        (folder / path.name).write_bytes(path.read_bytes())
    code = (
        "import nbformat, nbclient, sys; n = nbformat.read(sys.argv[1], 4); nbclient.execute(n, timeout=300);"
        "nbformat.write(n, 'ran.ipynb')"
    )
    run([python, "-c", code, name], folder)
    shown, stored = (
        json.dumps(json.loads(path.read_text(encoding="utf-8"))) for path in (folder / "ran.ipynb", DOWNLOADS / name)
    )
    made, wanted = shown.count(CLAIM_MIME), stored.count(CLAIM_MIME)
    possible = {wanted}
    if not os.environ.get("RNN_UTILS_DATA"):  # then these may be the embedded digits, of which less is claimed
        possible.add(wanted - about_mnist_alone(read(DOWNLOADS / name)))
    assert made in possible
    assert made >= 3


def about_mnist_alone(notebook: nbformat.NotebookNode) -> int:
    """Count the claims that a chapter makes only if its data is MNIST."""
    branches = [
        node for cell in code_cells(notebook) for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.If)
    ]
    return sum(ast.unparse(branch).count("claim(") for branch in branches if "mnist.source" in ast.unparse(branch.test))


def run(command: list[object], folder: Path) -> None:
    """Run a command, or fail with what it said."""
    options = {"capture_output": True, "encoding": "utf-8", "timeout": 600}
    result = subprocess.run(list(map(str, command)), cwd=folder, env={**os.environ, "PIP_NO_COMPILE": "1"}, **options)
    assert result.returncode == 0, f"{command}\n{result.stdout[-3000:]}{result.stderr[-3000:]}"
