"""What in a text must survive its translation: addresses, placeholders, tags, code, emoji, other scripts, numbers."""

from __future__ import annotations

import re
import typing
from dataclasses import dataclass
from functools import lru_cache

from mt.text import numbers

Kind = typing.Literal["code", "url", "email", "handle", "placeholder", "count", "tag", "emoji", "script", "number", "era", "term"]

# Signs (save those of `numbers`), and letters of other languages than these two, which the network has not learned and French keeps.
PICTURES = (
    "¡¢¤¦§¨©ª¬®¯±²³¶·¹º¼½¾¿×÷\u2020-\u2022\u2031\u2039-\u2049\u2070-\u209f\u2100-\u2211\u2213-\u23ff\u2460-\u27bf"
    "\u2900-\u297f\u2b05-\u2b55\ufffd\U0001f000-\U0001f1e5\U0001f200-\U0001faff^"
)
PICTURE = rf"(?:[{PICTURES}]|[0-9#*]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{{2}})[\ufe0f\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
FOREIGN = (
    "\u0370-\u1cff\u1f00-\u1fff\u2c80-\u2dff\u3005-\ua71f\ua840-\ud7ff\uf900-\ufaff\ufb13-\ufdff\ufe70-\ufefc\uff10-\uffdc"
    "\U00010000-\U0001efff\U00020000-\U0003ffff"
)
WORD = rf"[{FOREIGN}][{FOREIGN}\u0300-\u036f\u200c\u200d]*"
LATIN = "ÁÃÅÌÍÐÑÒÓÕØÚÝÞßáãåìíðñòóõøúýþ\u0100-\u0151\u0154-\u0177\u0179-\u036f\u1e00-\u1eff"   # of Łódź; é, ü and œ have been learned
NAME = rf"(?<!\w)[A-Za-zÀ-ÿŒœŸ]{{0,40}}[{LATIN}][A-Za-zÀ-ÿŒœŸ{LATIN}]{{0,40}}"
REST = r"(?:[^\s<>\"`'’«»“”]|['’](?=\w))"   # of a URL
DOMAIN = "com|org|net|edu|gov|io|dev|app|info|ai|co|fr|uk|de|eu|ca|ch|be|us|example|test"
SUFFIX = (
    "py|js|ts|c|h|cpp|rs|go|sh|md|txt|json|toml|ya?ml|xml|html?|css|csv|tsv|pdf|docx?|xlsx?|png|jpe?g|gif|svg|mp[34]|zip|gz|log|ini|cfg|exe"
    "|po|srt"
)

# What a program puts a number in for, by its name or by what follows: {count}, %d, and %s in front of a plural.
COUNT_NAME = (
    r"(?i:(?:\w{1,30}_)?(?:n|nb|nbr|nr|num|number|count|total|years?|days|hours|minutes|mins|seconds|secs|weeks|months|items|pages?|points|percent"
    r"|percentage|max|min|limit|remaining)|num_?\w{1,30}|\w{1,30}(?-i:Count|Total|Number|Days|Hours|Minutes|Seconds))"
)
IS_PLURAL = (
    r"(?= (?:new |more |other |unread |selected )?(?!(?:is|was|has|does|says|wants|likes|needs|sends|gets|makes|takes|gives|shares|invites|follows"
    r"|uses|requires|allows|contains|includes|exists|fails|expects|returns|supports|provides|as|this|always|comes|goes|starts|ends|runs|works|adds)\b)"
    r"[a-z]{2,30}s\b)"
)

PATTERNS: dict[str, str] = {
    "code": r"(?P<ticks>`{1,3})(?!`).{1,500}?(?<!`)(?P=ticks)(?!`)|^\s*`{3}[\w+-]*|(?<!\w)\w{1,60}(?:\|\w{1,60})+",   # on|off
    "url": rf"(?:(?:https?|ftp|file|ssh|git|wss?)://|(?:www\.|mailto:|tel:)(?=[\w+])){REST}+"
    rf"|(?<![\w.@-])(?:[A-Za-z0-9-]{{1,63}}\.){{1,8}}(?:{DOMAIN})\b(?!\.?\w|@)(?::[0-9]+)?(?:[/?#]{REST}*)?",
    "email": r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}",
    "handle": r"(?<![\w&/])(?:@[A-Za-z_]\w{0,60}|#[^\W\d]\w{0,60}|:[a-z][a-z0-9_+-]{1,40}:(?!\w))",
    "count": rf"\{{\{{ ?{COUNT_NAME} ?\}}\}}|[$#%]?\{{{COUNT_NAME}\}}|%\({COUNT_NAME}\)[sd]|(?<!\u00a0)\${COUNT_NAME}(?!\w)"
    r"|(?<![0-9%])%(?:[0-9]{1,2}\$)?[-+#0]{0,2}[0-9]{0,3}l{0,2}[diu](?!/?[A-Za-z%])"
    rf"|(?:(?<![0-9%])%(?:[0-9]{{1,2}}\$)?s|\{{[0-9]\}}){IS_PLURAL}",
    "placeholder": r"\{\{.{0,80}?\}\}|[$#%]?\{(?:[^{}\n]|\{[^{}\n]{0,80}\}){0,160}\}|\[\[[^\]\n]{1,80}\]\]|\[[A-Z][A-Z0-9_]{1,40}\]|<%.{0,80}?%>"
    r"|(?<!\u00a0)\$[A-Za-z_]\w{0,60}|%[A-Z_]{2,40}%|(?<!\S):[a-z_]\w{1,40}(?![\w:])"
    r"|%\([A-Za-z_]\w{0,60}\)[sdifrx]|(?<![0-9%])%(?:[0-9]{1,2}\$)?[-+#0]{0,2}[0-9]{0,3}(?:\.[0-9]{1,2})?(?:l{0,2}[sdiufxXcr@]|%)(?![A-Za-z])"
    r"|&(?:[a-zA-Z]{2,12}|#x?[0-9A-Fa-f]{1,6});|«(?=\w*(?:[a-z][A-Z]|[0-9_]))\w{1,60}»",   # of a mail merge, but «Yes» is a word
    "tag": r"<!--.{0,300}?-->|</?[A-Za-z][^<>\n]{0,300}>|\x1b\[[0-9;]*[A-Za-z]|(?<!\*)\*{2,3}(?=[^\s*])|(?<=[^\s*])\*{2,3}(?!\*)|~~",
    "path": r"(?<![\w./])(?:(?:~|\.{1,2})/[\w./*-]*|/[\w.-]+(?:/[\w.*-]*)+|[A-Za-z]:\\[^\s\"<>|]*)"
    rf"|(?<![\w.-])[\w-]{{1,80}}\.(?:{SUFFIX})\b(?!\.?\w)|#[0-9A-Fa-f]{{6}}\b",
    "name": r"(?<!\w)_*[^\W_]+(?:_+[^\W_]+)+_*(?!\w)|(?<!\w)__[^\W_]+__(?!\w)|(?<![\w.])[A-Za-z_][\w.]{0,80}\((?:[\"'][^\"'\n]{0,80}[\"'])?\)"
    r"|(?<![^\s(\[`])--[a-z][\w-]+|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?:0x|(?=[0-9]+[A-Fa-f])[0-9A-Fa-f]{6})[0-9A-Fa-f]+\b"
    r"|\b[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][ABD-HJLNP-UW-Z]{2}\b|\b[A-Z]{2}[0-9]{2}(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?\b|(?<![\w+/=])[\w+/=]{41,}"
    r"|(?<!\S)[^\s^]{0,40}(?:\^[^\s^]{0,40})+(?<![.,;:!?])",   # x^2
    "emoji": rf"(?:{PICTURE})+|(?<!\S)`(?!\S)|(?P<sign>[^\w\s]|_)(?P=sign){{3,}}",   # or a row of dots, a line to write on
    "script": rf"{WORD}(?:[A-Za-z]{{1,10}}(?!\w))?(?:[ ,;:\u3000-\u3004・،؛]+{WORD})*[\u3000-\u3004]*"
    rf"|{NAME}(?: {NAME})*|(?<!\w)[A-Za-z]{{1,10}}[²³¹\u2070-\u209f]+",
    "number": numbers.NUMBER.pattern,
}
KINDS: dict[str, Kind] = {"path": "code", "name": "code"}
LITERAL = "|".join(f"(?P<{name}>{pattern})" for name, pattern in PATTERNS.items())   # compiled late: that takes as long as a translation
# Words with what stands between them in most sentences: none of the patterns matches in these, and it takes a tenth of the time to see.
LEARNED = "A-Za-zÀÂÄÇÈÉÊËÎÏÔÖÙÛÜàâäçèéêëîïôöùûüÿŒœŸ"
PLAIN = re.compile(rf"[{LEARNED}]{{1,40}}(?:(?:(?:[ \u00a0\u202f]?[,;:!?.])? |['’-])[{LEARNED}]{{1,40}})*[ \u00a0\u202f]?[.!?…]{{0,3}}")
NAME_BEFORE = re.compile(r"(?:\S\s+[A-Z]\w*|[Vv]ersion|[Rr]elease|[Cc]hapter|[Ss]ection|[Ff]igure)\s$")   # Python 3.11 is not 3,11


@dataclass(frozen=True)
class Literal:
    """What must survive, where it stands, and how it stands in French."""

    kind: Kind
    text: str
    start: int
    target: str
    asked: str = ""      # for the network instead; none: any stand-in
    said: str = ""       # how that stands in French

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@lru_cache(maxsize=4096)   # the same sentence is asked about before it is translated and after, by several
def literals(text: str) -> tuple[Literal, ...]:
    """What must survive the translation of a text, in order."""
    if PLAIN.fullmatch(text):
        return ()
    found, start = list[Literal](), 0
    while match := re.compile(LITERAL).search(text, start):
        name, token = match.lastgroup or "", match.group()
        if name in ("url", "path"):
            token = trimmed(token) if name == "url" else token.rstrip(".,")
        kind = KINDS.get(name, typing.cast(Kind, name))
        is_named = token.replace(".", "").isdecimal() and NAME_BEFORE.search(text[max(0, match.start() - 30) : match.start()])
        found.append(Literal(kind, token, match.start(), numbers.in_french(token) if kind == "number" and not is_named else token))
        start = found[-1].end
    return tuple(found)


def trimmed(url: str) -> str:
    """A URL without the punctuation of the sentence it stands in; a closing bracket stays where its opening one is."""
    longer = ""
    while url != longer:
        longer, url = url, url.rstrip(".,;:!?…'\"*_")
        for opening, closing in ("()", "[]", "{}"):
            if url.endswith(closing) and url.count(opening) < url.count(closing):
                url = url[:-1]
    return url


def without(text: str) -> str:
    """A text with a space for everything that must survive, save numbers."""
    parts, start = [], 0
    for literal in literals(text):
        if literal.kind != "number":
            parts.append(text[start : literal.start])
            start = literal.end
    return " ".join([*parts, text[start:]])
