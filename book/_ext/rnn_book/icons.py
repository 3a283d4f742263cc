"""The icons of the pages: drawn here, put into each page, so that no page loads a font or a script of icons."""

import re

from sphinx.errors import ExtensionError

# By the theme's names, in a square of 16: lines of one weight, which the style sheet sets.
ICONS = {
    "angle-left": '<path d="M10.5 3 5.5 8l5 5"/>',
    "angle-right": '<path d="m5.5 3 5 5-5 5"/>',
    "arrow-up": '<path d="M8 13.5v-11M3.5 7 8 2.5 12.5 7"/>',
    "bars": '<path d="M2 4h12M2 8h12M2 12h12"/>',
    "circle-half-stroke": (
        '<circle cx="8" cy="8" r="5.75"/><path fill="currentColor" d="M8 2.25a5.75 5.75 0 0 1 0 11.5z"/>'
    ),
    "expand": '<path d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10"/>',
    "list": '<path d="M6 4h8M6 8h8M6 12h8M2.5 4h0M2.5 8h0M2.5 12h0"/>',
    "magnifying-glass": '<circle cx="6.75" cy="6.75" r="4.5"/><path d="m10.25 10.25 3.75 3.75"/>',
    "moon": '<path d="M13.5 9.75A5.75 5.75 0 1 1 6.25 2.5a4.75 4.75 0 0 0 7.25 7.25z"/>',
    "sun": (
        '<circle cx="8" cy="8" r="3"/><path d="M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15'
        'M3.05 3.05l1.06 1.06M11.89 11.89l1.06 1.06M12.95 3.05l-1.06 1.06M4.11 11.89l-1.06 1.06"/>'
    ),
}
# The theme writes <i class="fa-solid fa-sun fa-lg" …></i>.
ICON = re.compile(r'<(i|span) class="([^"]*\bfa-[^"]*)"([^>]*)></\1>')
LOOKS = {"fa-solid", "fa-lg"}


def with_icons(page: str) -> str:
    """Put a drawing in the place of each icon that the theme names."""
    return ICON.sub(_drawn, page)


def _drawn(icon: re.Match[str]) -> str:
    _, classes, rest = icon.groups()
    (name,) = {word for word in classes.split() if word.startswith("fa-")} - LOOKS
    if (drawing := ICONS.get(name.removeprefix("fa-"))) is None:
        raise ExtensionError(f"the theme shows an icon {name!r} that is not drawn; add it to ICONS in {__name__}")
    kept = " ".join(["icon", *(word for word in classes.split() if not re.match(r"fa[srb]?(-|$)", word))])
    rest = re.sub(r'\s+title="[^"]*"', "", rest)  # the button around it has a name
    return f'<svg class="{kept}"{rest} viewBox="0 0 16 16" aria-hidden="true">{drawing}</svg>'
