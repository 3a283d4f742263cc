"""The aligned paragraphs: three languages that say the same, sentence by sentence."""

import re
import unicodedata

import pytest

from rnn_utils import languages
from rnn_utils.errors import DataError
from rnn_utils.languages import LANGUAGES, Note, load_notes, sentences, show_notes
from tests.book.test_glossary import END, WRONG, lost, numbers_in

NOTES = load_notes()
TERMS = {term.id: term for term in languages.load_glossary()}


@pytest.fixture(params=NOTES, ids=lambda note: note.id)
def note(request: pytest.FixtureRequest) -> Note:
    return request.param


def test_there_are_enough_notes_with_unique_ids() -> None:
    assert len(NOTES) >= 10
    assert len({note.id for note in NOTES}) == len(NOTES)
    assert {note.part for note in NOTES} == {"network", "learning", "gates", "tasks"}


def test_every_source_is_corrected_somewhere() -> None:
    assert {source for note in NOTES for source in note.sources} == {"000", "001", "002", "003", "004"}


def test_languages_have_two_to_four_sentences_and_equally_many(note: Note) -> None:
    counts = {language: len(sentences(text)) for language, text in note.text.items()}
    assert len(set(counts.values())) == 1, counts
    assert 2 <= counts["en"] <= 4


def test_numbers_are_the_same_sentence_by_sentence(note: Note) -> None:
    for triple in zip(*(sentences(note.text[language]) for language in LANGUAGES), strict=True):
        assert len({tuple(sorted(numbers_in(text))) for text in triple}) == 1, triple


def test_each_script_keeps_its_typography(note: Note) -> None:
    for language, text in note.text.items():
        assert not (found := re.search(WRONG[language], text, re.IGNORECASE)), (language, found)
        assert unicodedata.is_normalized("NFC", text)
        assert text.endswith(END[language])


def test_names_are_those_of_the_glossary(note: Note) -> None:
    assert languages.slips(note.text, list(TERMS.values())) == []
    assert TERMS[note.term].names["en"].lower() in note.text["en"].lower()
    for english, russian, chinese in zip(*(sentences(note.text[language]) for language in LANGUAGES), strict=True):
        assert lost({"en": english, "ru": russian, "zh": chinese}) == []


def test_shown_languages_carry_their_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(languages, "display", shown.append)
    text = {"en": "a < b.", "ru": "а.", "zh": "甲。"}
    show_notes([Note("x", "gates", "mnist", ("000",), text)])
    page = shown[0]["text/html"]
    assert '<p lang="en">a &lt; b.</p>\n<p lang="ru">а.</p>\n<p lang="zh-Hans">甲。</p>' in page
    assert page.count("MNIST") == 1
    assert shown[0]["text/plain"] == "MNIST\na < b.\nа.\n甲。"


def test_a_note_without_a_language_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"id": "x", "part": "gates", "term": "gate", "sources": ["000"], "en": "A.", "zh": "甲。"}
    monkeypatch.setattr(languages, "read_book_file", lambda name: {"paragraphs": [row]})
    with pytest.raises(DataError, match="'x' has no text in ru"):
        load_notes()
