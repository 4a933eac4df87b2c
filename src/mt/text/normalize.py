"""One line of text as the model sees it: the same function cleans the corpora and what the user types.

NFC, never NFKC: compatibility normalisation would turn ½ into 1⁄2, ™ into TM, and the no-break spaces that French
typography needs into plain ones.
"""

from __future__ import annotations

import re
import unicodedata

NO_BREAK = "\u00a0"          # before : and inside « »
NARROW_NO_BREAK = "\u202f"   # before ; ! ? and between thousands

TRANSLATION = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u00b4\u0060\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
        **dict.fromkeys(map(chr, range(32)), " "),
        **dict.fromkeys("\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u205f\u3000\x85\u2028\u2029", " "),
        **dict.fromkeys("\u2010\u2011\u2012\u2212", "-"), **dict(zip("ﬀﬁﬂﬃﬄﬅﬆ", "ff fi fl ffi ffl st st".split(), strict=True)),
        # U+200D joins emoji and U+FE0F colours them, so both stay; the other invisible characters go.
        **dict.fromkeys("\u00ad\u200b\u200c\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", None),
    }
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+ *")
SPACES = re.compile(" {2,}")

ANY_SPACE = f"[ {NO_BREAK}{NARROW_NO_BREAK}]"
END = rf"(?=$|[\s\"')\]»{NO_BREAK}{NARROW_NO_BREAK}])"
BEFORE_HIGH = re.compile(rf"(?<=[\w)\]\"'»%€$.…]){ANY_SPACE}*([;!?]+){END}")
BEFORE_COLON = re.compile(rf"(?<=[\w)\]\"'»%€$.…]){ANY_SPACE}*:{END}")
GUILLEMET_OPEN = re.compile(rf"«{ANY_SPACE}*(?=\S)")
GUILLEMET_CLOSE = re.compile(rf"(?<=\S){ANY_SPACE}*»")
THOUSANDS = re.compile(rf"(?<![\d,.]{ANY_SPACE})(?<![\d,.])\d{{1,3}}(?:{ANY_SPACE}\d{{3}})+(?!\d)")
UNIT = re.compile(r"(?<=\d) (?=[€$£%°](?!\w))")


def normalize(text: str) -> str:
    """A line in either language: NFC, plain quotes and hyphens, single spaces, nothing invisible; no-break spaces stay."""
    text = unicodedata.normalize("NFC", text).translate(TRANSLATION)
    return SPACES.sub(" ", CONTROL.sub("", text)).strip(f" {NO_BREAK}{NARROW_NO_BREAK}")


def with_plain_spaces(english: str) -> str:
    """English has no others."""
    return english.replace(NO_BREAK, " ").replace(NARROW_NO_BREAK, " ")


def in_one_line(text: str) -> str:
    """What somebody wrote, as it stands, but a space for what would break a line, a table or a terminal."""
    return UNPRINTABLE.sub(" ", text).strip()


def no_break_spaces(text: str) -> str:
    """French with the spaces of the Imprimerie nationale: U+202F before ; ! ? and in numbers, U+00A0 before : % € and inside « »."""
    text = BEFORE_HIGH.sub(rf"{NARROW_NO_BREAK}\1", text)
    text = BEFORE_COLON.sub(f"{NO_BREAK}:", text)
    text = GUILLEMET_OPEN.sub(f"«{NO_BREAK}", text)
    text = GUILLEMET_CLOSE.sub(f"{NO_BREAK}»", text)
    text = THOUSANDS.sub(lambda number: re.sub(ANY_SPACE, NARROW_NO_BREAK, number.group()), text)
    return UNIT.sub(NO_BREAK, text)
