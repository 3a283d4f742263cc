"""How much is run: ``RNN_UTILS_PROFILE`` (``quick``, ``book``, ``full``).

``quick`` shows soon that a change works at all; ``book``, which is the default, makes and checks what is
committed, and takes in turns what takes long; ``full`` takes all of it at once, on a machine with time or a
graphics card.  None of them changes what a chapter computes: its claims are about the steps that it states.
"""

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

PROFILES = ("quick", "book", "full")

Item = TypeVar("Item")


def profile() -> str:
    """Return the profile that was asked for, or stop with one sentence."""
    name = os.environ.get("RNN_UTILS_PROFILE", "book")
    if name not in PROFILES:
        raise SystemExit(f"RNN_UTILS_PROFILE is {name!r}; expected one of {', '.join(PROFILES)}.")
    return name


def in_turn(items: list[Item], every: int) -> list[Item]:
    """Return every so-many-th of what would take too long together, others at the next commit; all in a full run."""
    return items if profile() == "full" else items[turn() % every :: every]


def turn() -> int:
    """Return a number of the commit."""
    with suppress(OSError, subprocess.CalledProcessError):  # no git, or no repository
        command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
        return int(subprocess.check_output(command, stderr=subprocess.DEVNULL), 16)
    return 0
