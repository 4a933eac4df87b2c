"""Nothing lost, nothing invented: hiding from the network what must survive, putting it back, and saying what is wrong.

Numbers may change their dress (1,250.50 is 1 250,50 in French; see `numbers`); everything else must come back letter for letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mt.text import number_words, numbers
from mt.text.casing import has_letters
from mt.text.eras import eras
from mt.text.literals import Kind, Literal, literals, without

REMAINS = re.compile(r"(?<!\w)X{1,2}[0-9]*(?!\w)")         # of a stand-in that was said in pieces
COUNTED: tuple[Kind, ...] = ("number", "count")   # whose stand-in is a number


def readable(source: str, terms: Callable[[str], Sequence[Literal]]) -> str:
    """A source with its large numbers as the network knows them; a glossary's terms, and what must come back letter for letter, stay."""
    if not numbers.LARGE.search(source):
        return source
    inside = {i for each in [*terms(source), *literals(source)] if each.kind != "number" for i in range(each.start, each.end)}
    return numbers.LARGE.sub(lambda match: numbers.in_billions(match) if inside.isdisjoint(range(*match.span())) else match[0], source)


def missing(source: str, translation: str) -> list[str]:
    """What of the source its translation has not, or not as often."""
    hard = dict.fromkeys(literal.text for literal in literals(source) if literal.kind != "number")
    lost = [text for text in hard if translation.count(text) < source.count(text)]
    if not re.search("[0-9]|ty-", source, re.IGNORECASE):
        return lost
    plain, said = without(source), without(translation)
    return lost + numbers.lost(plain, said) + number_words.lost(plain, said)


def flaws(source: str, translation: str, terms: Sequence[Literal] = ()) -> list[str]:
    """All that is wrong with a translation, as far as can be known without knowing French."""
    return missing(source, translation) + invented(source, translation, terms)


def invented(source: str, translation: str, terms: Sequence[Literal] = ()) -> list[str]:
    """What the translation has and neither its source nor a glossary's terms have: numbers, addresses, placeholders and the like."""
    source = " ".join([source, *(term.target for term in terms)])
    hard = dict.fromkeys(literal.text for literal in literals(translation) if literal.kind != "number")
    known = source.casefold()
    new = [text for text in hard if text.casefold() not in known]
    return new + (numbers.invented(without(source), without(translation)) if re.search("[0-9]", translation) else [])


def stand_in(kind: Kind, i: int) -> str:
    """XX1, XX2, …, which networks copy best of all we tried (XX1 50 sentences of 50, X1 48, A1 34, §1 22).

    For a number, and what a program puts one in for, another number, which takes the grammar of numbers; it is copied a little less surely.
    """
    return f"XX{i + 1}" if kind not in COUNTED else str(947 - 7 * i if i < 120 else 1000 + i)


@dataclass(frozen=True)
class Protected:
    """A text whose literals are hidden: `text` is for the network, `restore` puts them into its translation."""

    text: str
    hidden: list[tuple[str, Literal, bool, bool]]   # stand-in in French, what it stands for, whether that touches what is before and after it
    before: str = ""                                # emoji and tags at the edges, which the network need not see
    after: str = ""

    @property
    def is_bare(self) -> bool:
        """Whether nothing is left to translate."""
        return not any(map(has_letters, self.bare))

    @property
    def bare(self) -> list[str]:
        """What is left to translate, around the stand-ins."""
        return re.split("|".join(stand_in for stand_in, *_ in self.hidden), self.text) if self.hidden else [self.text]

    def restore(self, translation: str) -> str | None:
        """The translation with every literal in its place; None when a stand-in was lost, doubled or changed, or something like one is left."""
        places = []
        for stand_in, literal, touches_before, touches_after in self.hidden:
            edge = "[0-9]" if literal.kind in COUNTED else r"[^\W_]"   # 941 km may come back as 941km
            pattern = r"\s*" * touches_before + rf"(?<!{edge}){re.escape(stand_in)}(?!{edge})" + r"\s*" * touches_after
            matches = list(re.finditer(pattern, translation, re.IGNORECASE))
            if len(matches) != 1:
                return None
            places.append((*matches[0].span(), literal.target))
        parts, end = [self.before], 0
        for start, stop, target in sorted(places):
            parts += [translation[end:start], target]
            end = max(end, stop)   # two that touch share the space between them
        around = [*parts[1::2], translation[end:]]
        if self.hidden and any(map(REMAINS.search, around)) and not any(map(REMAINS.search, self.bare)):
            return None
        return re.sub(r"J\.-C\.\.(?!\.)", "J.-C.", "".join([*parts, translation[end:], self.after]))   # one period ends it and the sentence


def protect(source: str, found: Sequence[Literal] | None = None) -> Protected:
    """The source with stand-ins for its literals, or for those `found`."""
    queue = apart(literals(source) if found is None else found)
    first, last = edges(source, queue)
    hidden, text, end, i = list[tuple[str, Literal, bool, bool]](), "", first, 0
    for literal in queue:
        if literal.start < first or literal.end > last:
            continue
        while (name := literal.asked or stand_in(literal.kind, i)) in source:
            i += 1
        i += 1
        before, after = source[first : literal.start][-1:], source[literal.end : last][:1]
        is_word = literal.kind not in (*COUNTED, "era", "term")
        touches_before = is_word and before != "" and not before.isspace() and before not in "([{'\"‘“«-/"
        is_glued = touches_before or (hidden != [] and literal.start == end)
        touches_after = is_word and after.isalnum()
        text += source[end : literal.start]
        text += " " * (is_glued and not text.endswith(" ")) + name + " " * touches_after
        hidden.append((literal.said or name, literal, touches_before, touches_after))
        end = literal.end
    return Protected(text + source[end:last], hidden, source[:first], source[last:])


def apart(found: Sequence[Literal]) -> list[Literal]:
    """Literals in order; of two that overlap the first, or else the longer, stays; two in a row are one."""
    kept: list[Literal] = []
    for literal in sorted(found, key=lambda literal: (literal.start, -literal.end)):
        last = kept[-1] if kept else None
        if last and literal.start == last.end and "number" not in (last.kind, literal.kind):
            kept[-1] = replace(last, text=last.text + literal.text, target=last.target + literal.target)
        elif not last or literal.start >= last.end:
            kept.append(literal)
    return kept


def edges(source: str, found: Sequence[Literal]) -> tuple[int, int]:
    """Where the sentence begins and ends that stands between emoji and tags."""
    first, last = 0, len(source)
    for literal in found:
        if literal.kind not in ("emoji", "tag") or source[first : literal.start].strip():
            break
        first = literal.end
    for literal in reversed(found):
        if literal.kind not in ("emoji", "tag", "handle") or literal.start < first or source[literal.end : last].strip():
            break
        last = literal.start
    rest = source[first:last]
    begin = first + len(rest) - len(rest.lstrip())
    return begin, max(begin, first + len(rest.rstrip()))


def attempts(source: str, terms: Sequence[Literal] = ()) -> list[Protected]:
    """What to give the network, one after the other until nothing is missing.

    First rare dates as others and numbers as they are, then all as it is, then numbers as other numbers, then counts as names.
    `terms` are a glossary's: the network may use them by itself, and knows their gender then, if not their capitals. All else is hidden
    from the start: it would be spelled letter by letter, slowly and often wrong.
    """
    dated = [Literal("era", era.text, era.start, era.french, era.asked, era.said) for era in eras(source)]
    compounds = [Literal("number", match[0], match.start(), french) for match, _, french in number_words.compounds(source)]
    found = [*terms, *literals(source), *compounds]
    words = [literal for literal in found if literal.kind != "number"]
    named: list[Literal] = [replace(literal, kind="placeholder") if literal.kind == "count" else literal for literal in found]
    ways = [[*dated, *words], words, found, named]
    tries = [protect(source, way) for i, way in enumerate(ways) if way not in ways[:i]]
    by_itself = terms and not tries[0].is_bare and all(term.target.islower() for term in terms)
    return [attempts(source)[0], *tries] if by_itself else tries


def cut(source: str, found: Sequence[Literal]) -> list[str]:
    """The source cut at some of its literals: text, literal as it stands in French, text, …, text. None can be lost if each is kept."""
    parts, end = [], 0
    for literal in apart(found):
        parts += [source[end : literal.start], literal.target]
        end = literal.end
    return [*parts, source[end:]]
