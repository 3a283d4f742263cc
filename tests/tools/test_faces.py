"""Figures are laid out with the very faces that the pages show."""

import pytest
from fontTools.ttLib import TTFont

from tools.faces import FACES, LAID_OUT, SERVED, made


@pytest.mark.parametrize("name", FACES)
def test_a_letter_is_as_wide_in_a_figure_as_on_its_page(name: str) -> None:
    ours = TTFont(LAID_OUT / name)
    served = made([SERVED / f"{part}.woff2" for part in FACES[name]], 700 if "Bold" in name else 400)
    letters = served.getBestCmap()
    assert ours.getBestCmap().keys() == letters.keys()
    assert {
        letter: ours["hmtx"][ours.getBestCmap()[letter]][0] / ours["head"].unitsPerEm for letter in letters
    } == pytest.approx(
        {letter: served["hmtx"][glyph][0] / served["head"].unitsPerEm for letter, glyph in letters.items()}, abs=1e-3
    )
