"""Laws of the translation memory: what is known is found however it is capitalised, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from mt.data.translation_memory import TranslationMemory
from mt.errors import DataError, RunError

KNOWN = TranslationMemory({"bough": "branche", "Polish": "polonais", "polish": "polir", "Opening hours": "Heures d'ouverture", "to be": "être"})


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("bough", "branche"), ("Bough", "branche"), ("Polish", "polonais"), ("polish", "polir"), ("Opening hours", "Heures d'ouverture"),
        ("opening hours", "Heures d'ouverture"), ("Opening Hours", "Heures d'ouverture"), ("OPENING HOURS", "Heures d'ouverture"),
        ("To Be", "être"), ("Opening hours:", "Heures d'ouverture :"), ("opening hours…", "Heures d'ouverture…"), ("To be...", "être..."),
        ("bough :", "branche :"), ("bough...", None), (":", None), ("boughs", None), ("BOUGH", None), ("opening", None), ("bough.", None), ("", None),
    ],
)   # fmt: skip
def test_capitals_may_differ_and_the_end_of_a_label_but_nothing_else(english: str, french: str | None):
    assert KNOWN.find(english) == french


def test_what_is_longer_than_all_entries_need_not_be_looked_up():
    assert KNOWN.longest == len('"Opening hours..."')
    assert TranslationMemory({}).longest < 10


def test_the_users_go_before_the_models(tmp_path: Path):
    phrases, own = tmp_path / "phrases.tsv", tmp_path / "own.tsv"
    phrases.write_text("bat\tbatte\ncat\tchat\n", encoding="utf-8")
    own.write_text("bat\tchauve-souris\ncat\t \nIt’s  late.\t« Tard »\n", encoding="utf-8")
    assert TranslationMemory.load(phrases).entries == {"bat": "batte", "cat": "chat"}
    memory = TranslationMemory.load(phrases, str(own))
    assert memory.entries == {"bat": "chauve-souris", "cat": "chat", "It's late.": "« Tard »"}   # English as the network reads it, French as it is


def test_a_translation_memory_exchange_file_is_one(tmp_path: Path):
    units = '<tu><tuv xml:lang="en-GB"><seg>Save as…</seg></tuv><tuv xml:lang="fr"><seg>Enregistrer sous…</seg></tuv></tu>'
    (tmp_path / "memory.tmx").write_text(f'<tmx version="1.4"><body>{units}</body></tmx>', encoding="utf-8")
    assert TranslationMemory.load(tmp_path / "none", str(tmp_path / "memory.tmx")).find("Save as…") == "Enregistrer sous…"


def test_several_sentences_are_known_one_by_one(tmp_path: Path):
    own = tmp_path / "own.tsv"
    own.write_text("1. Save it. Go on?\t1. Enregistrez. Continuer ?\nOne. Two.\tUn et deux.\n", encoding="utf-8")
    entries = TranslationMemory.load(tmp_path / "none", str(own)).entries
    assert entries == {"Save it.": "Enregistrez.", "Go on?": "Continuer ?", "One. Two.": "Un et deux."}


def test_a_model_without_phrases_has_an_empty_one(tmp_path: Path):
    assert TranslationMemory.load(tmp_path / "phrases.tsv").entries == {}


@pytest.mark.parametrize("damaged", ["cat\tchat\nbough", "cat chat\n", "cat\tchat\tminou\n", "cat\tchat"])
def test_damage_is_told(tmp_path: Path, damaged: str):
    (tmp_path / "phrases.tsv").write_text(damaged, encoding="utf-8")
    with pytest.raises(RunError, match=r"phrases\.tsv is damaged"):
        TranslationMemory.load(tmp_path / "phrases.tsv")


def test_a_memory_that_is_none_is_told(tmp_path: Path):
    (tmp_path / "memory.tsv").write_text("only English\n", encoding="utf-8")
    for name in ("missing.tsv", "memory.tsv"):
        with pytest.raises(DataError):
            TranslationMemory.load(tmp_path / "phrases.tsv", str(tmp_path / name))
