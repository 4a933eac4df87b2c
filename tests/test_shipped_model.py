"""Laws of the model that ships: right French for everyday English, from any folder, offline."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mt import default_model
from mt.data.sources import parse_source, read_source
from mt.data.translation_memory import TranslationMemory
from mt.run import RunDir
from mt.text.normalize import normalize

ROOT = Path(__file__).parents[1]
EVERYDAY = json.loads((Path(__file__).parent / "everyday.json").read_text(encoding="utf-8"))
OFFLINE = """
import socket, sys
def refuse(*arguments, **options):
    raise AssertionError("a socket was opened")
socket.socket.__init__ = socket.create_connection = socket.getaddrinfo = refuse
sys.argv = ["mt", "translate", *sys.argv[1:]]
from mt.cli.app import main
main()
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What mt says to the everyday sentences, in another folder than its own and with no network."""
    command = [sys.executable, "-c", OFFLINE, "--engine", "torch", *EVERYDAY]
    done = subprocess.run(command, cwd=tmp_path_factory.mktemp("elsewhere"), capture_output=True, check=True)
    return done.stdout.decode().splitlines()


def plain(text: str) -> str:
    """Spaces of all kinds as one, so that only words and marks are compared."""
    return re.sub(r"\s+", " ", text)


def test_everyday_sentences_are_translated_right(answers: list[str]):
    wrong = {src: said for (src, right), said in zip(EVERYDAY.items(), answers, strict=True) if plain(said) not in right}
    assert not wrong


def test_there_are_twenty_and_more():
    assert len(EVERYDAY) >= 20


def test_what_the_readme_shows_is_what_is_said():
    sessions = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    shown = re.findall(r"^\$ (.*mt translate.*)\n((?:(?!\$ ).*\n)+)", "".join(sessions), re.M)
    assert shown
    for command, answer in shown:
        line = command.replace("mt translate", f"{sys.executable} -m mt translate --engine torch")
        said = subprocess.run(line, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True, text=True).stdout
        assert plain(said) == plain(answer)


def test_its_phrases_can_be_found_and_are_the_short_ones_of_our_own_text_and_set_phrases():
    phrases = TranslationMemory.of_model(RunDir(default_model()).phrases).entries
    assert [english for english in phrases if english != normalize(english)] == []
    own = [(file.stem, pair) for file in sorted((ROOT / "data" / "own").glob("*.tsv")) for pair in read_source(parse_source(str(file)))]
    said_alone = re.compile("formulas|phrases|idioms|business|signs|conversation|office")   # as `make ship` takes them
    most = {stem: 8 if said_alone.search(stem) else 4 for stem, _ in own}   # words
    assert phrases == {english: french for stem, (english, french) in own if len(english.split()) <= most[stem]}
    assert f"{len(phrases):,} words, labels and short sentences" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_model_is_small_and_has_its_card():
    folder = default_model()
    files = [folder / name for name in ("config.json", "tokenizer.model", "words.tsv", "phrases.tsv", "model.safetensors", "README.md")]
    assert sum(file.stat().st_size for file in files) < 25 * 2**20
