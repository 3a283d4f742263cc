"""The texts: checked before they are opened, split without overlap, each language in its own letters."""

import gzip
import hashlib
import json
import re
import shutil
from itertools import chain, pairwise
from pathlib import Path

import pytest

from rnn_utils.data import texts
from rnn_utils.data.texts import HANDBOOK_PARTS, LANGUAGES, load_declaration, load_handbook
from rnn_utils.errors import DataError, SettingError

ALL = {language: {part: load_handbook(language, part) for part in HANDBOOK_PARTS} for language in LANGUAGES}
LETTER = {"en": "[A-Za-z]", "ru": "[А-Яа-яЁё]", "zh": "[\u4e00-\u9fff]"}


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("registry.toml", "handbook.jsonl.gz"):
        shutil.copy(texts.HERE / name, tmp_path)
    monkeypatch.setattr(texts, "HERE", tmp_path)
    return tmp_path / "handbook.jsonl.gz"


def test_the_registry_knows_the_file() -> None:
    text = (texts.HERE / "registry.toml").read_text(encoding="utf-8")
    content = (texts.HERE / "handbook.jsonl.gz").read_bytes()
    rows = gzip.decompress(content).decode().splitlines()
    assert f"bytes = {len(content)}\nshape = [{len(rows)}, 3]\n" in text
    assert len(content) < 1_000_000
    assert hashlib.sha256(content).hexdigest() in text
    assert content[4:8] == bytes(4), "the gzip file tells a time"


def test_a_damaged_file_is_not_opened(copied: Path) -> None:
    content = copied.read_bytes()
    copied.write_bytes(gzip.compress(gzip.decompress(content) + b'{"part": "test", "en": "x"}\n', mtime=0))
    with pytest.raises(DataError, match=r"handbook\.jsonl\.gz is damaged: its SHA-256 is .*Install rnn_utils again"):
        load_handbook("en", "test")


def test_a_missing_file_is_named(copied: Path) -> None:
    copied.unlink()
    with pytest.raises(DataError, match=r"handbook\.jsonl\.gz cannot be read \(No such file"):
        load_handbook("en", "test")


@pytest.mark.parametrize(("language", "part"), [("de", "test"), ("en", "all")])
def test_what_there_is_not_is_refused(language: str, part: str) -> None:
    with pytest.raises(SettingError, match=r"expected one of en, ru, zh and one of train, validation, test"):
        load_handbook(language, part)


def test_the_same_paragraphs_stand_in_the_same_part() -> None:
    counts = {tuple(len(ALL[language][part]) for part in HANDBOOK_PARTS) for language in LANGUAGES}
    assert len(counts) == 1, "another number of paragraphs in another language"
    (train, validation, test) = counts.pop()
    assert abs(train - 8 * test) < 10
    assert abs(validation - test) <= 1
    numbers = re.compile(r"\b\d{4}\b")  # a year is a year in each language
    pairs = [
        (set(numbers.findall(en)), set(numbers.findall(zh)))
        for part in HANDBOOK_PARTS
        for en, zh in zip(ALL["en"][part], ALL["zh"][part], strict=True)
    ]
    with_years = [pair for pair in pairs if pair[0]]
    assert sum(bool(en & zh) for en, zh in with_years) > 0.6 * len(with_years) > 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_paragraphs_are_clean_and_in_their_language(language: str) -> None:
    for text in chain(*ALL[language].values()):
        assert text == " ".join(text.split())
        assert text.isprintable(), text
        assert not re.search(r"https?://|<[a-z]+|&[a-z]+;", text), text
        assert len(re.findall(LETTER[language], text)) > 0.3 * sum(map(str.isalpha, text)), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_part_repeats_another(language: str) -> None:
    """Counting long pieces would find them again, and look better than it is."""
    size = 8 if language == "zh" else 24
    known = {text[at : at + size] for text in ALL[language]["train"] for at in range(len(text) - size + 1)}
    for part in ("validation", "test"):
        for text in ALL[language][part]:
            own = {text[at : at + size] for at in range(len(text) - size + 1)}
            # Paragraphs that come later in the book may add to what a paragraph shares with all others.
            assert len(own & known) <= 0.45 * len(own), text


def test_the_order_is_no_alphabet() -> None:
    """Lists sorted by their English would tell the next first letter."""
    first = [text[0] for text in ALL["en"]["train"]]
    rises = sum(one <= other for one, other in pairwise(first))
    assert rises < 0.65 * len(first)


def test_the_rows_are_json_with_the_part_first() -> None:
    line = gzip.decompress((texts.HERE / "handbook.jsonl.gz").read_bytes()).decode().splitlines()[0]
    assert list(json.loads(line)) == ["part", *LANGUAGES]


def test_the_declaration_says_the_same_in_each_language() -> None:
    texts = {language: load_declaration(language) for language in LANGUAGES}
    for language, paragraphs in texts.items():
        assert 55 < len(paragraphs) < 65, language
        for text in paragraphs:
            assert text == " ".join(text.split())
            assert text.isprintable(), text
            assert not re.search(r"<|&[a-z]+;", text), text
            assert len(re.findall(LETTER[language], text)) > 0.9 * sum(map(str.isalpha, text)), text
    assert not re.search("[,;]", "".join(texts["zh"])), "marks of a keyboard in Chinese"


def test_the_registered_declaration_alone_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(texts.HERE / "registry.toml", tmp_path)
    monkeypatch.setattr(texts, "HERE", tmp_path)
    (tmp_path / "declaration.jsonl.gz").write_bytes(gzip.compress(b"{}"))
    with pytest.raises(DataError, match=r"load_declaration: .*declaration\.jsonl\.gz is damaged"):
        load_declaration("en")


def test_another_language_of_the_declaration_is_refused() -> None:
    with pytest.raises(SettingError, match=r"load_declaration: got 'de'; expected one of en, ru, zh"):
        load_declaration("de")
