"""Helpers shared by the chapters of the book; importing this needs NumPy alone."""

from rnn_utils.claims import claim
from rnn_utils.environment import Setup, setup
from rnn_utils.show import expect_error, glue, table

__all__ = ["Setup", "claim", "expect_error", "glue", "setup", "table"]
__version__ = "0.1.0"
