"""Numbers in words: what those of an English text add up to, and which of them its French lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

CENTURIES = "Ier IIe IIIe IVe Ve VIe VIIe VIIIe IXe Xe XIe XIIe XIIIe XIVe XVe XVIe XVIIe XVIIIe XIXe XXe XXIe".split()


def table(words: str, *, start: int = 0, step: int = 1) -> dict[str, int]:
    """Words to values: | stands between the words of one value and those of the next."""
    return {word: start + step * i for i, group in enumerate(words.split("|")) for word in group.split()}


IN_FRENCH = {
    **table(
        "zéro minuit|un une premier première ier|deux second seconde deuxième double|trois troisième triple|quatre quatrième|cinq cinquième"
        "|six sixième|sept septième|huit huitième|neuf neuvième|dix dixième dizaine|onze onzième|douze douzième douzaine midi|treize treizième"
        "|quatorze quatorzième|quinze quinzième quart|seize seizième|dix-sept dix-septième|dix-huit dix-huitième|dix-neuf dix-neuvième"
        "|vingt vingtième vingtaine"
    ),
    **table("trente demi demie|quarante|cinquante|soixante", start=30, step=10),
    "cent": 100, "centaine": 100, "mille": 1000, "millier": 1000,
    **table("janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre", start=1),
    **table("|".join(CENTURIES).lower(), start=1),
}
IN_ENGLISH = {
    **table(
        "zero midnight|a an one once first|two twice second couple both|three thrice third|four fourth|five fifth|six sixth|seven seventh"
        "|eight eighth|nine ninth|ten tenth decade|eleven eleventh|twelve twelfth dozen noon|thirteen thirteenth|fourteen fourteenth"
        "|fifteen fifteenth quarter|sixteen sixteenth|seventeen seventeenth|eighteen eighteenth|nineteen nineteenth|twenty twentieth"
    ),
    **table("thirty thirtieth half|forty|fifty|sixty|seventy|eighty|ninety", start=30, step=10),
    **table("january|february|march|april|may|june|july|august|september|october|november|december", start=1),
}
MAGNITUDES = {"hundred": 100, "century": 100, "thousand": 1000, "k": 1000, "million": 10**6, "m": 10**6, "billion": 10**9, "bn": 10**9}
CARDINALS = "one two three four five six seven eight nine".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
COMPOUND = re.compile(rf"\b({'|'.join(TENS)})-({'|'.join(CARDINALS)}|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)\b", re.IGNORECASE)
FRENCH_TENS = "vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt".split()
FRENCH_UNITS = "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf".split()


def spelled(text: str) -> set[str]:
    """The values of an English text's number words: "two hundred and five" gives 2, 200 and 205, "5 million" 5000000."""
    sums: set[float] = set()
    total = current = century = 0.0
    for word in re.findall(r"[0-9]+(?:\.[0-9]+)?|[a-z]+", text.lower()):
        known = word if word in IN_ENGLISH or word in MAGNITUDES else word.removesuffix("s").removesuffix("th")
        if known in MAGNITUDES:
            current, century = max(current, 1) * MAGNITUDES[known], 0
            if MAGNITUDES[known] > 100:
                total, current = total + current, 0
            sums.add(total + current)
        elif known in IN_ENGLISH:
            value = IN_ENGLISH[known]
            if current % 100 == 0 or (current % 10 == 0 and value < 10):
                current += value
            else:
                century, current = current, value   # nineteen eighty-four
            sums |= {value, 100 * century + current, total + current}
        elif word != "and":
            total, current, century = 0, float(word) if word[0].isdigit() else 0, 0
    return {f"{value:.15g}" for value in sums}


def compounds(text: str) -> Iterator[tuple[re.Match[str], int, str]]:
    """The numbers from twenty-one to ninety-nine in an English text, their values, and how French may write them: 75, soixante-quinze."""
    for match in COMPOUND.finditer(text):
        value = IN_ENGLISH[match[1].lower()] + IN_ENGLISH[match[2].lower()]
        french = in_french(value) if match[2].lower() in CARDINALS else f"{value}e"
        large = len(french) if match[0].isupper() else match.start() == 0 and match[0][0].isupper()   # how many letters
        yield match, value, french[:large].upper() + french[large:]


def in_french(value: int) -> str:
    """A compound as French writes it: 75 → soixante-quinze."""
    tens, unit = divmod(value, 10)
    unit += 10 * (tens in (7, 9))
    return FRENCH_TENS[tens - 2] + (" et " if unit in (1, 11) and tens < 8 else "-") + FRENCH_UNITS[unit - 1]


def lost(source: str, translation: str) -> list[str]:
    """The compounds of an English text that its French has neither in words nor in figures; "three hundred and seventy-five" may be 375."""
    said = re.sub(r"[\s-]+", "-", translation.lower())
    missing = []
    for match, value, _ in compounds(source):
        stem = in_french(value).replace(" ", "-").rstrip("ef")   # of soixante-quinzième and vingt-neuvième, too
        if not re.search(rf"(?<!quatre-)(?<!\w){stem}|{value}(?![0-9])", said):
            missing.append(match[0])
    return missing
