"""What the chapters' files hold: cells, outputs, claims."""

import json
from pathlib import Path
from typing import Any

from rnn_utils.page import CLAIM_MIME


def read_notebook(path: Path) -> dict[str, Any]:
    """Read a chapter's file."""
    return json.loads(path.read_text(encoding="utf-8"))


def is_claim(output: dict[str, Any]) -> bool:
    """Tell whether an output is a claim's."""
    return CLAIM_MIME in output.get("data", {})
