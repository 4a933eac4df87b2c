"""Paragraphs with markup inside: translated as one text each, the markup put back around the words it belongs to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from mt.extras.formats import Translate, translate_texts
from mt.text.casing import has_letters
from mt.text.sentences import sentence_spans

Unit = list[str]   # text, markup, text, …, text: what belongs to one paragraph

CODE = re.compile(r"(<x\d+>|\{x\d+\})")
DRESS = re.compile(r"(<x\d+>)")
ARTICLE = re.compile(r"(?:les?|la|une?|des|du|de la)\s+|de l['’]|[ld]['’]", re.IGNORECASE)
ENGLISH_ARTICLE = re.compile(r"(?:the|an?|some)\s", re.IGNORECASE)
# 1 234,50 $ and 17 h 30, spaces and all
NUMBER = r"(?<!\w)(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+|\d+)(?:,\d+)?(?:[ \u00a0\u202f](?:[$€£%]|h\b(?:[ \u00a0\u202f]\d\d)?))?(?!\S?\w)"
WORD = re.compile(rf"\{{x\d+\}}|{NUMBER}|[^\W_]+")
WHOLE_WORD = re.compile(rf"\{{x\d+\}}|{NUMBER}|[%$#@&\\]*\{{*[^\W_](?:[^\s{{}}<>]*[^\W_])?\}}*")   # l'eau is one, and Ctrl+C, %d and {{n}}
# Tags in the strings of programs, the words of code among them, and where a paragraph ends.
TAG = re.compile(r"(?P<word><(?P<code>code|kbd|samp|var)\b[^<>]*>.*?</(?P=code)>)|</?(?P<name>[A-Za-z][\w.-]*|\d+)\b[^<>]*>", re.DOTALL)
BLOCK = re.compile(r"(</?(?:p|div|br|hr|li|[dou]l|d[dt]|h[1-6]|t[dhr]|blockquote)\b[^<>]*>)", re.IGNORECASE)
MARKS = r"(?:[^\w\s]|_)"
MANY = 40          # codes in one sentence: not looked for any more
LIKE = 0.75        # how like the words must be that are taken for a piece: "examples" is "exemple" alone, and "exemples" in a sentence
LIKE_SHORT = 0.85
SHORT = 5          # letters
BRACKETS = "(){}[]"   # which French has where English has them
SHORTEST = 3       # shorter ones stand everywhere
FAR = 0.2          # what words lose at the other end of the sentence


class Word(str):
    """Markup that a sentence reads as one of its words, such as code or a picture; other markup only dresses text."""

    __slots__ = ()


def translate_units(units: Sequence[Unit], translate: Translate) -> list[Unit]:
    """Each unit with its texts translated, sentence by sentence, its markup as it was.

    Three ways, each for the sentences that the one before could not do. The last loses the sentence, but none loses markup.
    """
    split = [[unit] if len(unit) == 1 else sentences(unit) for unit in units]   # what is text alone may be known as a whole
    todo = [sentence for unit in split for sentence in unit]
    results: list[Unit | None] = [None] * len(todo)
    for way in (by_finding, by_place, by_pieces):
        left = [i for i, result in enumerate(results) if result is None]
        for i, result in zip(left, way([todo[i] for i in left], translate), strict=True):
            results[i] = result
    done = iter([result or sentence for result, sentence in zip(results, todo, strict=True)])
    return [joined([next(done) for _ in unit]) for unit in split]


def translate_tagged(texts: Sequence[str], translate: Translate) -> list[str]:
    """Each text translated like a unit whose markup are the tags in it, and like any other text where it has none."""
    blocks = [BLOCK.split(text) for text in texts]
    units = [tagged(block) for each in blocks for block in each[::2]]
    bare = iter(translate_texts([unit[0] for unit in units if len(unit) == 1], translate))
    marked = iter(translate_units([unit for unit in units if len(unit) > 1], translate))
    done = iter([next(bare) if len(unit) == 1 else "".join(next(marked)) for unit in units])
    return ["".join(part if i % 2 else next(done) for i, part in enumerate(each)) for each in blocks]


def tagged(text: str) -> Unit:
    """A text cut at its tags. <email> or <NAME>, which nothing closes, is none: it stands for a word."""
    closed = set(re.findall(r"</([\w.-]+)\s*>", text))
    parts: Unit = []
    end = 0
    for tag in TAG.finditer(text):
        if tag["word"] or tag["name"] in closed or tag[0].endswith("/>"):
            parts += [text[end : tag.start()], Word(tag[0]) if tag["word"] else tag[0]]
            end = tag.end()
    return [*parts, text[end:]]


def sentences(unit: Unit) -> list[Unit]:
    """A unit cut between its sentences, which have nothing between them but the space that the next one begins with."""
    spans = sentence_spans("".join(unit[::2]))
    cuts = [end for _, end in spans][:-1]
    found: list[Unit] = [[]]
    position = 0   # in the text without markup
    for i, part in enumerate(unit):
        start = 0
        while i % 2 == 0 and cuts and position + len(part) > cuts[0]:
            end = cuts.pop(0) - position
            found[-1].append(part[start:end])
            found.append([])
            start = end
        found[-1].append(part[start:] if i % 2 == 0 else part)
        position += len(part) * (i % 2 == 0)
    return found


def joined(parts: Sequence[Unit]) -> Unit:
    """Units as one."""
    unit = list(parts[0])
    for part in parts[1:]:
        unit[-1] += part[0]
        unit += part[1:]
    return unit


def by_finding(units: Sequence[Unit], translate: Translate) -> list[Unit | None]:
    """Translate without the markup that dresses text, and put that around what the words in it are called when they stand alone.

    The best way by far: a network that sees codes takes words between them for names, and leaves every third in English.
    """
    parts = [DRESS.split(code(unit)) for unit in units]
    wanted = [text for each in parts for text in ("".join(each[::2]), *landmarks(each[::2])[1])]
    said = dict(zip(wanted, translate_texts(wanted, translate), strict=True))
    return [decode(unit, dressed(each, said)) for unit, each in zip(units, parts, strict=True)]


def by_place(units: Sequence[Unit], translate: Translate) -> list[Unit | None]:
    """Translate without the markup that dresses text, and put that where it stands in the English, by the share of words before it.

    It may be around other words than it should, but the sentence stays whole.
    """
    parts = [DRESS.split(code(unit)) for unit in units]
    wholes = translate_texts(["".join(each[::2]) for each in parts], translate)
    return [decode(unit, in_proportion(each, whole)) for unit, each, whole in zip(units, parts, wholes, strict=True)]


def in_proportion(parts: Sequence[str], whole: str) -> str:
    """A translation with the codes of its source, each with its share of the words before it; nothing where that cannot be."""
    texts = parts[::2]
    source, offset, inner = "".join(texts), *landmarks(texts)
    must = [has_letters(text) and (i % 2 == offset or not inner) for i, text in enumerate(texts)]   # have a word: bold text, a link
    words, french = ([word.span() for word in WHOLE_WORD.finditer(text)] for text in (source, whole))
    if len(french) < sum(must):
        return ""
    result, cut, end, before = "", 0, 0, 0   # before: how many words of the translation stand before the last code
    for i, mark in enumerate(parts[1::2]):
        cut += len(texts[i])
        earlier = sum(last <= cut for _, last in words)
        before = min(max(round(earlier / max(1, len(words)) * len(french)), before + must[i]), len(french) - sum(must[i + 1 :]))
        (left, right), (first, last) = gap(source, words, earlier), gap(whole, french, before)
        if right < cut:
            return ""   # inside a word
        opens = cut > left and not source[cut : cut + 1].isspace()
        place = max(end, first + cut - left if source[left:right] == whole[first:last] else last if opens else first)
        result, end = result + whole[end:place] + mark, place
    return result + whole[end:]


def gap(text: str, words: Sequence[tuple[int, int]], before: int) -> tuple[int, int]:
    """What stands between a text's words, `before` of them before it."""
    return words[before - 1][1] if before else 0, words[before][0] if before < len(words) else len(text)


def by_pieces(units: Sequence[Unit], translate: Translate) -> list[Unit]:
    """Translate each text between markup on its own."""
    texts = iter(translate_texts([text for unit in units for text in unit[::2]], translate))
    return [[next(texts) if i % 2 == 0 else part for i, part in enumerate(unit)] for unit in units]


def visible(unit: Unit) -> list[int]:
    """Which of a unit's parts are texts that are sent: none without letters, nor space at the edges, nor nothing between two marks."""
    near_words = {i + side for i, part in enumerate(unit) if isinstance(part, Word) for side in (-1, 1)}
    spoken = [i for i in range(0, len(unit), 2) if unit[i].strip() or i in near_words]
    if not any(map(has_letters, unit[::2])):
        return []
    return [i for i in range(spoken[0], spoken[-1] + 1, 2) if unit[i] or i in near_words]


def code(unit: Unit) -> str:
    """A unit as one text: {x1} for a word, <x1> for other markup; nothing where its own text looks like that."""
    places = visible(unit)
    if len(places) > 1 and any(map(CODE.search, unit[::2])):
        return ""
    text = unit[places[0]] if places else ""
    for number, (before, after) in enumerate(pairwise(places), 1):
        text += (f"{{x{number}}}" if isinstance(unit[before + 1], Word) else f"<x{number}>") + unit[after]
    return text


def decode(unit: Unit, translation: str) -> Unit | None:
    """The unit that a coded translation stands for; None when a code is missing, or in another place than before."""
    places = visible(unit)
    parts = CODE.split(translation) if len(places) > 1 else [translation] * len(places)
    if len(parts[::2]) != len(places) or parts[1::2] != CODE.findall(code(unit))[: len(places) - 1]:
        return None
    result = list(unit)
    for place, text in zip(places, parts[::2], strict=True):
        is_apart = place > 0 and unit[place].startswith(" ") and unit[place - 2].endswith(" ")   # a space on either side of a mark
        result[place] = " " * (is_apart and not text[:1].isspace()) + text
    return result


def landmarks(texts: Sequence[str]) -> tuple[int, Sequence[str]]:
    """Every second of the texts between codes, from the first (0) or the second (1) on: where they stand, all the codes stand.

    Of these two choices the one with less text, which is mostly what is bold or a link; nothing where neither can be looked for.
    """
    certain = [has_letters(text) and ends_are_certain(texts, i) for i, text in enumerate(texts)]
    choices = [(offset, texts[offset::2]) for offset in (0, 1) if all(certain[offset::2])]
    return min(choices, key=lambda choice: sum(map(len, choice[1]))) if 1 < len(texts) <= MANY and choices else (0, ())


def dressed(parts: Sequence[str], said: dict[str, str]) -> str:
    """The translation of texts, with the codes between them in their places again; nothing where one of those is not sure."""
    texts = parts[::2]
    source, whole = "".join(texts), said["".join(texts)]
    if source == whole:
        return "".join(parts)
    offset, known = landmarks(texts)
    cuts: list[int] = []
    for i in range(offset, len(texts) if known else 0, 2):
        place = (len("".join(texts[:i])) + len(texts[i]) / 2) / len(source)
        span = find(texts[i].strip(), said[texts[i]].strip(), whole=whole, start=max(cuts, default=0), place=place)
        if not span:
            return ""
        cuts += [span[0]] * (i > 0) + [span[1]] * (i < len(texts) - 1)
    if len(cuts) != len(texts) - 1:
        return ""
    edges = [0, *(moved(cut, whole, before, after) for cut, (before, after) in zip(cuts, pairwise(texts), strict=True)), len(whole)]
    return "".join(whole[start:end] + mark for (start, end), mark in zip(pairwise(edges), [*parts[1::2], ""], strict=True))


def ends_are_certain(texts: Sequence[str], i: int) -> bool:
    """Whether one of the texts between codes begins and ends where it can be told in other words, too: not inside a word, nor between marks."""
    before, after = "".join(texts[:i])[-1:], "".join(texts[i + 1 :])[:1]
    return all(
        not neighbour or edge.isspace() or neighbour.isspace() or (not neighbour.isalnum() and (edge.isalnum() or edge in BRACKETS))
        for edge, neighbour in ((texts[i][:1], before), (texts[i][-1:], after))
    )


def find(english: str, french: str, *, whole: str, start: int, place: float) -> tuple[int, int] | None:
    """The words of the whole, from `start` on, that are most like a piece, and near `place` (0 to 1); None where none are.

    The piece's article stays out, unless it has one in English, too.
    """
    name = french if ENGLISH_ARTICLE.match(english) else ARTICLE.sub("", french, count=1)
    count = len(WORD.findall(name))
    words = [word.span() for word in WORD.finditer(whole, start)]
    windows = [(first, last) for i, (first, _) in enumerate(words) for _, last in words[max(i, i + count - 2) : i + count + 1]]
    matcher = SequenceMatcher(None, "", words_of(name), autojunk=False)
    best, best_score = None, 0.0
    for first, last in windows:
        text = whole[first:last].casefold()
        matcher.set_seq1(text)
        is_like = matcher.real_quick_ratio() > LIKE and matcher.ratio() >= (LIKE if len(text) > SHORT else LIKE_SHORT)
        score = max(is_like * matcher.ratio(), text == words_of(english)) - FAR * abs((first + last) / 2 / len(whole) - place)
        if score > best_score and len(text) >= SHORTEST:
            best, best_score = (first, last), score
    return best and with_marks(CODE.sub("x", english), whole, best)


def words_of(text: str) -> str:
    """A text without the punctuation at its edges, in small letters."""
    return re.sub(r"\A[\W_]+|[\W_]+\Z", "", text).casefold()


def with_marks(english: str, whole: str, span: tuple[int, int]) -> tuple[int, int]:
    """Words, and the punctuation around them where the English has some, too: the same, if it is there."""
    lead, tail = re.findall(r"\A[\W_]*", english)[0], re.findall(r"[\W_]*\Z", english)[0]
    before, after = whole[: span[0]], whole[span[1] :]
    first = lead if before.endswith(lead) else re.findall(rf"(?:{MARKS}+\s*)?\Z", before)[0]
    last = tail if after.startswith(tail) else re.findall(rf"\A(?:\s*{MARKS}+)?", after)[0]
    return span[0] - len(first), span[1] + len(last)


def moved(cut: int, whole: str, before: str, after: str) -> int:
    """A cut with the space around it on the side where the source has it: bold text must not begin or end with one."""
    first, last = len(whole[:cut].rstrip()), len(whole) - len(whole[cut:].lstrip())
    left, right = len(before) - len(before.rstrip()), len(after) - len(after.lstrip())
    if not left and not right:
        return cut   # French puts some in front of a colon
    return min(first + left, last) if right else last
