"""English as it is typed in chats, written out: gonna is going to. Corpora have next to none of it, so that a network has to guess."""

from __future__ import annotations

import re

WRITTEN_OUT = {
    "gonna": "going to", "wanna": "want to", "gotta": "have to", "hafta": "have to", "tryna": "trying to", "imma": "I'm going to", "gimme": "give me",
    "lemme": "let me", "betcha": "I bet you", "oughta": "should", "shoulda": "should have", "coulda": "could have", "woulda": "would have",
    "musta": "must have", "whatcha": "what are you", "dontcha": "don't you", "d'you": "do you", "y'all": "you all", "c'mon": "come on",
    "dunno": "I don't know", "kinda": "kind of", "sorta": "sort of", "outta": "out of", "lotta": "lot of", "'em": "them",
    "'til": "until", "'cause": "because", "'bout": "about", "cuz": "because", "coz": "because", "tho": "though", "thru": "through",
    "w/o": "without", "w/": "with", "thx": "thanks", "thanx": "thanks", "pls": "please", "plz": "please",
    "idk": "I don't know", "btw": "by the way", "tbh": "to be honest", "nvm": "never mind",
    "asap": "as soon as possible", "fyi": "for your information", "afaik": "as far as I know", "brb": "I'll be right back",
    "u": "you", "ya": "you", "ur": "your", "r": "are",
}   # fmt: skip
TYPED = re.compile(r"(?<![\w'.@#&/=%$-])'?[A-Za-z][A-Za-z'/]*(?![\w'@=-]|\.\w)")   # no part of a name, an address or a formula
SHORT = 2   # letters; words with as few are something else with a capital, and some of them are one only beside these: the letter u is none
IN_COMPANY = frozenset({"u", "r", "ya"})
BESIDE = "(?:u|r|are|can|will|do|did|have|want|know|mean|think|see|need|love|thanks?|miss|tell|got)"
AFTER, BEFORE = re.compile(rf"(?<!\w){BESIDE} \Z"), re.compile(rf" {BESIDE}(?!\w)")


def written_out(sentence: str) -> tuple[str, dict[str, str]]:
    """A normalised sentence with such words written out, and those that were typed, with what they are."""
    found: dict[str, str] = {}

    def meant(match: re.Match[str]) -> str:
        typed, full = match[0], WRITTEN_OUT.get(match[0].lower())
        if full is None or (len(typed) <= SHORT and not typed.islower()):
            return typed
        before = sentence[: match.start()].lower()
        if typed in IN_COMPANY and not (AFTER.search(before) or BEFORE.match(sentence, match.end())):
            return typed
        if typed == "gotta" and before.endswith(("'ve ", "'s ", "have ", "has ")):
            full = "got to"
        elif typed == "dunno" and before.endswith("i "):
            full = "don't know"
        found[typed] = full[:1].upper() + full[1:] if typed[:1].isupper() and (not before or not typed.isupper()) else full
        return found[typed]

    return TYPED.sub(meant, sentence), found
