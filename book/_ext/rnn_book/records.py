"""What the chapters' files hold: cells and outputs."""

import json
import re
from pathlib import Path
from typing import Any


def read_notebook(path: Path) -> dict[str, Any]:
    """Read a chapter's file."""
    return json.loads(path.read_text(encoding="utf-8"))


def title_of(path: Path) -> str:
    """Return a chapter's title."""
    cells = read_notebook(path)["cells"]
    return re.search(r"^# (.+)$", "".join("".join(cells[0]["source"])), re.MULTILINE)[1]
