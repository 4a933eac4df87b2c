"""One sentence: read with the spelling, the capitals and the length that the network has learned, and searched again where it goes astray."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from mt.config import DecodeConfig
from mt.data.spelling import Spelling
from mt.decoding.hypothesis import Engine, Hypothesis
from mt.text.casing import has_letters, is_shouted, sentence_case
from mt.text.elision import elide
from mt.text.normalize import normalize, with_plain_spaces
from mt.text.tokenizer import Tokenizer

IN_PIECES = "a sentence was too long and was translated in pieces"   # nothing is lost by that
NOT_FOUND = "no translation was found for a sentence; it is left as it was"
LOOP = 4               # times the same tokens in a row, from which on it is a loop
LONGEST_LOOP = 8       # tokens that are repeated
WRAPPED = re.compile(r"""(?P<before>(?P<single>')|["\[]|)(?=\S)(?P<inside>[^"\[\]]*)(?<=\S)(?P<after>(?(single)'|(?:(?<!\d)["\]]|)))""")
CUT_AT = (". ", "; ", ": ", ", ", " - ", " ")   # where a sentence too long for the network is cut, the best place first


@dataclass(frozen=True)
class Sentence:
    """One translated sentence."""

    texts: list[str]        # best first
    confidences: list[float]
    warnings: list[str]
    mended: dict[str, str] = field(default_factory=dict)

    def before(self, other: Sentence) -> Sentence:
        """This one, and as alternatives what else the other has."""
        confidences = {**dict(zip(other.texts, other.confidences, strict=True)), **dict(zip(self.texts, self.confidences, strict=True))}
        texts = [*dict.fromkeys([*self.texts, *other.texts])][: len(other.texts)]
        return Sentence(texts, [confidences[text] for text in texts], self.warnings)


class SentenceTranslator:
    """Translates sentences without layout by an engine and the tokenizer its network was trained with."""

    def __init__(self, engine: Engine, tokenizer: Tokenizer, config: DecodeConfig, *, max_tokens: int, spelling: Spelling | None = None) -> None:
        self.engine, self.tokenizer, self.config = engine, tokenizer, config
        self.max_tokens = max_tokens   # of a source sentence; longer ones are cut
        self.spelling = spelling or Spelling()
        self.digits = frozenset(token for digit in "0123456789" for token in tokenizer.encode(digit) if tokenizer.decode([token]) == digit)

    def translate(self, sentences: Sequence[str]) -> list[Sentence]:
        """Sentences as the network says them. One without a letter is French already."""
        results: list[Sentence] = [Sentence([sentence], [1.0], []) for sentence in sentences]
        plain = [normalize(with_plain_spaces(sentence)) for sentence in sentences]
        pieces_of = {i: self.in_pieces(sentence) for i, sentence in enumerate(plain) if has_letters(sentence)}
        pieces = [self.as_learned(part) for parts in pieces_of.values() for part in parts]
        said = self.search([self.tokenizer.encode(piece) for piece, _ in pieces])
        found = (dataclasses.replace(each, mended=mended) for each, (_, mended) in zip(said, pieces, strict=True))
        for i, parts in pieces_of.items():
            results[i] = joined(parts, [with_capitals_of(part, next(found)) for part in parts])
        return results

    def as_learned(self, part: str) -> tuple[str, dict[str, str]]:
        """A piece of text as the network has learned to read it, and its mistyped words with what was meant."""
        return self.spelling.mend(sentence_case(unwrapped(part)[1], self.tokenizer, self.spelling.written))

    def search(self, sources: list[list[int]]) -> list[Sentence]:
        """Token numbers to sentences; a hypothesis that runs away is searched again, with a beam of 4 at least and without repetition."""
        found = self.engine.translate(sources, self.config)
        results = [self.as_text(hypotheses, []) for hypotheses in found]
        astray = [i for i, hypotheses in enumerate(found) if self.runs_away(sources[i], hypotheses[0])]
        if astray:
            careful = dataclasses.replace(self.config, no_repeat=3, beam=max(4, self.config.beam))
            for i, hypotheses in zip(astray, self.engine.translate([sources[i] for i in astray], careful), strict=True):
                still = self.runs_away(sources[i], hypotheses[0]) or repeats(sources[i], self.digits) >= LOOP   # it may not, but should
                results[i] = self.as_text(hypotheses, ["the translation may repeat itself or break off"] if still else [])
        return results

    def as_text(self, hypotheses: Sequence[Hypothesis], warnings: list[str]) -> Sentence:
        """Hypotheses as text, each text once: it may have been found in several spellings of tokens.

        Brackets open without a space, and what French elides is elided.
        """
        confidences: dict[str, float] = {}
        for hypothesis in hypotheses:
            text = re.sub(r"(?<=[(\[]) (?=\w)", "", normalize(self.tokenizer.decode(hypothesis.tokens)))
            confidences.setdefault(elide(text), hypothesis.confidence)
        return Sentence(list(confidences), list(confidences.values()), warnings)

    def runs_away(self, source: Sequence[int], hypothesis: Hypothesis) -> bool:
        """Whether it never ended, or goes in circles that the source does not go in."""
        times = repeats(hypothesis.tokens, self.digits)
        return not hypothesis.finished or (times >= LOOP and times >= LOOP + repeats(source, self.digits) - 1)

    def in_pieces(self, sentence: str) -> list[str]:
        """The sentence, in pieces where it has more tokens than the network was trained on; a piece keeps the space at its end."""
        if len(sentence) < 2 or len(sentence.encode()) < self.max_tokens or len(self.tokenizer.encode(sentence)) <= self.max_tokens:
            return [sentence]   # no token is shorter than a byte
        middle = len(sentence) // 2
        for mark in CUT_AT:
            places = [place + len(mark) for place in (sentence.rfind(mark, 0, middle), sentence.find(mark, middle)) if place >= 0]
            near = [place for place in places if len(sentence) // 4 < place < 3 * len(sentence) // 4]
            if near:
                middle = min(near, key=lambda place: abs(place - len(sentence) // 2))
                break
        return [*self.in_pieces(sentence[:middle]), *self.in_pieces(sentence[middle:])]


def as_one(text: str, parts: Sequence[Sentence], *warnings: str) -> Sentence:
    """A sentence that was translated in parts."""
    mended = {word: meant for part in parts for word, meant in part.mended.items()}
    warned = [*warnings, *(warning for part in parts for warning in part.warnings)]
    return Sentence([text], [min(part.confidences[0] for part in parts)], warned, mended)


def with_capitals_of(source: str, sentence: Sentence) -> Sentence:
    """The sentence with the capitals of its source; the source itself where there is nothing to translate, or nothing was found."""
    if not has_letters(source):
        return Sentence([source.strip()], [1.0], [])
    if not sentence.texts[0]:
        return Sentence([source.strip()], [0.0], [NOT_FOUND])
    before, inside, after = unwrapped(source)
    large = max(map(len, sentence.texts)) if is_shouted(source) else inside[:1].isupper()   # how many letters
    return dataclasses.replace(sentence, texts=[before + text[:large].upper() + text[large:] + after for text in sentence.texts])


def unwrapped(part: str) -> tuple[str, str, str]:
    """What stands before and after a sentence whose quotation marks, or square brackets, are all at its ends, and the sentence without them."""
    match = WRAPPED.fullmatch(part.strip())
    return (match["before"], match["inside"], match["after"]) if match else ("", part.strip(), "")


def joined(parts: Sequence[str], pieces: Sequence[Sentence]) -> Sentence:
    """The pieces of a sentence that was cut, as one; with a space where the source has one."""
    if len(pieces) == 1:
        return pieces[0]
    text = "".join(piece.texts[0] + " " * part.endswith(" ") for part, piece in zip(parts, pieces, strict=True))
    return as_one(text, pieces, IN_PIECES)


def repeats(tokens: Sequence[int], digits: Container[int]) -> int:
    """How many times in a row the same few tokens stand, at the most; numbers such as 1000000 do not count."""
    most = 1
    for width in range(1, LONGEST_LOOP + 1):
        run = 0   # how long the tokens have been what they were `width` before
        for earlier, token in zip(tokens, tokens[width:], strict=False):
            run = run + 1 if token == earlier and token not in digits else 0
            if run >= most * width:
                most = run // width + 1
    return most
