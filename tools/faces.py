"""Make the faces that figures are laid out with (rnn_utils/faces) from those that the book serves.

Matplotlib reads no woff2 and no variable face: each becomes a TrueType file of one weight, under a name of its own,
since the licence reserves the name "Source" for what is not changed.  Run it, with
brotli installed, when a served face has changed: ``python -m tools.faces``.

The signs of Chinese dates are cut from the npm package `@fontsource/noto-sans-sc`, with ``pyftsubset --no-hinting
--layout-features='' --flavor=woff2 --text=〇一二三四五六七八九十年月日星期``.
"""

import re
import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from tools.chapters import ROOT

SERVED, LAID_OUT = ROOT / "book" / "_static" / "faces", ROOT / "rnn_utils" / "faces"
# What a figure is lettered with: words in the sans face, variables in italics as in formulas, figures in them upright.
FACES = {
    "FigureSans-Regular.ttf": ["source-sans-3-latin-wght-normal", "source-sans-3-cyrillic-wght-normal"],
    "FigureSans-Bold.ttf": ["source-sans-3-latin-wght-normal", "source-sans-3-cyrillic-wght-normal"],
    "FigureHan-Regular.ttf": ["noto-sans-sc-dates-normal"],
    "FigureSerif-Regular.ttf": ["source-serif-4-latin-wght-normal"],
    "FigureSerif-Italic.ttf": ["source-serif-4-latin-wght-italic", "source-serif-4-greek-wght-italic"],
}


def main() -> None:
    """Write the faces."""
    for name, parts in FACES.items():
        face = made([SERVED / f"{part}.woff2" for part in parts], 700 if "Bold" in name else 400)
        family, style = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name[:-4]).split("-")
        for kind, text in {1: family, 2: style, 4: f"{family} {style}", 6: name[:-4]}.items():
            face["name"].setName(text, kind, 3, 1, 0x409)
        face["OS/2"].usWeightClass = 700 if style == "Bold" else 400
        face.save(LAID_OUT / name)


def made(parts: list[Path], weight: int) -> TTFont:
    """Return the parts as one face of one weight, without what only other programs read."""
    with tempfile.TemporaryDirectory() as folder:
        plain = [Path(folder) / f"{number}.ttf" for number in range(len(parts))]
        for part, path in zip(parts, plain, strict=True):
            face = TTFont(part, recalcTimestamp=False)
            if "fvar" in face:
                face = instantiateVariableFont(face, {"wght": weight})
            face.flavor = None
            # Kerning and ligatures come from the browser; Matplotlib kerns by the old table, which these lack.
            keep = Subsetter(Options(drop_tables=["GSUB", "GPOS", "GDEF", "STAT", "DSIG"], hinting=False))
            keep.populate(unicodes=face.getBestCmap())
            keep.subset(face)
            face.save(path)
        return Merger().merge([str(path) for path in plain]) if len(plain) > 1 else TTFont(plain[0])


if __name__ == "__main__":
    main()
