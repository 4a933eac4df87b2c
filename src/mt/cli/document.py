"""A file translated by its format: in chunks, with a bar, and remembered beside the result so that a second run goes on."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mt import console
from mt.errors import DataError, OutputError

if TYPE_CHECKING:
    from mt.decoding.translator import Translation, Translator
    from mt.extras.formats import Options

CHUNK = 16   # texts kept together
STAND_IN = re.compile(r"<x\d+>|\{x\d+\}")   # of markup; a format that loses one tries another way


def translate_document(translator: Translator, path: Path, options: Options, unfinished: Unfinished) -> tuple[bytes, list[Translation]]:
    """The bytes of a translated file, and all the texts that were translated for it, in their order."""
    from mt.extras.formats import translate_file

    done: list[Translation] = []

    def translate(texts: list[str]) -> list[str]:
        found = unfinished.translate(translator, texts)
        done.extend(replace(result, warnings=[each for each in result.warnings if not STAND_IN.search(each)]) for result in found)
        return [result.text for result in found]

    try:
        return translate_file(path.read_bytes(), translate, options), done
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", fix="check the path") from error
    except DataError as error:
        raise DataError(f"{path}: {error.message}", fix=error.fix) from error


class Unfinished:
    """Texts that are translated already, in a file of their own until the job is done; without a path, in memory alone.

    `asked` says what was asked for, and of what model; a file kept for something else is begun anew.
    """

    def __init__(self, path: Path | None, asked: Iterable[object]) -> None:
        self.path, self.header = path, dict[str, str]()
        self.known: dict[str, Translation] = {}
        if path is not None:
            key = hashlib.sha256()
            for each in asked:
                key.update(repr(each).encode())
            self.header = {"key": key.hexdigest()}
            self.read(path)
        if self.known:
            console.log(f"going on: {len(self.known):,} texts are translated already, as {path} says")

    def read(self, path: Path) -> None:
        """Take what an interrupted run has left; lines that it broke off are left out."""
        from mt.decoding.translator import Translation

        with suppress(OSError, ValueError):
            header, *lines = path.read_text(encoding="utf-8").splitlines()
            for line in lines if json.loads(header) == self.header else []:
                with suppress(ValueError, TypeError):
                    result = Translation(**json.loads(line))
                    self.known[result.source] = result

    def translate(self, translator: Translator, texts: Sequence[str]) -> list[Translation]:
        """Translations of the texts, in order; what is not known yet is translated and kept."""
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        with console.progress("translating", len(new)) as advance:
            translations = translator.translate_lines(new)
            while results := list(islice(translations, CHUNK)):
                self.keep(results)
                advance(len(results))
        return [self.known[text] for text in texts]

    def keep(self, results: Sequence[Translation]) -> None:
        """Remember results, on disk too: all of a chunk or, after a crash, lines that can be read up to the broken one."""
        begins = not self.known
        self.known |= {result.source: result for result in results}
        if self.path is None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("w" if begins else "a", encoding="utf-8", errors="surrogatepass") as file:
                for row in [self.header] * begins + [asdict(result) for result in results]:
                    file.write(json.dumps(row) + "\n")
        except OSError as error:
            raise OutputError(f"cannot write {self.path}: {error.strerror}", fix="choose another --output, or make room on the disk") from error

    def forget(self) -> None:
        """The job is done."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
