"""The repository's own files: the lock installs elsewhere, the commands exist, nothing is misplaced."""

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

from rnn_utils.page import CLAIM_MIME, measured
from tools.chapters import ROOT, code_cells, finished_paths, picture, read
from tools.install import GROUPS
from tools.lock import refused
from tools.tidy import README_FIGURE, README_PICTURE

AT_THE_ROOT = {
    ".ci", ".github", ".gitignore", ".pre-commit-config.yaml", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md",
    "LICENSE", "LICENSE-TEXT", "MANIFEST.in", "Makefile", "README.md", "_config.yml", "_toc.yml", "benchmarks",
    "book", "notebooks", "pyproject.toml", "requirements.txt", "rnn_utils", "tests", "tools",
}  # fmt: skip


def test_the_lock_installs_elsewhere() -> None:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert refused(text) == []
    assert "torch==2.13.0" in text.splitlines()


@pytest.mark.parametrize(
    "line",
    [
        "torch==2.13.0+cpu",
        "torch>=2.13",
        "--index-url https://x",
        "-e .",
        "x @ file:///y",
        "nvidia-cudnn-cu13==9.1",
        "triton==3.4.0",
    ],
)
def test_the_lock_refuses_what_is_of_one_machine(line: str) -> None:
    assert refused(f"numpy==2.4.6\n{line}\n") == [line]


def test_the_lock_has_every_direct_requirement() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [
        *project["dependencies"],
        *(line for name in GROUPS["cluster"] for line in extras[name]),
    ]
    names = {re.match(r"[\w.-]+", line)[0].lower() for line in wanted}
    locked = {
        line.split("==")[0]
        for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    assert names - locked == set()


def test_the_package_itself_needs_numpy_alone() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [re.match(r"[\w-]+", line)[0] for line in project["dependencies"]] == ["numpy"]


def test_the_root_holds_what_it_should() -> None:
    assert {path.split("/")[0] for path in tracked()} == AT_THE_ROOT


def test_a_build_takes_along_what_the_repository_holds(tmp_path: Path) -> None:
    """So the tests of a source distribution run, and any wheel holds the studies, the glossary and the programs."""
    for name in tracked():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    code = "from setuptools import build_meta as b; b.build_sdist('dist'); b.build_wheel('dist')"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)
    (source,), (wheel,) = (tmp_path / "dist").glob("*.tar.gz"), (tmp_path / "dist").glob("*.whl")
    with tarfile.open(source) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert set(tracked()) - inside == set()
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    wanted = {name for name in tracked() if name.startswith("rnn_utils/")}
    wanted |= {f"rnn_utils/_studies/{path.name}" for path in (ROOT / "benchmarks" / "results").glob("*.json")}
    wanted |= {f"rnn_utils/_book/{path.name}" for path in (ROOT / "book").glob("*.toml")}
    wanted |= {f"rnn_utils/_book/programs/{path.name}" for path in (ROOT / "book" / "programs").glob("*.py")}
    assert {name for name in inside if ".dist-info/" not in name} == wanted


def tracked() -> list[str]:
    """Return the files that git knows; what else lies about is nobody's business."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git repository")
    return subprocess.check_output(["git", "ls-files"], cwd=ROOT, encoding="utf-8").splitlines()


def test_the_makefile_has_the_commands() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    wanted = [
        "help",
        "book",
        "test",
        "test-gpu",
        "bench",
        "mutants",
        "run",
        "notebooks",
        "serve",
        "lint",
        "lock",
        "clean",
    ]
    assert [name for name in wanted if not re.search(rf"^{name}:.*## \S", text, re.MULTILINE)] == []


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *(f"book/{p.name}" for p in (ROOT / "book").glob("*.md"))]
)
def test_pages_name_files_that_are_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    rooms = r"(?<![\w/.])(?:book|notebooks|rnn_utils|tests|tools|benchmarks)[/\\][\w./\\-]*\w(?![\w*<])"
    named = {path.replace("\\", "/") for path in re.findall(rooms, text)}
    named |= {f"{module.replace('.', '/')}.py" for module in re.findall(r"-m (tools[.]\w+)", text)}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_chapters_are_listed_in_the_order_of_the_contents() -> None:
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    chapters = [c["file"] for part in parts for c in part["chapters"] if c["file"].startswith("notebooks/")]
    readme, intro = ((ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "book/intro.md"))
    plain = re.findall(r"^\| \[.*\]\(../../blob/(notebooks/\w+)\.ipynb\) \|", readme, re.MULTILINE)
    assert plain == chapters  # the branch of plain copies has the name of the folder
    assert re.findall(r"^- \{doc\}`/(notebooks/\w+)`", intro, re.MULTILINE) == chapters


def test_readme_s_findings_are_what_was_measured() -> None:
    records = {
        output.data[CLAIM_MIME]["id"]: output.data[CLAIM_MIME]
        for path in finished_paths()
        for cell in code_cells(read(path))
        for output in cell.outputs
        if CLAIM_MIME in output.get("data", {})
    }
    found = re.findall(r"^- (.*) <!-- ([\w-]+) -->$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(found) == 3
    for line, name in found:
        record = {key: value for key, value in records[name].items() if key != "show"}  # README has its own words
        known = [measured({**record, "value": record[side]}) for side in ("value", "bar", "baseline") if side in record]
        known += [str(record["value"])]
        said = re.findall(r"\d+(?:\.\d+)?(?:\s%)?", line)
        assert said and set(said) <= set(known), name


def test_readme_shows_the_picture_of_the_first_chapter() -> None:
    drawn = picture(read(finished_paths()[0]), README_FIGURE)
    assert README_PICTURE.read_text(encoding="utf-8") == drawn, "`make tidy` writes it"


def test_citation_names_the_contributors() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "license"} <= citation.keys()
    assert citation["authors"] == [{"name": "The book's contributors"}]


def test_workflows_are_yaml_and_call_the_make_targets() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    assert len(texts) == 3
    assert all(yaml.safe_load(text)["jobs"] for text in texts)
    assert any("bash .ci/run" in text for text in texts)
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert any("make book" in text for text in texts)
