"""Elision: French drops the vowel of a short word before another one (d'eau, l'OMC, qu'il), which a network forgets now and then."""

from __future__ import annotations

import re

VOWELS = "aeiouàâéèêëîïôûùœ"
APART = r"et\b|ou\b|[Oo]u[iï]|[Oo]nz|énième|uhlan|un à|UK|I[aeo]|[IVX]+e\b"   # beginnings of words before which nothing is dropped
ELIDED = re.compile(
    r"(?<![\w'’-])(?P<stem>[djlmnst](?=e)|l(?=a)|[JN](?=e)|L(?=[ae])|(?:[Qq]|[Jj]usq|[Ll]orsq|[Pp]uisq|[Qq]uoiq)u(?=e))"   # Me, De are names
    rf"[ae][ \u00a0](?=[{VOWELS}{VOWELS.upper()}][^\W\d_]|à\b|(?<=[nmtsu]e.)a\b)(?!{APART})(?!(?<=[Ll][ae].)[Uu]ne?\b)"
)


def elide(text: str) -> str:
    """A French text with the elisions that it lacks."""
    return ELIDED.sub(r"\g<stem>'", text)
