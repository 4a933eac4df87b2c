"""Text in, text out: sentences found, translated by an engine, and put back where they stood."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain

from mt.config import Style
from mt.data.translation_memory import TranslationMemory
from mt.decoding.sentence import NOT_FOUND, Sentence, SentenceTranslator, as_one, unwrapped
from mt.text import typography
from mt.text.fidelity import Protected, attempts, cut, flaws, invented, missing, readable
from mt.text.glossary import Glossary
from mt.text.literals import Literal, literals
from mt.text.normalize import normalize, with_plain_spaces
from mt.text.sentences import Document

CHUNK = 512            # lines translated together; the first chunk is smaller, so that something appears soon
FIRST_CHUNK = 64
SIDE_BY_SIDE = 2       # chunks: while the network is busy with one, the other is taken apart or put together
EDGES = " \t\n\"'“”‘’()[]{}<>\u00a0\u202f"   # of what is translated by itself: not for the network, it may stand there in half


@dataclass(frozen=True)
class Translation:
    """A text in French, and what is known about it."""

    source: str
    text: str
    confidence: float                                         # 0 to 1: geometric mean of the token probabilities; the lowest of its sentences
    alternatives: list[str] = field(default_factory=list)     # those of the n_best that differ, the text first; of single sentences only
    alternative_confidences: list[float] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    mended: dict[str, str] = field(default_factory=dict)      # mistyped words, without the capitals of titles, and what they were read as


class Translator:
    """Translates text: sentences from a memory where it has them, and otherwise as the network says them, with nothing lost."""

    def __init__(
        self,
        network: SentenceTranslator,
        *,
        glossary: Glossary | None = None,
        memories: Sequence[TranslationMemory] = (),
        style: Style = "keep",
    ) -> None:
        self.network, self.glossary, self.style = network, glossary or Glossary({}), style
        self.memories = memories   # the first that knows a text is asked

    def translate(self, text: str) -> Translation:
        """A whole text, its layout kept: every line break, indentation and space between sentences."""
        return self.translate_documents([text])[0]

    def translate_lines(self, lines: Iterable[str | None]) -> Iterator[Translation]:
        """Line by line, in order, as soon as a chunk is done. None among the lines asks for those that have come so far."""
        chunk, size, running = list[str](), FIRST_CHUNK, deque[Future[list[Translation]]]()
        pool = ThreadPoolExecutor(SIDE_BY_SIDE)
        try:
            for line in chain(lines, [None]):
                if line is not None:
                    chunk.append(line)
                if len(chunk) == size or line is None:
                    running.append(pool.submit(self.translate_documents, chunk))
                    while len(running) > (SIDE_BY_SIDE - 1) * (line is not None and size == CHUNK):
                        yield from running.popleft().result()
                    chunk, size = [], CHUNK
        finally:   # also after Ctrl-C, which need not wait for what is running
            pool.shutdown(wait=False, cancel_futures=True)

    def translate_documents(self, texts: Sequence[str]) -> list[Translation]:
        """Several texts at once, their sentences batched together."""
        documents = [Document.parse(text, self.knows) for text in texts]
        sentences = iter(self.translate_sentences([sentence for document in documents for sentence in document.sentences]))
        return [self.assemble(text, document, [next(sentences) for _ in document.sentences]) for text, document in zip(texts, documents, strict=True)]

    def knows(self, line: str) -> bool:
        """Whether a memory has a line as a whole, which need not be cut into sentences then."""
        whole = normalize(with_plain_spaces(line))
        return any(whole in memory.entries for memory in self.memories)

    def translate_sentences(self, sentences: Sequence[str]) -> list[Sentence]:
        """Sentences without layout, in order, none of their numbers, addresses, placeholders and the like lost if it can be helped.

        Those that the memory has are taken from there. Of the others, what must come back letter for letter, and what the glossary
        translates, is hidden behind stand-ins first; where a number is lost, it is hidden too; where something still is, it is left
        out and what stands around it translated by itself.
        """
        sources = [readable(unicodedata.normalize("NFC", sentence), self.glossary.find) for sentence in sentences]
        tries = [attempts(source, self.glossary.find(source)) for source in sources]
        bare = [Sentence([str(first.restore(first.text))], [1.0], []) if first.is_bare else None for first, *_ in tries]
        known = [self.remembered(sentence, first) for sentence, (first, *_) in zip(sentences, tries, strict=True)]
        several = self.network.config.n_best > 1   # of what is known the network says the others
        best = [found if several else remembered or found for found, remembered in zip(bare, known, strict=True)]
        pending = [i for i, found in enumerate(best) if found is None]
        for turn in range(max(map(len, tries), default=0)):
            now = [i for i in pending if turn < len(tries[i])]
            for i, said in zip(now, self.network.translate([tries[i][turn].text for i in now]), strict=True):
                found = restored(tries[i][turn], said, self.style)
                if found and all(check.kept for check in self.glossary.check(sources[i], found.texts[0])):
                    best[i] = self.better(sources[i], best[i], found)
            pending = [i for i in pending if (found := best[i]) is None or flaws(sources[i], found.texts[0], self.glossary.find(sources[i]))]
        lost = {i: self.lost(sources[i], best[i]) for i in pending}
        parts = {i: cut(sources[i], found) for i, found in lost.items() if found}
        around = iter(self.translate_sentences([part.strip(EDGES) for each in parts.values() for part in each[::2]]) if parts else [])
        for i, each in parts.items():
            best[i] = self.better(sources[i], best[i], woven(each, [next(around) for _ in each[::2]]))
        done = [self.carried(source, found) for source, found in zip(sources, best, strict=True)]
        pairs = zip(sentences, known, done, strict=True)
        return [self.carried(source, first).before(other) if several and first else other for source, first, other in pairs]

    def remembered(self, sentence: str, hidden: Protected) -> Sentence | None:
        """What a memory has for a sentence, or for what stands between its quotation marks, its emoji and tags, within the glossary."""
        asked: list[tuple[str, Callable[[str], str | None]]] = [(sentence, str), *([] if hidden.hidden else [(hidden.text, hidden.restore)])]
        for text, restore in asked:
            plain = normalize(with_plain_spaces(text))
            for before, inside, after in dict.fromkeys([("", plain, ""), unwrapped(plain)]):
                french = next((found for memory in self.memories if (found := memory.find(inside))), None)
                if french is None:
                    continue
                whole = before + french + after
                found = str(restore(typography.quoted_as(text, whole) if before and self.style == "keep" else whole))
                return Sentence([found], [1.0], []) if all(check.kept for check in self.glossary.check(sentence, found)) else None
        return None

    def better(self, source: str, one: Sentence | None, other: Sentence | None) -> Sentence | None:
        """Of two translations the one that misses less of its source; the first where they are alike."""
        if one is None or other is None:
            return one or other
        return min(one, other, key=lambda each: len(flaws(source, each.texts[0], self.glossary.find(source))))

    def lost(self, source: str, found: Sentence | None) -> list[Literal]:
        """What a translation has lost of its source; where there is none, all but the numbers, whose turn may come."""
        hard = [*self.glossary.find(source), *literals(source)]
        gone = missing(source, found.texts[0]) if found else [literal.text for literal in hard if literal.kind != "number"]
        return [literal for literal in hard if literal.text in gone]

    def carried(self, source: str, found: Sentence | None) -> Sentence:
        """The best translation there is, with a warning for each thing that it has lost or made up."""
        if found is None:
            return Sentence([source], [0.0], [NOT_FOUND])
        text = found.texts[0]
        lost = [f"lost in translation: {literal}" for literal in missing(source, text)]
        new = [f"not in the source: {literal}" for literal in invented(source, text, self.glossary.find(source))]
        terms = [f"the glossary was not kept: {check.term}" for check in self.glossary.check(source, text) if not check.kept]
        return dataclasses.replace(found, warnings=list(dict.fromkeys([*found.warnings, *lost, *new, *terms])))

    def assemble(self, source: str, document: Document, sentences: Sequence[Sentence]) -> Translation:
        """The translation of a text from those of its sentences."""
        alone = sentences[0] if len(sentences) == 1 else Sentence([], [], [])
        return Translation(
            source=source,
            text=typography.apply(document.rebuild([sentence.texts[0] for sentence in sentences]), self.style),
            confidence=min((sentence.confidences[0] for sentence in sentences), default=1.0),
            alternatives=[typography.apply(document.rebuild([text]), self.style) for text in alone.texts],
            alternative_confidences=alone.confidences,
            warnings=[warning for sentence in sentences for warning in sentence.warnings],
            mended={word: meant for sentence in sentences for word, meant in sentence.mended.items()},
        )


def restored(hidden: Protected, said: Sentence, style: Style) -> Sentence | None:
    """A translation with what was hidden in its place again; None where the best hypothesis has lost a stand-in, or all else."""
    quoted = [typography.quoted_as(hidden.text, text) if style == "keep" else text for text in said.texts]
    pairs = [(hidden.restore(text), confidence) for text, confidence in zip(quoted, said.confidences, strict=True)]
    if pairs[0][0] is None or (hidden.hidden and dataclasses.replace(hidden, text=said.texts[0]).is_bare):
        return None
    texts, confidences = [*dict.fromkeys(text for text, _ in pairs if text is not None)], dict(reversed(pairs))   # the best of equal texts
    return dataclasses.replace(said, texts=texts, confidences=[confidences[text] for text in texts])


def woven(parts: Sequence[str], said: Sequence[Sentence]) -> Sentence:
    """The parts of a sentence that was cut at what it had lost, those between translated, with the spaces and brackets they had."""
    texts = list(parts)
    for i, sentence in enumerate(said):
        part, text = parts[2 * i], sentence.texts[0]
        if part.strip(EDGES)[:1].islower() and text[1:2].islower():
            text = text[:1].lower() + text[1:]
        if part.strip(EDGES):
            texts[2 * i] = part[: -len(part.lstrip(EDGES))] + text + part[len(part.rstrip(EDGES)) :]
    return as_one("".join(texts), said)
