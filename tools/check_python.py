"""Say at once, and clearly, when this Python cannot hold the book's packages.  Runs before anything is installed."""

import sys

OLDEST, NEWEST = (3, 11), (3, 13)

if not OLDEST <= sys.version_info[:2] <= NEWEST:
    sys.exit(
        f"Python {sys.version.split()[0]} was found; expected 3.11, 3.12 or 3.13 (TensorFlow has no build for others). "
        "Install one of them and name it: make PYTHON=python3.11 book"
    )
