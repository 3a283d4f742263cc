"""Errors of the package; each message says what was expected, what came, and what to do."""


class BookError(Exception):
    """Base of every error that `rnn_utils` raises on purpose."""


class ClaimError(BookError, AssertionError):
    """A sentence of the book is not what its code measures."""


class DataError(BookError):
    """A data file is missing, damaged or not what it says it is."""


class ResultError(BookError):
    """A stored study is missing, unreadable or older than the code that made it."""


class SettingError(BookError, ValueError):
    """An argument or an environment variable has a value that cannot be used."""
