"""The repository's own files: the lock installs elsewhere, the commands exist, nothing is misplaced."""

import re
import tomllib

import pytest
import yaml

from tools.chapters import ROOT
from tools.install import GROUPS
from tools.lock import refused

AT_THE_ROOT = {
    ".ci", ".github", ".gitignore", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "LICENSE-TEXT",
    "Makefile", "README.md", "_config.yml", "_toc.yml", "benchmarks", "book", "notebooks", "pyproject.toml",
    "requirements.txt", "rnn_utils", "tests", "tools",
}  # fmt: skip
BUILT = {".git", ".venv", "_build", "rnn_utils.egg-info", ".pytest_cache", ".ruff_cache", ".hypothesis"}


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
        *(line for name in GROUPS["test"] for line in extras[name]),
    ]
    names = {re.match(r"[\w.-]+", line)[0].lower() for line in wanted}
    locked = {line.split("==")[0] for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line}
    assert names - locked == set()


def test_the_package_itself_needs_numpy_alone() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [re.match(r"[\w-]+", line)[0] for line in project["dependencies"]] == ["numpy"]


def test_the_root_holds_what_it_should() -> None:
    assert {path.name for path in ROOT.iterdir()} - BUILT == AT_THE_ROOT


def test_the_makefile_has_the_commands() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    wanted = ["help", "book", "test", "test-gpu", "mutants", "run", "notebooks", "serve", "lint", "lock", "clean"]
    assert [name for name in wanted if not re.search(rf"^{name}:.*## \S", text, re.MULTILINE)] == []


def test_citation_names_the_contributors() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "license"} <= citation.keys()
    assert citation["authors"] == [{"name": "The book's contributors"}]


def test_workflows_are_yaml_and_call_the_make_targets() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    assert len(texts) == 2
    assert all(yaml.safe_load(text)["jobs"] for text in texts)
    assert any("bash .ci/run" in text for text in texts)
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert any("make book" in text for text in texts)
