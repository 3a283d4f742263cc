"""What `make` calls: outputs are stored whole, normal, and never from the wrong data."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from rnn_utils.page import CLAIM_MIME
from tools import build, chapters, check, pythons, serve
from tools import run as run_chapters
from tools.chapters import META, ROOT, chapter_paths, glued, kernel_environment, read, write
from tools.export import install_cell


def test_a_chapter_about_mnist_is_not_stored_with_the_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_chapters.data, "mnist_source", lambda: "digits")
    notebook = new_notebook(metadata={META: {"seconds": 1, "data": "mnist"}})
    with pytest.raises(run_chapters.ChapterError, match=r"only the embedded digits were found\..*RNN_UTILS_DATA"):
        run_chapters.refuse_stand_in(notebook, Path("10_x.ipynb"))


def test_the_build_says_where_to_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = "# Why?\n\n" + "word " * 2 * chapters.WORDS_A_MINUTE
    write(new_notebook(cells=[new_markdown_cell(text), new_code_cell("unread = 1\n" * 999)]), tmp_path / "01_why.ipynb")
    monkeypatch.setattr(chapters, "NOTEBOOKS", tmp_path)
    assert build.where_to_start() == "Start with: Why?, 2 minutes."


def test_another_chapter_does_not_ask_for_mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_chapters.data, "mnist_source", lambda: pytest.fail("asked"))
    run_chapters.refuse_stand_in(new_notebook(metadata={META: {"seconds": 1}}), Path("20_x.ipynb"))


def test_folders_named_by_the_reader_mean_the_same_to_a_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_UTILS_DATA", "~/data")
    monkeypatch.setenv("RNN_UTILS_CACHE", "here")
    monkeypatch.delenv("RNN_UTILS_OFFLINE", raising=False)
    monkeypatch.setattr(chapters, "mnist_source", lambda: "digits")
    assert chapters.probed_environment() == {
        "RNN_UTILS_DATA": str((Path.home() / "data").resolve()),
        "RNN_UTILS_CACHE": str(Path.cwd() / "here"),
        "RNN_UTILS_OFFLINE": "1",
    }


def test_a_failing_chapter_is_not_stored_and_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "00_x.ipynb"
    write(new_notebook(cells=[new_markdown_cell("# T")], metadata={META: {"seconds": 1}}), path)
    before = path.read_bytes()

    def broken(path: Path, *, store: bool) -> float:
        raise run_chapters.ChapterError("no")

    monkeypatch.chdir(tmp_path)
    assert main_with(broken, monkeypatch) == 1
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def main_with(run: Callable[..., float], monkeypatch: pytest.MonkeyPatch, count: int = 1) -> int:
    """Call `make run`'s main with another function for one chapter's run."""
    monkeypatch.setattr(run_chapters, "run", run)
    monkeypatch.setattr(run_chapters, "chapter_paths", lambda number: [Path(f"{n:02d}_x.ipynb") for n in range(count)])
    monkeypatch.setattr(run_chapters, "probed_environment", dict)
    monkeypatch.setattr(sys, "argv", ["run"])
    return run_chapters.main()


@pytest.mark.parametrize("error", [DeadKernelError("Kernel died"), RuntimeError("Kernel didn't respond")])
def test_a_kernel_that_dies_or_never_answers_is_told_with_its_chapter(
    error: RuntimeError, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def dies(path: Path, **_: object) -> float:
        raise error

    assert main_with(dies, monkeypatch, count=2) == 2
    assert f"01_x.ipynb: failed, nothing stored\n{error}" in capsys.readouterr().err


def test_a_stop_ends_the_kernels_and_starts_no_other_chapter(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    started, ended = [], []

    def runs_long(path: Path, **_: object) -> float:
        started.append(path)
        if len(started) == run_chapters.AT_ONCE:
            threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT]).start()
        ended.append(subprocess.run(["sleep", "60"], check=False).returncode)
        raise DeadKernelError("Kernel died")

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a worker of pytest-xdist is deaf to it
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    with pytest.raises(SystemExit, match="Stopped: what was not reported above is stored as it was before"):
        main_with(runs_long, monkeypatch, count=4)
    assert len(started) == run_chapters.AT_ONCE
    assert ended == [-signal.SIGKILL] * run_chapters.AT_ONCE


def one_cell(printed: str) -> NotebookNode:
    record = {"id": "a-b", "sentence": "s", "comparison": ">", "bar": 1, "value": float(len(printed))}
    outputs = [new_output("stream", name="stdout", text=printed), new_output("display_data", {CLAIM_MIME: record})]
    return new_notebook(cells=[new_code_cell("print(1)", outputs=outputs)], metadata={META: {"seconds": 1}})


def stored_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: dict[str, str]) -> tuple:
    """Run a chapter whose cell prints one text by setting; return what is stored, its range and the processors."""
    path = tmp_path / "01_x.ipynb"
    if not path.exists():
        write(one_cell("old"), path)
    monkeypatch.setattr(run_chapters, "settings", lambda: {name: {"NAME": name} for name in printed})
    ran = lambda notebook, path, environment: (one_cell(printed[environment["NAME"]]), 2.0)  # noqa: E731
    monkeypatch.setattr(run_chapters, "execute", ran)
    assert run_chapters.run(path, store=True) == 2.0
    chapter = read(path)
    text, claim = chapter.cells[0].outputs
    return text.text, claim.data[CLAIM_MIME].get("range"), chapter.metadata[META].get("processors")


def test_a_run_stores_the_first_setting_and_names_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["A, AVX2, 1 thread", "A, SSE4.2, 1 thread"]
    assert stored_after(tmp_path, monkeypatch, dict.fromkeys(names, "new")) == ("new", {}, names)


def test_runs_that_differ_in_an_exact_cell_are_not_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(run_chapters.ChapterError, match="runs differ where they may not"):
        stored_after(tmp_path, monkeypatch, {"A, AVX2, 1 thread": "new", "A, SSE4.2, 1 thread": "other"})
    assert read(tmp_path / "01_x.ipynb").cells[0].outputs[0].text == "old"


def test_one_run_measures_nothing_and_keeps_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = {"A, AVX2, 1 thread": "new", "A, SSE4.2, 1 thread": "other"}
    monkeypatch.setenv("RNN_UTILS_PROFILE", "quick")
    assert stored_after(tmp_path, monkeypatch, printed) == ("new", None, None)
    monkeypatch.setenv("RNN_UTILS_PROFILE", "book")
    stored_after(tmp_path, monkeypatch, dict.fromkeys(printed, "new"))
    monkeypatch.setenv("RNN_UTILS_PROFILE", "quick")
    assert stored_after(tmp_path, monkeypatch, printed)[:2] == ("new", {})


def test_a_kernel_gets_the_settings_of_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    class Client:
        def __init__(self, notebook: NotebookNode, **_: object) -> None:
            self.notebook = notebook

        def execute(self, *, env: dict[str, str], **_: object) -> None:
            started.append(env)
            self.notebook.cells[0].outputs = [new_output("stream", name="stdout", text="new")]

    monkeypatch.setattr(run_chapters, "NotebookClient", Client)
    monkeypatch.setenv("RNN_UTILS_DATA", "/somewhere")
    before = one_cell("old")
    after, _ = run_chapters.execute(before, tmp_path / "01_x.ipynb", kernel_environment("2"))
    assert [notebook.cells[0].outputs[0].text for notebook in (before, after)] == ["old", "new"]
    assert (started[0]["RNN_UTILS_DATA"], started[0]["OMP_NUM_THREADS"]) == ("/somewhere", "2")


def test_what_was_mistyped_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r"no notebooks/99_\*\.ipynb"):
        chapter_paths("99")
    with pytest.raises(SystemExit, match="CHAPTER=abc: expected the number of a chapter"):
        chapter_paths("abc")
    monkeypatch.setenv("RNN_UTILS_DATA", "/nonexistent")
    with pytest.raises(
        SystemExit, match=r"^load_mnist: RNN_UTILS_DATA is '/nonexistent', but .*, or unset RNN_UTILS_DATA"
    ):
        chapters.probed_environment()


def test_a_port_that_is_taken_is_told_with_another(loopback: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(sys, "argv", ["serve", "--port", str(port)])
        with pytest.raises(SystemExit, match=f"PORT={port}: Address already in use; .* such as PORT={port + 1}"):
            serve.main()


def test_glued_values_are_read_from_the_outputs() -> None:
    data = {"application/papermill.record/text/plain": "'98%'"}
    record = {"scrapbook": {"name": "share", "mime_prefix": "application/papermill.record/"}}
    cell = new_code_cell("x", outputs=[new_output("display_data", data, metadata=record)])
    assert glued(new_notebook(cells=[cell])) == {"share": "98%"}


def test_a_written_notebook_reads_back(tmp_path: Path) -> None:
    notebook = new_notebook(cells=[new_markdown_cell("затухание 梯度", id="words")])
    write(notebook, tmp_path / "x.ipynb")
    assert read(tmp_path / "x.ipynb").cells[0].source == "затухание 梯度"


def test_the_install_cell_says_what_is_missing(tmp_path: Path) -> None:
    wheel = "rnn_utils-9-py3-none-any.whl"

    def said() -> str:
        command = [sys.executable, "-c", "import sys; sys.executable = 'false'\n" + install_cell(wheel, "")]
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")
        assert result.returncode == 1
        return result.stderr

    assert f"Put {wheel} beside this notebook" in said()
    (tmp_path / wheel).touch()
    assert f"in a terminal: uv pip install './{wheel}[chapters]'" in said()


def test_a_stage_that_collects_nothing_has_failed() -> None:
    outcome = check.pytest_stage("empty", ["tests/tools/test_commands.py", "-k", "no_such_test", "-n", "0"])
    assert outcome.failed == 1


def test_the_summary_counts_failures(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.summed_up([check.Outcome("a", 3, 0, 1, 2.0), check.Outcome("b", 1, 2, 0, 2.0)]) == 2
    assert capsys.readouterr().out.splitlines()[-1] == "4 passed, 2 failed, 1 skipped"


def test_an_unknown_stage_is_told_which_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["check", "unti"])
    with pytest.raises(SystemExit, match="2"):
        check.main()
    assert "no stage 'unti'; expected unit, data, book, " in capsys.readouterr().err


def test_a_stage_says_how_long_it_took(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["check", "book"])
    monkeypatch.setattr(check, "book_stage", lambda name: check.Outcome(name, 1, 0, 0, 23.4))
    monkeypatch.setattr(check, "probed_environment", dict)
    assert check.main() == 0
    assert "book: 23 s" in capsys.readouterr().out.splitlines()


def test_two_builds_into_one_folder_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["build", "--output", str(tmp_path)])
    other = "from pathlib import Path; from tools.install import held; import sys\n"
    other += "with held(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"

    def at_last(output: Path) -> int:
        waiting.wait(timeout=0.3)  # still runs if both build at once
        return 0

    monkeypatch.setattr(build, "build", at_last)
    lock = tmp_path / "_build" / ".lock"
    lock.parent.mkdir()
    lock.touch()
    command = [sys.executable, "-c", other, str(lock)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as waiting:
        assert waiting.stdout.readline() == b"held\n"
        threading.Timer(0.5, waiting.kill).start()
        assert build.main() == 0


def test_rendering_needs_no_framework_nor_what_draws() -> None:
    blocked = ["tensorflow", "keras", "torch", "matplotlib", "sklearn", "scipy", "pandas", "pooch", "filelock", "tqdm"]
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({[*blocked, 'resvg_py']!r})); sys.path.append('book/_ext')\n"
        "import rnn_book, tools.build, tools.export, tools.new, tools.serve, tools.tidy"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_other_pythons_are_found_on_the_path_and_in_pyenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def program(folder: str, minor: int, code: int) -> Path:
        path = tmp_path / folder / f"python3.{minor}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\nexit {code}\n")
        path.chmod(0o755)
        return path

    own = sys.version_info.minor
    broken, whole = [minor for minor in (11, 12, 13) if minor != own]
    program("path", own, 0)
    program("path", broken, 1)
    program("path", whole, 1)  # pyenv's shim of a version that is not chosen here
    program(f"pyenv/versions/3.{whole}.0/bin", whole, 1)
    found = program(f"pyenv/versions/3.{whole}.1/bin", whole, 0)
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert pythons.others() == {f"python3.{whole}": str(found)}


def test_a_machine_with_one_python_skips_the_others_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pythons, "others", dict)
    assert check.pythons_stage("pythons") == ("pythons", 0, 0, 1, 0.0)
    assert "Skipped: no supported Python but 3." in capsys.readouterr().out


def test_folders_are_the_same_only_byte_for_byte(tmp_path: Path) -> None:
    for name, files in {"one": {"a": "1", "b/c": "22", "b/d": "3"}, "other": {"a": "1", "b/c": "21", "e": ""}}.items():
        for path, text in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text)
            os.utime(tmp_path / name / path, (0, 0))
    assert pythons.different(tmp_path / "one", tmp_path / "other") == ["b/c", "b/d", "e"]


def test_what_is_said_beside_another_stage_stands_in_its_own(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    def speak(name: str, said: object = None) -> check.Outcome:
        command = [sys.executable, "-c", "print('the digits failed')"]
        subprocess.run(command, stdout=said, stderr=said, check=True)
        return check.Outcome(name, 0, 1, 0, 0.0)

    monkeypatch.setattr(check, "digits_stage", speak)
    monkeypatch.setattr(check, "pythons_stage", lambda name: check.Outcome(name, 1, 0, 0, 0.0))
    monkeypatch.setattr(sys, "argv", ["check", "pythons", "chapters-digits"])
    assert check.main() == 1
    said = capfd.readouterr().out
    assert said.count("the digits failed") == 1
    assert said.index("== chapters-digits ==") < said.index("the digits failed") < said.index("== summary ==")


def test_the_stage_of_chapters_runs_no_draft(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr(check, "pytest_stage", lambda name, arguments, extra, said: ran.extend(arguments))
    monkeypatch.setattr(chapters, "is_draft", lambda notebook: "A look inside" in notebook.cells[0].source)
    check.chapters_stage("chapters", {})
    names = {Path(path).stem for path in ran if path.endswith(".ipynb")}
    assert "04_gate_by_gate" in names and "05_a_look_inside" not in names
