"""Text in, text out: sentences found, translated by an engine, and put back where they stood."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from mt.config import DecodeConfig
from mt.decoding.hypothesis import Engine, Hypothesis
from mt.text.normalize import normalize
from mt.text.sentences import Document
from mt.text.tokenizer import Tokenizer

CHUNK = 256            # lines translated together; the first chunk is smaller, so that something appears soon
FIRST_CHUNK = 16
LOOP = 4               # times the same tokens in a row, from which on it is a loop
CUT_AT = (". ", "; ", ": ", ", ", " - ", " ")   # where a sentence too long for the network is cut, the best place first


@dataclass(frozen=True)
class Translation:
    """A text in French, and what is known about it."""

    source: str
    text: str
    confidence: float                                         # 0 to 1: geometric mean of the token probabilities
    alternatives: list[str] = field(default_factory=list)     # the n_best, the text itself first; of single sentences only
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Sentence:
    """One translated sentence."""

    texts: list[str]        # best first
    confidences: list[float]
    warnings: list[str]


class Translator:
    """Translates text with an engine and the tokenizer its network was trained with."""

    def __init__(self, engine: Engine, tokenizer: Tokenizer, config: DecodeConfig, *, max_tokens: int) -> None:
        self.engine, self.tokenizer, self.config = engine, tokenizer, config
        self.max_tokens = max_tokens   # of a source sentence; longer ones are cut

    def translate(self, text: str, *, unwrap: bool = False) -> Translation:
        """A whole text, its layout kept: every line break, indentation and space between sentences."""
        return self.translate_documents([text], unwrap=unwrap)[0]

    def translate_lines(self, lines: Iterable[str]) -> Iterator[Translation]:
        """Line by line, in order, as soon as a chunk is done; each result is one line."""
        chunk: list[str] = []
        size = FIRST_CHUNK
        for line in lines:
            chunk.append(line)
            if len(chunk) == size:
                yield from self.translate_documents(chunk)
                chunk, size = [], CHUNK
        yield from self.translate_documents(chunk)

    def translate_documents(self, texts: Sequence[str], *, unwrap: bool = False) -> list[Translation]:
        """Several texts at once, their sentences batched together."""
        documents = [Document.parse(text, unwrap=unwrap) for text in texts]
        sentences = self.translate_sentences([sentence for document in documents for sentence in document.sentences])
        results, start = [], 0
        for text, document in zip(texts, documents, strict=True):
            part = sentences[start : start + len(document.sentences)]
            start += len(part)
            confidences = [sentence.confidences[0] for sentence in part]
            alternatives = [document.rebuild([text]) for text in part[0].texts] if len(part) == 1 else []
            results.append(
                Translation(
                    source=text,
                    text=document.rebuild([sentence.texts[0] for sentence in part]),
                    confidence=min(confidences, default=1.0),
                    alternatives=alternatives,
                    warnings=[warning for sentence in part for warning in sentence.warnings],
                )
            )
        return results

    def translate_sentences(self, sentences: Sequence[str]) -> list[Sentence]:
        """Sentences without layout, in order. One without a letter is French already."""
        results: list[Sentence] = [Sentence([sentence], [1.0], []) for sentence in sentences]
        wanted = [i for i, sentence in enumerate(sentences) if any(map(str.isalpha, sentence))]
        cut = {i: self.cut(normalize(sentences[i])) for i in wanted}
        pieces = [(i, piece) for i in wanted for piece in cut[i]]
        found = self.search([self.tokenizer.encode(piece) for _, piece in pieces])
        translated: dict[int, list[Sentence]] = {i: [] for i in wanted}
        for (i, _), sentence in zip(pieces, found, strict=True):
            translated[i].append(sentence)
        for i in wanted:
            if translated[i]:
                results[i] = joined(translated[i])
        return results

    def search(self, sources: list[list[int]]) -> list[Sentence]:
        """Token numbers to sentences; a hypothesis that runs in circles is searched again, without repetition allowed."""
        found = self.engine.translate(sources, self.config)
        results = [self.sentence(hypotheses, []) for hypotheses in found]
        looping = [i for i, hypotheses in enumerate(found) if runs_away(hypotheses[0])]
        if looping:
            strict = dataclasses.replace(self.config, no_repeat=3)
            for i, hypotheses in zip(looping, self.engine.translate([sources[i] for i in looping], strict), strict=True):
                still = runs_away(hypotheses[0])
                results[i] = self.sentence(hypotheses, ["the translation may repeat itself"] if still else [])
        return results

    def sentence(self, hypotheses: Sequence[Hypothesis], warnings: list[str]) -> Sentence:
        """Hypotheses as text."""
        texts = [normalize(self.tokenizer.decode(hypothesis.tokens)) for hypothesis in hypotheses]
        return Sentence(texts, [hypothesis.confidence for hypothesis in hypotheses], warnings)

    def cut(self, sentence: str) -> list[str]:
        """The sentence, in pieces where it has more tokens than the network was trained on."""
        if len(self.tokenizer.encode(sentence)) <= self.max_tokens:
            return [sentence] if sentence else []
        middle = len(sentence) // 2
        for mark in CUT_AT:
            before, after = sentence.rfind(mark, 0, middle), sentence.find(mark, middle)
            places = [place + len(mark) for place in (before, after) if place >= 0 and 0 < place + len(mark) < len(sentence)]
            near = [place for place in places if len(sentence) // 4 < place < 3 * len(sentence) // 4]
            if near:
                middle = min(near, key=lambda place: abs(place - len(sentence) // 2))
                break
        return [*self.cut(sentence[:middle].strip()), *self.cut(sentence[middle:].strip())]


def joined(pieces: list[Sentence]) -> Sentence:
    """The pieces of a sentence that was cut, as one."""
    if len(pieces) == 1:
        return pieces[0]
    warnings = ["a sentence was too long and was translated in pieces", *(w for piece in pieces for w in piece.warnings)]
    return Sentence([" ".join(piece.texts[0] for piece in pieces)], [min(piece.confidences[0] for piece in pieces)], warnings)


def runs_away(hypothesis: Hypothesis) -> bool:
    """Whether it goes in circles: never finished, or the same one to eight tokens LOOP times in a row."""
    tokens = hypothesis.tokens
    for width in range(1, 9):
        for end in range(len(tokens), LOOP * width - 1, -1):
            unit = tokens[end - width : end]
            if all(tokens[end - (k + 1) * width : end - k * width] == unit for k in range(1, LOOP)):
                return True
    return not hypothesis.finished
