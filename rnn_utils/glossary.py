"""The words of the book: names and definitions in three languages, and a check of how they are used."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rnn_utils.errors import DataError, SettingError

# The book's languages, each with its tag for HTML: "zh" alone leaves a browser to guess the script.
LANGUAGES = {"en": "en", "ru": "ru", "zh": "zh-Hans"}


class Term(NamedTuple):
    """One thing and its names: ``names``, ``definition`` and ``forbidden`` are keyed by language."""

    id: str
    names: dict[str, str]
    short: str
    definition: dict[str, str]
    forbidden: dict[str, tuple[str, ...]]
    see: tuple[str, ...]


def load() -> tuple[Term, ...]:
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
    >>> names = {term.id: term.names for term in load()}
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
        From `load`.

    Returns
    -------
    list of (term id, name found)

    Examples
    --------
    >>> slips({"en": "a recurrent network", "zh": "递归网络"}, load())
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
    """Read a TOML file of ``book/``, from a checkout or from the copy inside the installed package."""
    package = Path(__file__).resolve().parent
    for place in (package.parent / "book" / name, package / "_data" / name):
        if place.is_file():
            return tomllib.loads(place.read_text(encoding="utf-8"))
    raise DataError(
        f"{name}: found neither in book/ nor in the package. Install rnn_utils again, or run in a checkout."
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
    )


def _occurs(name: str, text: str) -> bool:
    """Tell whether a name begins a word of the text; Chinese has no such beginnings."""
    start = r"(?<!\w)" if name[0] < "\u2e80" else ""
    return re.search(start + re.escape(name), text, re.IGNORECASE) is not None


def _means_another(name: str, language: str, english: str, terms: Sequence[Term]) -> bool:
    return any(name in term.names[language].lower() and term.names["en"].lower() in english.lower() for term in terms)
