"""How English and French write numbers: which of them a translation lost or invented, and how an English one is written in French.

A number is compared by its key: its digits without separators of thousands, a point, its decimals without zeros at the end.
What is written in two ways, or read in two ways, has several keys; the comparison takes the reading that agrees.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from mt.text import number_words
from mt.text.normalize import NARROW_NO_BREAK, NO_BREAK

THOUSANDS = {"k": "k", "K": "k", "M": "M", "m": "M", "B": "Md", "bn": "Md"}   # of money: $5B is 5 Md$
DIGITS = r"(?:[0-9]+(?:[.,'][0-9]+)*|(?<![\w.])\.[0-9]+(?!\w))[½⅓⅔¼¾⅕⅛⅜⅝⅞]?"   # .5 too, but not .7z
MONEY = "$€£¥₹₩₽₪₿¢"
# What a person reads as one number: MP3, v2.0.1; +1 555 010 2233; -5, US$1,250.50, 3-4, 12/25/2023, 50%, 1st, 10:30 pm.
NUMBER = re.compile(
    rf"(?<![\w.])(?:[A-Za-z]{{1,16}}|[A-Z][A-Za-z]{{0,15}}-)[0-9]+[A-Za-z0-9]*(?:\.[0-9]+[A-Za-z0-9]*)*"
    rf"|(?<![\w.,])\+?\(?[0-9]+\)?(?:[ -]\(?[0-9]+\)?){{2,}}(?!\w|[.,:/][0-9])"
    rf"|(?:(?<![\w)\]%}}.-])[-−+±])?(?:(?<![\w.])(?:US|CA|AU|HK|NZ)?[{MONEY}][ {NO_BREAK}]?)?{DIGITS}(?:(?:[-–/:×x]| [x×] ){DIGITS})*"
    rf"(?:(?:st|nd|rd|th|[kKmMB]|bn)\b|[ {NO_BREAK}]?(?:[%‰](?![\w(])|°(?:[CF]\b)?|[{MONEY}](?![\w{{])|[ap]\.m\b(?:\.(?=\W*\w))?|[ap]m\b|[AP]M\b))?"
)
FRENCH_NUMBER = re.compile(
    rf"(?P<sign>(?:(?<![\w)\]%}}.-])[-−–](?:(?:US|CA|AU|HK|NZ)?[{MONEY}][ {NO_BREAK}]?)?|\bmoins )?)"
    rf"(?P<digits>(?<![0-9])[0-9]{{1,3}}(?:[ {NO_BREAK}{NARROW_NO_BREAK}][0-9]{{3}})+(?:,[0-9]+)?(?!\.?[0-9])|{DIGITS})"
)
CLOCK = re.compile(rf"([0-9]{{1,2}})(?::([0-5][0-9]))?(?:[ {NO_BREAK}]?([ap])\.?m\.?)?", re.IGNORECASE)
ENGLISH_GROUPS = re.compile(r"[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]+)?")
EUROPEAN_GROUPS = re.compile(r"[0-9]{1,3}(?:[.'][0-9]{3})+(?:,[0-9]+)?")
AMOUNT = r"(?<![\w.,])[0-9]{1,3}(?:,[0-9]{3})*(?:\.[0-9]+)?(?![0-9]|[.,][0-9])"
LARGE = re.compile(
    rf"\b(?:{AMOUNT}(?: to | and | or |[-–]))?[{MONEY}]?{AMOUNT}(?:[ {NO_BREAK}-]?trillion|tr?n)\b|\b(?:an?|one)[ -]trillion\b|\btrillion(s?)\b"
    r"|(?<=[0-9])bn\b",
    re.IGNORECASE,
)

# How French says what a sign beside a number means.
SIGNS = {
    r"\$": r"\$|dollar|USD",
    "€": "€|euro|EUR",
    "£": "£|livre|sterling|GBP",
    "¥": "¥|yen|yuan|JPY|CNY",
    "%": r"%|pour ?cent|p\. ?(?:100|cent)",
    "×": "×|(?<=[0-9]) ?x ?(?=[0-9])|fois|sur|par",
    "(?<=[0-9])M|(?<=[0-9])B|bn|[$€£].*[0-9]m": r"[0-9]\s?[MB]|\bMd|milli|000",
}
AFTERNOON = re.compile(r"(?<![a-z])p\.?\s?m(?![a-z])|après-midi|soir", re.IGNORECASE)


def in_billions(match: re.Match[str]) -> str:
    """What LARGE finds, with the words that French has: it has no usual one for a trillion, so $2.7 trillion is $2,700 billion."""
    english = match[0].lower()
    if english == "bn":
        said = " billion"
    elif re.search("[0-9]", english):
        said = re.sub(AMOUNT, lambda amount: f"{float(key(amount[0])) * 1000:,.10g}", english)
        said = re.sub(r"(?<=[0-9])tr?n", " billion", said.replace("trillion", "billion"))
    else:
        said = "1,000 billion" if re.search("[ -]", english) else "thousands of billions" if match[1] else "thousand billion"
    large = len(said) if match[0].isupper() else match[0][0].isupper()   # how many letters
    return said[:large].upper() + said[large:]


def lost(source: str, translation: str) -> list[str]:
    """The numbers of an English text that its French has neither in figures nor, where they are small, in words."""
    offered = Counter(key for token in FRENCH_NUMBER.finditer(translation) for key in offers(token))
    words = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", translation.lower())
    offered["p.m."] = len(AFTERNOON.findall(translation))
    offered.update(str(number_words.IN_FRENCH.get(word, number_words.IN_FRENCH.get(word.removesuffix("s")))) for word in words)
    missing = []
    for number in NUMBER.findall(source):
        found = next((keys for keys in readings(number) if all(offered[each] >= count for each, count in Counter(keys).items())), None)
        offered.subtract(found or ())
        unsaid = any(re.search(sign, number) and not re.search(said, translation, re.IGNORECASE) for sign, said in SIGNS.items())
        still_english = number.endswith(("st", "nd", "rd", "th")) and re.search(rf"(?<![0-9]){number}\b", translation)
        if found is None or unsaid or still_english:
            missing.append(number)
    return missing


def invented(source: str, translation: str) -> list[str]:
    """The numbers in figures of a French text that its English has neither in figures nor in words."""
    known = {key for number in NUMBER.findall(source) for keys in readings(number) for key in keys} | number_words.spelled(source)
    known |= {"00", *["100"] * ("%" in source)}   # 5 p. 100
    tokens = FRENCH_NUMBER.finditer(translation)
    return [token["digits"] for token in tokens if not known & values(token) and not known.issuperset(runs(token["digits"]))]


def readings(number: str) -> Iterator[tuple[str, ...]]:
    """The ways in which French may write an English number: each the keys that must all be there."""
    clock = CLOCK.fullmatch(number)
    if clock and (clock[2] or clock[3]):
        minutes = () if clock[2] in (None, "00") else (key(clock[2]),)
        hour, half = int(clock[1]), (clock[3] or "").lower()
        if half:
            yield (str(hour % 12 + 12 * (half == "p")), *minutes)
        if (hour, half) != (12, "a"):
            yield (str(hour), *minutes, *["p.m."] * (half == "p" and hour < 12))   # 5 h du soir
        return
    tokens = re.findall(DIGITS, number)
    sign, late = "-" * (number[0] in "-−"), ["p.m."] * number.lower().endswith(("pm", "p.m", "p.m."))   # 9:00-10:30 pm
    yield (sign + key(tokens[0]), *map(key, tokens[1:]), *late)
    yield (sign + tokens[0], *tokens[1:], *late)
    if not sign and not re.search(f"[{MONEY}]", number) and any(re.search("[,']", token) and not ENGLISH_GROUPS.fullmatch(token) for token in tokens):
        yield tuple(runs(number))   # 10,20 is a list, 6'2 feet and inches


def key(token: str) -> str:
    """The value of English figures; 05 is 5, but 007 and 2.0.1 stay as they are."""
    if ENGLISH_GROUPS.fullmatch(token):
        token = token.replace(",", "")
    whole, point, decimals = token.partition(".")
    if point and decimals.isdigit():
        return f"{whole or 0}.{decimals}".rstrip("0").rstrip(".")
    return token[1:] if len(token) == 2 and token[0] == "0" and token != "00" else token


def offers(token: re.Match[str]) -> list[str]:
    """The keys of French figures, also where they are several numbers: "chambre 12 250 euros"."""
    return [*values(token), *(runs(token["digits"]) if re.search(r"[\s,']", token["digits"]) else [])]


def values(token: re.Match[str]) -> set[str]:
    """The keys of French figures that are one number."""
    digits = re.sub(r"\s", "", token["digits"])
    keys = {digits, key(digits), key(digits.replace(",", "."))}
    if EUROPEAN_GROUPS.fullmatch(digits):
        keys = {digits, key(re.sub("[.']", "", digits).replace(",", "."))}   # 15.000 is not 15
    while digits.endswith("000") and len(digits) < 16:
        digits = digits[:-3]
        keys.add(digits)   # 5 million → 5 000 000
    return keys | {f"-{each}" for each in keys if token["sign"]}


def runs(digits: str) -> list[str]:
    """The keys of each row of figures without a separator."""
    return [key(run) for run in re.findall("[0-9]+", digits)]


def in_french(number: str) -> str:
    """An English number as French writes it: $1,250.50 → 1 250,50 $, 10:30 pm → 22 h 30, 1st → 1er; a date or a list as it is."""
    clock = CLOCK.fullmatch(number)
    if clock and clock[3]:
        hour = int(clock[1]) % 12 + 12 * (clock[3].lower() == "p")
        return NO_BREAK.join([str(hour), "h", *([clock[2]] if clock[2] and clock[2] != "00" else [])])
    parts = re.fullmatch(rf"([-−+±]?)(US|CA|AU|HK|NZ)?([{MONEY}]?)\s?({DIGITS})(st|nd|rd|th|[kKmMB]|bn|\s?[^\s0-9A-Za-z]+|\s?°[CF])?", number)
    if not parts:
        return number
    sign, country, money, digits, unit = parts.groups(default="")
    if unit.isalpha() and unit in THOUSANDS and not money:
        return number   # 4K, 16 k
    if ENGLISH_GROUPS.fullmatch(digits) or re.fullmatch(r"[0-9]*\.[0-9]+", digits):
        digits = "0" * digits.startswith(".") + digits.replace(",", NARROW_NO_BREAK).replace(".", ",")
    if unit in ("st", "nd", "rd", "th"):
        return digits + ("er" if digits == "1" else "e")
    return sign + NO_BREAK.join(part for part in (digits, THOUSANDS.get(unit, unit.strip()) + money, country) if part)
