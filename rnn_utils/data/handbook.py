"""One book in three languages, paragraph by paragraph: the text that the chapters on language read.

The standard library alone.
"""

import gzip
import hashlib
import json
import tomllib
from pathlib import Path

from rnn_utils.errors import DataError, SettingError

HERE = Path(__file__).parent
HANDBOOK_LANGUAGES = ("en", "ru", "zh")
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
    if language not in HANDBOOK_LANGUAGES or part not in HANDBOOK_PARTS:
        raise SettingError(
            f"load_handbook: got {language!r} and {part!r}; "
            f"expected one of {', '.join(HANDBOOK_LANGUAGES)} and one of {', '.join(HANDBOOK_PARTS)}."
        )
    rows = map(json.loads, _checked("handbook").decode().splitlines())
    return [row[language] for row in rows if row["part"] == part]


def _checked(dataset: str) -> bytes:
    """Unpack a file that comes with the package, if its bytes are the registered ones."""
    registry = tomllib.loads((HERE / "registry.toml").read_text(encoding="utf-8"))
    (row,) = [row for row in registry["files"] if row["dataset"] == dataset]
    path = HERE / row["name"]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"load_handbook: {path} cannot be read ({error.strerror}); install rnn_utils again.") from error
    if (digest := hashlib.sha256(content).hexdigest()) != row["sha256"]:
        raise DataError(
            f"load_handbook: {path} is damaged: its SHA-256 is {digest[:8]}…, expected {row['sha256'][:8]}…. "
            "Install rnn_utils again."
        )
    return gzip.decompress(content)
