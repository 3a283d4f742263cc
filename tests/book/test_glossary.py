"""The glossary: every term in three languages, each written by the rules of its script."""

import json
import re
import shutil
import tomllib
import unicodedata
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from book._ext.rnn_book.glossary import first_use, sections
from rnn_utils import languages
from rnn_utils.errors import DataError, SettingError
from rnn_utils.languages import LANGUAGES, Term, sentences
from rnn_utils.page import ID
from tools.chapters import ROOT, chapter_paths, code_cells, read

TERMS = languages.load_glossary()
HAN = r"[\u3400-\u9fff]"
KEYS = {"id", "short", "see"} | {
    language + end for language in LANGUAGES for end in ("", "_definition", "_forbidden", "_also")
}
# What each script writes otherwise; used on notes as well.
WRONG = {
    "en": r"[а-яёА-ЯЁ\u3400-\u9fff]|  ",
    "ru": r"[\"'\u3400-\u9fff]|  | - |\d,\d{3}|\w—|—\w",
    "zh": rf"[\"'а-яё]|{HAN}[,.;:?!()]|[,.;:?!()]{HAN}|{HAN} | {HAN}|[，。；：？！、（）“”] | [，。；：？！、（）“”]",
}
END = {"en": ".", "ru": ".", "zh": "。"}


def one(**texts: str) -> Term:
    """Return a term whose Chinese name and forbidden Chinese names are given."""
    forbidden = {"en": (), "ru": (), "zh": tuple(texts.get("forbidden", "").split())}
    names = {"en": texts["en"], "ru": "—", "zh": texts["zh"]}
    return Term(texts["en"], names, "", dict.fromkeys(LANGUAGES, ""), forbidden, (), dict.fromkeys(LANGUAGES, ()))


def test_there_are_enough_terms_sorted_by_id_without_duplicates() -> None:
    ids = [term.id for term in TERMS]
    assert len(ids) >= 45
    assert ids == sorted(set(ids))
    assert [name for name in ids if not re.fullmatch(ID, name)] == []


def test_rows_have_no_unknown_key() -> None:
    rows = tomllib.loads((ROOT / "book" / "glossary.toml").read_text(encoding="utf-8"))["terms"]
    assert {row["id"]: set(row) - KEYS for row in rows if set(row) - KEYS} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_stands_for_two_things(language: str) -> None:
    names = Counter(name.casefold() for term in TERMS for name in (term.names[language], term.short) if name)
    shared = {term.short.casefold() for term in TERMS}
    assert [name for name, count in names.items() if count > 1 and name not in shared] == []
    shorts = Counter(term.short for term in TERMS if term.short)
    assert max(shorts.values()) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_definitions_are_one_sentence_that_ends(language: str) -> None:
    for term in TERMS:
        text = term.definition[language]
        assert len(sentences(text)) == 1, term.id
        assert text.endswith(END[language]), term.id
        assert text == text.strip(), term.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_script_keeps_its_typography(language: str) -> None:
    for term in TERMS:
        for text in (term.names[language], term.definition[language], *term.also[language]):
            assert not re.search(WRONG[language], text, re.IGNORECASE), (term.id, text)
            assert unicodedata.is_normalized("NFC", text), term.id


def test_numbers_of_definitions_are_the_same_in_all_languages() -> None:
    for term in TERMS:
        numbers = {tuple(sorted(numbers_in(text))) for text in term.definition.values()}
        assert len(numbers) == 1, (term.id, numbers)


def numbers_in(text: str) -> list[str]:
    """Return the numbers of a text without the signs between thousands."""
    return re.findall(r"\d+", re.sub(r"(?<=\d)[,\u00a0](?=\d{3})", "", text))


def test_links_lead_to_other_terms_without_duplicates() -> None:
    ids = {term.id for term in TERMS}
    for term in TERMS:
        assert set(term.see) <= ids - {term.id}, term.id
        assert list(term.see) == sorted(set(term.see)), term.id


def test_forbidden_names_are_not_used_in_names_and_definitions() -> None:
    for term in TERMS:
        texts = {language: f"{term.names[language]} {term.definition[language]}" for language in LANGUAGES}
        assert languages.slips(texts, TERMS) == [], term.id


def test_definitions_name_the_terms_that_the_english_one_names() -> None:
    assert {term.id: found for term in TERMS if (found := lost(term.definition))} == {}


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ({"en": "Two hidden states.", "ru": "Два скрытых состояния.", "zh": "两个隐状态。"}, []),
        (
            {"en": "Gates and a target.", "ru": "Вентили и цель.", "zh": "开关和目标。"},
            [("gate", "zh"), ("target", "ru"), ("target", "zh")],
        ),
        ({"en": "A statement about weighted layers.", "ru": "О слоях.", "zh": "关于层。"}, []),
    ],
)
def test_lost_terms_are_found(texts: dict[str, str], found: list[tuple[str, str]]) -> None:
    assert lost(texts) == found


def lost(texts: dict[str, str]) -> list[tuple[str, str]]:
    """Return the terms that the English sentence names and the sentence of a language does not."""
    return [
        (term.id, language)
        for term in TERMS
        if re.search(rf"\b{re.escape(term.names['en'])}(?:e?s)?\b", texts["en"], re.IGNORECASE)
        for language in ("ru", "zh")
        if not named(term.names[language].lower(), texts[language].lower(), language)
    ]


def named(name: str, text: str, language: str) -> bool:
    """Tell whether a sentence names a thing; Russian words change their endings."""
    if language == "zh":
        return name in text
    return all(re.search(rf"\b{re.escape(word[: max(3, len(word) - 4)])}", text) for word in name.split())


def test_other_names_are_those_of_no_term() -> None:
    for language in LANGUAGES:
        others = [word.casefold() for term in TERMS for word in term.also[language]]
        assert len(others) == len(set(others))
        assert set(others) & {term.names[language].casefold() for term in TERMS} == set()


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("state", "b"),  # in bold, which counts more than in passing
        ("recurrent neural network", "c"),  # a recurrent *net*
        ("gate", "d"),  # a heading
        ("cell", "b"),  # nowhere but in passing
        ("layer", None),  # in a guess and in an exercise
    ],
)
def test_a_term_leads_to_the_section_that_explains_it(name: str, label: str | None, tmp_path: Path) -> None:
    told = """(a)=\n# A title\nIts state is a statement.\n```{tip}\nA *layer*?\n```
(b)=\n## More\nWhat a cell keeps is its **state**.\n(c)=\n## `Loops`\nA **recurrent** net.\n(d)=\n## What *gates* do\n
(e)=\n## Exercises\nA *layer*."""
    cells = [{"cell_type": "markdown", "source": [told]}, {"cell_type": "code", "source": ["layer"]}]
    (tmp_path / "01_x.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    found = first_use(one(en=name, zh="—"), list(sections([tmp_path / "01_x.ipynb"])))
    assert (found and (found.document, found.label)) == (label and ("notebooks/01_x", label))


def test_no_term_forbids_its_own_name() -> None:
    for term in TERMS:
        for language in LANGUAGES:
            assert term.names[language] not in term.forbidden[language], term.id


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ({"en": "a recurrent network", "zh": "递归网络"}, [("recurrent-neural-network", "递归")]),
        ({"en": "a recursive neural network", "zh": "递归神经网络"}, []),
        ({"ru": "Периодической нейронной сетью"}, [("recurrent-neural-network", "периодической нейронной")]),
        ({"ru": "ворота забывания"}, [("forget-gate", "ворота забывания"), ("gate", "ворота")]),
        ({"ru": "два поворота"}, []),
        ({"en": "a cyclic neural network"}, [("recurrent-neural-network", "cyclic neural network")]),
    ],
)
def test_slips_are_found_and_right_uses_are_let_through(texts: dict[str, str], found: list[tuple[str, str]]) -> None:
    assert languages.slips(texts, TERMS) == found


def test_a_name_of_another_term_needs_its_english_beside_it() -> None:
    terms = [one(en="gate", zh="门", forbidden="闸"), one(en="sluice", zh="水闸")]
    assert languages.slips({"en": "a sluice", "zh": "水闸"}, terms) == []
    assert languages.slips({"en": "a gate", "zh": "水闸"}, terms) == [("gate", "闸")]


def test_slips_refuses_an_unknown_language() -> None:
    with pytest.raises(SettingError, match=r"\['de'\] are unknown"):
        languages.slips({"de": "Tor"}, TERMS)


def test_a_term_without_a_definition_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"id": "gate", "en": "gate", "ru": "вентиль", "zh": "门", "en_definition": "A gate.", "zh_definition": "门。"}
    monkeypatch.setattr(languages, "read_book_file", lambda name: {"terms": [row]})
    with pytest.raises(DataError, match="'gate' lacks ru_definition"):
        languages.load_glossary()


def test_an_installed_package_reads_its_own_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "rnn_utils"
    (package / "_book").mkdir(parents=True)
    shutil.copy(ROOT / "book" / "glossary.toml", package / "_book")
    monkeypatch.setattr(languages, "__file__", str(package / "languages.py"))
    assert languages.load_glossary() == TERMS
    with pytest.raises(DataError, match=r"notes\.toml: found neither"):
        languages.read_book_file("notes.toml")
    with pytest.raises(DataError, match=r"forecast_csv\.py: found neither"):
        languages.book_file("programs/forecast_csv.py")


def test_the_chapter_names_its_files_so_that_its_fingerprint_counts_them() -> None:
    (path,) = [path for path in chapter_paths() if path.name.startswith("30_")]
    code = "\n".join(cell.source for cell in code_cells(read(path)))
    assert '"glossary.toml"' in code
    assert '"notes.toml"' in code


def test_ids_read_in_order_in_the_file() -> None:
    text = (ROOT / "book" / "glossary.toml").read_text(encoding="utf-8")
    ids = re.findall(r'^id = "(.+)"$', text, re.MULTILINE)
    assert [(first, second) for first, second in pairwise(ids) if first >= second] == []
