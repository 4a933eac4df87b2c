"""Laws of the translation memory: what is known is found however it is capitalised, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from mt.data.translation_memory import TranslationMemory
from mt.errors import DataError, RunError, UsageError

KNOWN = TranslationMemory(
    {
        "bough": "branche", "Polish": "polonais", "polish": "polir", "Opening hours": "Heures d'ouverture", "opening hours": "heures d'ouverture",
        "Settings": "Réglages", "USB hub": "concentrateur USB", "Apple phone": "iPhone", "to be": "être", "us": "nous", "Save as...": "Sauver…",
    }
)   # fmt: skip


@pytest.mark.parametrize(
    ("english", "french"),
    [
        # as it stands there
        ("bough", "branche"), ("Polish", "polonais"), ("polish", "polir"), ("Opening hours", "Heures d'ouverture"), ("USB hub", "concentrateur USB"),
        ("opening hours", "heures d'ouverture"), ("Apple phone", "iPhone"), ("Save as...", "Sauver…"),
        # with other capitals
        ("Bough", "Branche"), ("BOUGH", "BRANCHE"), ("settings", "Réglages"), ("SETTINGS", "RÉGLAGES"), ("Opening Hours", "Heures d'ouverture"),
        ("OPENING HOURS", "HEURES D'OUVERTURE"), ("USB HUB", "CONCENTRATEUR USB"), ("To Be", "Être"),
        # labels
        ("Opening hours:", "Heures d'ouverture\u00a0:"), ("opening hours…", "heures d'ouverture…"), ("To be...", "Être..."),
        ("bough :", "branche\u00a0:"),
        # what is something else
        ("boughs", None), ("bough.", None), ("bough...", None), ("US", None), ("BE", None), ("opening", None), (":", None), ("", None),
    ],
)   # fmt: skip
def test_capitals_may_differ_and_the_end_of_a_label_but_nothing_else(english: str, french: str | None):
    assert KNOWN.find(english) == french


def test_a_users_english_is_normalised_and_the_french_stays_as_it_is(tmp_path: Path):
    own = tmp_path / "own.tsv"
    own.write_text("bat\tbatte\nbat\tchauve-souris\ncat\t \nIt’s  late.\t « Tard » \n", encoding="utf-8")
    assert TranslationMemory.of_user(str(own)).entries == {"bat": "chauve-souris", "It's late.": "« Tard »"}   # what has no French yet is none


def test_what_is_no_text_is_left_out_of_a_users_memory(tmp_path: Path):
    own = tmp_path / "own.jsonl"
    own.write_text('{"en": " ", "fr": "vide"}\n\n{"en": "10\u00a0kg", "fr": "dix\\n\\tkilos\\u0000\\u001b"}\n', encoding="utf-8")
    assert TranslationMemory.of_user(str(own)).entries == {"10 kg": "dix kilos"}


@pytest.mark.parametrize("namespace", ["", ' xmlns="http://www.lisa.org/tmx14"'])
def test_a_translation_memory_exchange_file_is_one(tmp_path: Path, namespace: str):
    units = '<tu><tuv xml:lang="en-GB"><seg>Save <ph>%s</ph>.</seg></tuv><tuv xml:lang="fr"><seg>Enregistrer <ph>%s</ph>.</seg></tuv></tu>'
    (tmp_path / "memory.tmx").write_text(f'<tmx version="1.4"{namespace}><body>{units}</body></tmx>', encoding="utf-8")
    assert TranslationMemory.of_user(str(tmp_path / "memory.tmx")).find("Save %s.") == "Enregistrer %s."


def test_a_models_french_has_the_spaces_of_french(tmp_path: Path):
    phrases = tmp_path / "phrases.tsv"
    assert TranslationMemory.of_model(phrases).entries == {}
    phrases.write_text("Don’t panic\tPas de panique\n", encoding="utf-8")
    assert TranslationMemory.of_model(phrases).find("Don't panic") == "Pas de panique"
    phrases.write_bytes(b"Why?\tPourquoi ?\r\ncat\tchat")
    assert [TranslationMemory.of_model(phrases).find(english) for english in ("Why?", "cat")] == ["Pourquoi\u202f?", "chat"]


@pytest.mark.parametrize("damaged", [b"cat\tchat\nbough", b"cat chat\n", b"cat\tchat\tminou\n", b"a\tb\tc\nd\n", b"\xff\t\xe9\n"])
def test_damage_is_told(tmp_path: Path, damaged: bytes):
    (tmp_path / "phrases.tsv").write_bytes(damaged)
    with pytest.raises(RunError, match=r"phrases\.tsv is damaged"):
        TranslationMemory.of_model(tmp_path / "phrases.tsv")


def test_a_memory_that_is_none_is_told(tmp_path: Path):
    (tmp_path / "memory.tsv").write_text("only English\n", encoding="utf-8")
    for name in ("missing.tsv", "memory.tsv"):
        with pytest.raises(DataError):
            TranslationMemory.of_user(str(tmp_path / name))
    for name in ("hf:some/corpus", f"2*{tmp_path / 'memory.tsv'}"):   # one downloads, the other weighs
        with pytest.raises(UsageError, match="is no file"):
            TranslationMemory.of_user(name)
