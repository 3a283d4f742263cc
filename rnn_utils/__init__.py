"""Helpers shared by the chapters of the book; importing this needs NumPy alone."""

from rnn_utils.environment import Setup, setup
from rnn_utils.page import claim, expect_error, glue, recall, table

__all__ = ["Setup", "claim", "expect_error", "glue", "recall", "setup", "table"]
__version__ = "0.1.0"
