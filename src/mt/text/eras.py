"""Centuries, years before and after Christ, the world wars, rulers: what a network confuses, asked as a date or a name that it knows.

Text is full of the 19th century; the 12th stands in a few dozen sentences, and is said to be the 20th.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from mt.text.normalize import NO_BREAK
from mt.text.number_words import CENTURIES, IN_ENGLISH

ORDINALS = {word: value for word, value in IN_ENGLISH.items() if word.endswith("th") and 4 <= value <= 20}   # the third is said as it is
ORDINAL = rf"\b(?:[0-9]{{1,2}}(?:st|nd|rd|th)|{'|'.join(ORDINALS)})\b"
BEFORE, AFTER = r"BCE?|B\.C\.(?:E\.)?", r"CE|AD|C\.E\.|A\.D\."
CENTURY = re.compile(   # also the first of "12th and early 13th centuries"
    rf"(?P<century>{ORDINAL})(?:(?P<word>[ -]century) (?P<era>(?-i:{BEFORE}|{AFTER}))(?!\w)"
    rf"|(?=(?:[-,]{{0,2}} (?:(?:and|or|to|through) )?(?:the )?(?:(?:early|mid|late)[ -])?{ORDINAL}){{0,3}}[ -]centur(?:y|ies)\b))",
    re.IGNORECASE,
)
YEAR = re.compile(rf"\b(?:(?:AD|A\.D\.) (?P<after>[0-9]{{1,4}})|(?P<year>[0-9]{{1,3}},[0-9]{{3}}|[0-9]{{1,5}}) ?(?P<era>{BEFORE}|{AFTER}))(?!\w)")
FIRST_WAR = re.compile(r"\b(?:World War (?:I|1|One)|WW(?:I|1))(?![\w-])")
FIRST_RULER = re.compile(
    r"\b(?:King|Emperor|Tsar|Pope|Prince|Sultan|(?P<she>Queen|Empress)) [A-Z][a-zé]+(?: [A-Z][a-zé]+)? (?P<first>I)\b"
    r"(?!['’]| (?:am|have|think|know|mean|believe|guess|saw|met|like|love|want|would|can|could)\b)"   # the king I love
)
HINTS = (" I", "entur", "ENTUR", "War", "WW", "BC", "CE", "AD", "B.C", "C.E", "A.D")   # one of them is in all of these
KNOWN_CENTURIES = {"19th": "XIXe", "17th": "XVIIe", "20th": "XXe", "16th": "XVIe", "21st": "XXIe"}
KNOWN_YEARS = ("1887", "1864", "1872")
SECOND_WAR = re.compile(r"\b(?:World War (?:II|2|Two)|WW(?:II|2)|Second World War)\b")


class Era(NamedTuple):
    """A date or a name that is asked as another one: how that stands in French, and what French is to have instead."""

    text: str
    start: int
    asked: str
    said: str
    french: str


def eras(text: str) -> Iterator[Era]:
    """What to ask otherwise in an English text; what it is asked as does not stand in it."""
    if not any(hint in text for hint in HINTS):
        return   # the patterns take a hundredth of the time that a translation takes
    centuries = [known for known in KNOWN_CENTURIES if known not in text]
    for match in CENTURY.finditer(text):
        value = ORDINALS.get(match["century"].lower()) or int(re.sub("[^0-9]", "", match["century"]) or 0)
        if 0 < value <= len(CENTURIES) and centuries and (match["era"] or CENTURIES[value - 1] not in KNOWN_CENTURIES.values()):
            known = centuries.pop(0)
            asked, siecle = known + (match["word"] or ""), " siècle" if match["era"] else ""
            french = CENTURIES[value - 1] + siecle + in_french(match["era"])
            yield Era(match[0], match.start(), asked.upper() if match[0].isupper() else asked, KNOWN_CENTURIES[known] + siecle, french)
    years = [known for known in KNOWN_YEARS if known not in text]
    for match in YEAR.finditer(text):
        if years:
            known = years.pop(0)
            year = (match["after"] or match["year"]).replace(",", "")
            yield Era(match[0], match.start(), known, known, year + in_french("AD" if match["after"] else match["era"]))
    wars = list(FIRST_WAR.finditer(text))
    if len(wars) == 1 and not SECOND_WAR.search(text):
        yield Era(wars[0][0], wars[0].start(), "World War II", "Seconde Guerre mondiale", "Première Guerre mondiale")
    rulers = list(FIRST_RULER.finditer(text))
    if len(rulers) == 1 and not re.search(r"\bII\b", text):
        yield Era("I", rulers[0].start("first"), "II", "II", "Ire" if rulers[0]["she"] else "Ier")


def in_french(era: str | None) -> str:
    """BC and its like, as they stand behind a date."""
    letters = (era or "").upper().replace(".", "")
    return {"": "", "BC": " av. J.-C.", "AD": " apr. J.-C.", "BCE": " avant notre ère", "CE": " de notre ère"}[letters].replace(" ", NO_BREAK, 1)
