"""The notes of the book's sources, corrected: aligned paragraphs in three languages."""

import html
import re
from collections.abc import Sequence
from typing import NamedTuple

from rnn_utils.errors import DataError
from rnn_utils.glossary import LANGUAGES, load, read_book_file
from rnn_utils.show import display

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
    names = {term.id: term.names for term in load()}
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
