"""The three languages of the book: its glossary, its notes, and the words of Chinese text.

The glossary holds names and definitions, and `slips` finds names that the book does not use.  The notes
are those of the book's sources, corrected: aligned paragraphs.  Chinese writes no spaces between words.
"""

import html
import re
import tomllib
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from rnn_utils.errors import DataError, SettingError
from rnn_utils.page import display

# The book's languages, each with its tag for HTML: "zh" alone leaves a browser to guess the script.
LANGUAGES = {"en": "en", "ru": "ru", "zh": "zh-Hans"}


class Term(NamedTuple):
    """One thing and its names: ``names``, ``definition``, ``forbidden`` and ``also`` are keyed by language.

    ``also`` holds what readers type when they look for it: other names and other spellings.
    """

    id: str
    names: dict[str, str]
    short: str
    definition: dict[str, str]
    forbidden: dict[str, tuple[str, ...]]
    see: tuple[str, ...]
    also: dict[str, tuple[str, ...]]


def load_glossary() -> tuple[Term, ...]:
    """Read the glossary, sorted by id.

    Returns
    -------
    tuple of Term
        The rows of ``book/glossary.toml``.

    Raises
    ------
    DataError
        If the file is missing, or a row lacks a name or a definition in one of the languages.

    Examples
    --------
    >>> names = {term.id: term.names for term in load_glossary()}
    >>> names["forget-gate"]["zh"]
    '遗忘门'
    """
    return tuple(_term(row) for row in read_book_file("glossary.toml")["terms"])


def slips(texts: Mapping[str, str], terms: Sequence[Term]) -> list[tuple[str, str]]:
    """Find names that the book does not use.

    A name that is wrong for one thing may be right for another: 递归 is no word for "recurrent", but
    it is the word for "recursive".  It is let through where the English text says so.

    Parameters
    ----------
    texts : mapping of language to text
        The same text in some of the languages; ``"en"`` tells what is meant.
    terms : sequence of Term
        From `load_glossary`.

    Returns
    -------
    list of (term id, name found)

    Examples
    --------
    >>> slips({"en": "a recurrent network", "zh": "递归网络"}, load_glossary())
    [('recurrent-neural-network', '递归')]
    """
    if unknown := set(texts) - set(LANGUAGES):
        raise SettingError(f"slips: languages {sorted(unknown)} are unknown; expected some of {list(LANGUAGES)}.")
    return [
        (term.id, name)
        for term in terms
        for language, text in texts.items()
        for name in term.forbidden[language]
        if _occurs(name, text) and not _means_another(name, language, texts.get("en", ""), terms)
    ]


def read_book_file(name: str) -> dict[str, Any]:
    """Read a TOML file of ``book/``."""
    return tomllib.loads(book_file(name).read_text(encoding="utf-8"))


def book_file(name: str) -> Path:
    """Return where a file of ``book/`` lies: in a checkout, or in the copy inside the installed package."""
    package = Path(__file__).resolve().parent
    for place in (package.parent / "book" / name, package / "_book" / name):
        if place.is_file():
            return place
    raise DataError(
        f"{name}: found neither in book/ nor in the package. Run in a checkout of the book, or install from one."
    )


def _term(row: Mapping[str, Any]) -> Term:
    missing = [key for language in LANGUAGES for key in (language, f"{language}_definition") if not row.get(key)]
    if missing:
        raise DataError(f"glossary.toml: term {row.get('id')!r} lacks {', '.join(missing)}. Add one line for each.")
    return Term(
        id=row["id"],
        names={language: row[language] for language in LANGUAGES},
        short=row.get("short", ""),
        definition={language: row[f"{language}_definition"] for language in LANGUAGES},
        forbidden={language: tuple(row.get(f"{language}_forbidden", ())) for language in LANGUAGES},
        see=tuple(row.get("see", ())),
        also={language: tuple(row.get(f"{language}_also", ())) for language in LANGUAGES},
    )


def _occurs(name: str, text: str) -> bool:
    """Tell whether a name begins a word of the text; Chinese has no such beginnings."""
    start = r"(?<!\w)" if name[0] < "\u2e80" else ""
    return re.search(start + re.escape(name), text, re.IGNORECASE) is not None


def _means_another(name: str, language: str, english: str, terms: Sequence[Term]) -> bool:
    return any(name in term.names[language].lower() and term.names["en"].lower() in english.lower() for term in terms)


# Written at each paragraph, so that a notebook shows it without the book's style sheet.
FRAME = "margin: 1.8em 0; padding-left: 1em; border-left: 3px solid #56b4e9"


class Note(NamedTuple):
    """One paragraph: ``text`` by language, its ``term`` of the glossary, and the sources it corrects."""

    id: str
    part: str
    term: str
    sources: tuple[str, ...]
    text: dict[str, str]


def load_notes() -> tuple[Note, ...]:
    """Read the aligned paragraphs in the book's order.

    Returns
    -------
    tuple of Note
        The rows of ``book/notes.toml``.

    Raises
    ------
    DataError
        If the file is missing or a paragraph lacks a language.

    Examples
    --------
    >>> first = load_notes()[0]
    >>> first.term, sorted(first.text)
    ('sequence', ['en', 'ru', 'zh'])
    """
    notes = []
    for row in read_book_file("notes.toml")["paragraphs"]:
        if missing := [language for language in LANGUAGES if not row.get(language)]:
            raise DataError(f"notes.toml: paragraph {row.get('id')!r} has no text in {', '.join(missing)}.")
        text = {language: row[language] for language in LANGUAGES}
        notes.append(Note(row["id"], row["part"], row["term"], tuple(row["sources"]), text))
    return tuple(notes)


def sentences(text: str) -> list[str]:
    """Cut a text into sentences at the full stops, question and exclamation marks of the three scripts.

    Examples
    --------
    >>> sentences("One. Two?")
    ['One.', 'Two?']
    >>> sentences("一句。两句。")
    ['一句。', '两句。']
    """
    return re.split(r"(?<=[.?!])\s+|(?<=[。？！])(?!$)", text)


def show_notes(notes: Sequence[Note]) -> None:
    """Show paragraphs, the three languages one below the other, so that a phone can show them too.

    Parameters
    ----------
    notes : sequence of Note
        From `load_notes`.  Each language carries its tag, so that fonts and screen readers follow.
    """
    names = {term.id: term.names for term in load_glossary()}
    pages, lines = [], []
    for note in notes:
        heading: dict[str, str] = {}
        for language, tag in LANGUAGES.items():
            heading.setdefault(names[note.term][language], tag)  # MNIST: once, not three times
        title = " · ".join(f'<span lang="{tag}">{html.escape(name)}</span>' for name, tag in heading.items())
        bodies = [f'<p lang="{tag}">{html.escape(note.text[language])}</p>' for language, tag in LANGUAGES.items()]
        pages += [f'<div class="aligned-note" style="{FRAME}">', f"<p><strong>{title}</strong></p>", *bodies, "</div>"]
        lines += [" · ".join(heading), *note.text.values(), ""]
    display({"text/plain": "\n".join(lines).rstrip(), "text/html": "\n".join(pages)})


def chinese_words(text: str) -> list[str]:
    """Cut Chinese text into words with the dictionary of jieba.

    Of all the ways to cut a sentence into words of the dictionary, jieba takes the one with the
    largest product of word frequencies.  Characters that begin no word stand alone.

    Parameters
    ----------
    text : str
        Chinese, with any punctuation, digits or Latin words in between.

    Returns
    -------
    list of str
        The words and marks in order; joined, they give the text back.

    Notes
    -----
    The dictionary is read from the installed package at the first call (about a second).
    ``jieba.cut`` would keep a copy of it in the folder for temporary files, would take such a copy
    from there whatever it holds, and would log both to the error stream.  Its second stage, which
    guesses words that no dictionary has, is left out (``HMM=False``).

    Examples
    --------
    >>> chinese_words("网络读取的是数。")
    ['网络', '读取', '的', '是', '数', '。']
    """
    return list(_tokenizer().cut(text, HMM=False))


@cache
def _tokenizer() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba is older than the Pythons that warn about its source
        import jieba
    tokenizer = jieba.Tokenizer()
    with (Path(jieba.__file__).parent / "dict.txt").open("rb") as lines:
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(lines)
    tokenizer.initialized = True
    return tokenizer
