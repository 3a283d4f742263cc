"""The Declaration is taken paragraph by paragraph, in the marks of print; the same pages give the same bytes."""

import gzip
import json
from pathlib import Path

import pytest

from rnn_utils.data import texts
from tools.declaration import PAGES, main, paragraphs

PAGE = "<h1>Rights</h1><h2>Article 1</h2><p>All are born\n      free &amp; equal, in co‐operation;</p><p>So.</p>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in PAGES.values():
        (tmp_path / f"{name}.html").write_text(PAGE, encoding="utf-8")
    return tmp_path


def test_headings_are_left_out_and_marks_are_those_of_print() -> None:
    assert paragraphs(PAGE, "en") == ["All are born free & equal, in co-operation;", "So."]
    assert paragraphs("<p>人人生而自由,平等;</p>", "zh") == ["人人生而自由，平等；"]


def test_the_file_is_the_same_whenever_it_is_made(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = [folder / "one.gz", folder / "other.gz"]
    for path in made:
        main([str(folder), "--to", str(path)])
    one, other = (path.read_bytes() for path in made)
    assert one == other
    assert one[4:8] == bytes(4), "the gzip file tells a time"
    assert f"bytes = {len(one)}\nshape = [3]" in capsys.readouterr().out
    rows = [json.loads(line) for line in gzip.decompress(one).decode().splitlines()]
    assert [row["language"] for row in rows] == list(texts.LANGUAGES)


def test_a_page_that_is_not_there_is_named(folder: Path) -> None:
    (folder / "rus.html").unlink()
    with pytest.raises(FileNotFoundError, match=r"rus\.html"):
        main([str(folder), "--to", str(folder / "one.gz")])
    assert not (folder / "one.gz").exists()
