"""Errors of the package; each message says what was expected, what came, and what to do."""


class BookError(Exception):
    """Base of every error that `rnn_utils` raises on purpose."""


class ClaimError(BookError, AssertionError):
    """A sentence of the book is not what its code measures."""


class DataError(BookError):
    """A data file is missing, damaged or not what it says it is."""


class DTypeError(BookError, TypeError):
    """An argument is no array, or an array of the wrong kind of numbers."""


class GradientError(BookError, AssertionError):
    """A gradient written by hand is not what finite differences measure."""


class NotFiniteError(BookError, ValueError):
    """An array holds NaN or infinity."""


class SettingError(BookError, ValueError):
    """An argument or an environment variable has a value that cannot be used."""


class ShapeError(BookError, ValueError):
    """The shape of an array does not fit the others, or is empty."""
