"""Cut the face of the formulas out of STIX Two Math: `python -m tools.mathface stix-two-math-latin-400-normal.woff2`.

The whole face is in the npm package `@fontsource/stix-two-math`.  The cut one holds the letters, figures and signs
below, with every larger form of those that stretch.
"""

import sys

from fontTools.subset import Options, Subsetter, load_font, parse_unicodes, save_font
from fontTools.ttLib import TTFont

from tools.install import ROOT

FACE = ROOT / "book" / "_static" / "faces" / "stix-two-math.woff2"
# ASCII, signs, accents; Greek; dots, primes, sets, arrows, relations, brackets, braces; letters in italics.
KEPT = (
    "20-7E,A0,AC,B1,B7,D7,F7,2C6,2DC,302,303,304,307,20D7,391-3A9,3B1-3C9,3D1,3D5,3F1,3F5,"
    "2016,2026,2032,2061,210E,211D,2190-2192,21A6,21D2,2200,2202,2203,2205,2207-2209,220F,2211-2213,221A,221D,221E,"
    "2225,2229,222A,222B,223C,2248,2260,2261,2264,2265,226A,226B,2286,2295,2297,2299,22A4,22A5,22C5,22EE,22EF,22F1,"
    "2308-230B,23DE,23DF,27E8,27E9,1D434-1D467,1D6E2-1D71B"
)


def main() -> None:
    """Cut, mend and store."""
    options = Options()
    options.layout_features = []
    options.hinting = False
    options.flavor = "woff2"
    font = load_font(sys.argv[1], options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=parse_unicodes(KEPT))
    subsetter.subset(font)
    narrow_roots(font)
    # A browser lets the depth of a letter push its index down, TeX does not: the indices of p and h stand on one line.
    constants = font["MATH"].table.MathConstants
    constants.SubscriptBaselineDropMin.Value = 0
    # At the size of our text a bar of 0.068 em is one pixel thick here and two there.
    constants.FractionRuleThickness.Value = constants.RadicalRuleThickness.Value = 50
    save_font(font, str(FACE), options)
    print(f"{FACE.relative_to(ROOT)}: {FACE.stat().st_size / 1000:.1f} kB")


def narrow_roots(font: TTFont) -> None:
    """Make the larger root signs as narrow as the smallest: a browser leaves room for the widest beside each root."""
    variants = font["MATH"].table.MathVariants
    root = variants.VertGlyphConstruction[variants.VertGlyphCoverage.glyphs.index(font.getBestCmap()[0x221A])]
    width, _ = font["hmtx"][root.MathGlyphVariantRecord[0].VariantGlyph]
    larger = {record.VariantGlyph for record in root.MathGlyphVariantRecord[1:]}
    for name in larger | {part.glyph for part in root.GlyphAssembly.PartRecords}:
        factor = width / font["hmtx"][name][0]
        glyph = font["glyf"][name]
        glyph.coordinates.scale((factor, 1))
        glyph.coordinates.toInt()
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = (width, glyph.xMin)


if __name__ == "__main__":
    main()
