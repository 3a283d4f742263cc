"""Turn a chapter's MyST Markdown into the plain Markdown that every notebook program shows."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

ADMONITIONS = {"note", "tip", "hint", "important", "warning", "caution", "seealso", "attention"}
ROLE = re.compile(r"\{([\w:-]+)\}`([^`]+)`")
OPENING = re.compile(r"^\s*(`{3,}|:{3,})\{([\w-]+)\}\s*(.*)$")
OPTION = re.compile(r"^\s*:([\w-]+):\s*(.*)$")


class UnknownMarkup(ValueError):
    """A role or directive that has no plain form yet."""


@dataclass
class Names:
    """What roles point at, gathered over the whole book."""

    glued: dict[str, str] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)  # "/notebooks/01_x" to its title
    labels: dict[str, str] = field(default_factory=dict)  # label to heading or exercise title
    citations: dict[str, tuple[str, str]] = field(default_factory=dict)  # key to (authors, year)
    claims: dict[str, str] = field(default_factory=dict)


def plain(source: str, names: Names) -> str:
    """Return one Markdown cell without labels, roles and directives.

    Raises
    ------
    UnknownMarkup
        If a role or a directive is met that no rule here turns plain.
    """
    lines = [line for line in source.splitlines() if not re.fullmatch(r"\([\w-]+\)=", line)]
    text = "\n".join(directives(lines, names))
    return ROLE.sub(lambda match: role(match[1], match[2], names), text).strip("\n")


def directives(lines: list[str], names: Names) -> list[str]:
    """Replace every directive by plain Markdown, inner ones first."""
    out: list[str] = []
    position = 0
    while position < len(lines):
        match = OPENING.match(lines[position])
        if match is None:
            out.append(lines[position])
            position += 1
            continue
        fence, name, argument = match.groups()
        end = closing(lines, position + 1, fence)
        out += directive(name, argument, lines[position + 1 : end], names)
        position = end + 1
    return out


def closing(lines: list[str], start: int, fence: str) -> int:
    """Return the line that ends the directive whose fence is given."""
    end = re.compile(rf"\s*{fence[0]}{{{len(fence)},}}\s*$")
    for position in range(start, len(lines)):
        if end.match(lines[position]):
            return position
    raise UnknownMarkup(f"a directive opened with {fence} is not closed: {lines[start - 1]}")


def directive(name: str, argument: str, body: list[str], names: Names) -> list[str]:
    """Return the plain lines of one directive."""
    options = {}
    while body and (match := OPTION.match(body[0])):
        options[match[1]] = match[2]
        body = body[1:]
    inner = directives(body, names)
    if name == "admonition":
        return quoted(argument, inner)
    if name in ADMONITIONS:
        return quoted(argument or name.capitalize(), inner)
    if name == "exercise":
        return quoted(f"Exercise: {argument}" if argument else "Exercise", inner)
    if name == "solution-start":
        return [f"**Solution: {names.labels.get(argument, argument)}**"]
    if name == "solution-end":
        return []
    if name == "margin":
        return quoted(argument or "Note", inner)
    if name == "dropdown":
        return ["<details>", f"<summary>{argument}</summary>", "", *inner, "", "</details>"]
    if name == "math":
        return ["$$", *inner, "$$"]
    raise UnknownMarkup(f"directive {{{name}}} has no plain form; add one to tools/plain.py")


def quoted(title: str, body: list[str]) -> list[str]:
    """Return a block quote with a bold title."""
    return [f"> **{title}**", ">", *(f"> {line}".rstrip() for line in body)]


def role(name: str, text: str, names: Names) -> str:
    """Return the plain form of one role."""
    match = re.fullmatch(r"(.+?)\s*<([^>]+)>", text, re.DOTALL)
    shown, target = (match[1], match[2]) if match else (None, text)
    rules: dict[str, Callable[[], str]] = {
        "glue:text": lambda: names.glued[target],
        "doc": lambda: linked(shown or names.documents[target], target),
        "ref": lambda: shown or names.labels[target],
        "numref": lambda: shown or names.labels[target],
        "prf:ref": lambda: shown or names.labels[target],
        "eq": lambda: "the equation above",
        "term": lambda: shown or target,
        "claim": lambda: names.claims[target],
        "math": lambda: f"${target}$",
        "cite:t": lambda: "; ".join("{} ({})".format(*names.citations[key.strip()]) for key in target.split(",")),
        "cite:p": lambda: (
            "(" + "; ".join("{}, {}".format(*names.citations[key.strip()]) for key in target.split(",")) + ")"
        ),
    }
    try:
        return rules[name]()
    except KeyError as error:
        raise UnknownMarkup(f"role {{{name}}}`{text}` has no plain form or no target: {error}") from None


def linked(text: str, document: str) -> str:
    """Link a chapter to the notebook beside this one; a page of the book stays a name."""
    return f"[{text}]({document.rpartition('/')[2]}.ipynb)" if document.startswith("/notebooks/") else f"*{text}*"
