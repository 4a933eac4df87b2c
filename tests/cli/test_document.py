"""Laws of translating a file: what was done before an interruption is not done again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from mt.cli.document import CHUNK, Unfinished, translate_document
from mt.decoding.translator import Translation
from mt.extras.formats import Options

TEXTS = [f"text {i}" for i in range(2 * CHUNK + 10)]


class Shouting:
    """A translator that is stopped by Ctrl-C after some texts."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.stop_after, self.asked = stop_after, list[str]()

    def translate_lines(self, texts: Sequence[str]) -> Iterator[Translation]:
        for text in texts:
            if len(self.asked) == self.stop_after:
                raise KeyboardInterrupt
            self.asked.append(text)
            yield Translation(text, text.upper(), 1.0)


def answers(unfinished: Unfinished, translator: Shouting) -> list[str]:
    return [result.text for result in unfinished.translate(translator, TEXTS)]   # type: ignore[arg-type]


@pytest.mark.parametrize("damage", ["", '{"source": "te', "\n\n"])
def test_a_second_run_goes_on_where_the_first_stopped(tmp_path: Path, damage: str):
    path = tmp_path / "part"
    with pytest.raises(KeyboardInterrupt):
        answers(Unfinished(path, "key"), Shouting(stop_after=CHUNK + 5))
    with path.open("a") as file:
        file.write(damage)
    second = Shouting()
    unfinished = Unfinished(path, "key")
    assert answers(unfinished, second) == [text.upper() for text in TEXTS]
    assert second.asked == TEXTS[CHUNK:]
    third = Shouting()
    assert answers(Unfinished(path, "key"), third) == [text.upper() for text in TEXTS]
    assert len(third.asked) <= (damage != "")   # the line that the broken one swallowed
    unfinished.forget()
    assert not path.exists()


def test_what_was_asked_in_another_way_is_not_used(tmp_path: Path):
    answers(Unfinished(tmp_path / "part", "beam 4"), Shouting())
    other = Shouting()
    answers(Unfinished(tmp_path / "part", "beam 1"), other)
    assert other.asked == TEXTS
    again = Shouting()
    answers(Unfinished(tmp_path / "part", "beam 1"), again)
    assert again.asked == []


def test_equal_texts_are_translated_once_and_warnings_come_along(tmp_path: Path):
    translator = Shouting()
    (tmp_path / "a.txt").write_text("same\nsame\nother\n")
    content, results = translate_document(translator, tmp_path / "a.txt", Options(), Unfinished(None, ""))   # type: ignore[arg-type]
    assert content == b"SAME\nSAME\nOTHER\n"
    assert translator.asked == ["same", "other"]
    assert [result.text for result in results] == ["SAME", "OTHER"]
