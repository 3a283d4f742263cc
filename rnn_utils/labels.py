"""The one dictionary of the texts inside figures, so that a language can be added without touching code."""

import tomllib
from functools import cache
from importlib.resources import files

from rnn_utils.errors import SettingError


def label(key: str, **values: object) -> str:
    """Return the text of a figure by its key.

    Parameters
    ----------
    key : str
        ``"section.name"`` of ``labels.toml``; section ``common`` may be left out.
    **values
        Fill the text's ``{fields}``.

    Raises
    ------
    SettingError
        If there is no such key.

    Examples
    --------
    >>> label("training_step")
    'training step'
    """
    section, _, name = key.rpartition(".")
    try:
        text = _texts()[section or "common"][name]
    except KeyError:
        raise SettingError(f"label: no text {key!r}; add it to rnn_utils/labels.toml, one line per text.") from None
    return text.format(**values) if values else text


@cache
def _texts() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("rnn_utils") / "labels.toml").read_text(encoding="utf-8"))
