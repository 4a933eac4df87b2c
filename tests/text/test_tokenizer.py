"""Laws of the tokenizer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.config import BOS, EOS, PAD, UNK
from mt.data.vocabulary import train_tokenizer
from mt.errors import ConfigError, RunError
from mt.text.tokenizer import Tokenizer

LINES = [f"the {noun} {verb} the {other}" for noun in ("cat", "dog", "bird") for verb in ("sees", "hears") for other in ("tree", "house", "river")]


@pytest.fixture(scope="module", params=["unigram", "bpe"])
def tokenizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.model"
    return train_tokenizer(LINES * 20, path, vocab_size=400, kind=request.param, seed=1, threads=1)


def test_it_knows_how_it_was_learned(tokenizer: Tokenizer, request: pytest.FixtureRequest):
    assert tokenizer.kind == request.node.callspec.params["tokenizer"]


@given(text=st.text(st.characters(exclude_categories=("Cs",))))
def test_any_text_comes_back_as_it_was(tokenizer: Tokenizer, text: str):
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(text=st.text(st.sampled_from("a ▁\x00<s>\u202f\t\n0x41é")))
def test_text_that_looks_like_marks_comes_back_as_it_was(tokenizer: Tokenizer, text: str):
    tokens = tokenizer.encode(text)
    assert tokenizer.decode(tokens) == text
    assert not {PAD, UNK, BOS, EOS} & set(tokens)


def test_digits_stand_alone(tokenizer: Tokenizer):
    pieces = tokenizer.pieces(tokenizer.encode("in 1984 or 12,5"))
    assert not any(sum(character.isdigit() for character in piece) > 1 for piece in pieces)


def test_a_word_has_the_same_tokens_wherever_it_stands(tokenizer: Tokenizer):
    first, later = tokenizer.encode("cat"), tokenizer.encode("the cat")
    assert later[-len(first) :] == first


def test_bytes_that_are_no_text_become_the_replacement_character(tokenizer: Tokenizer):
    assert "\ufffd" in tokenizer.decode([tokenizer.byte_ids[0xE2]])


def test_training_is_deterministic(tmp_path: Path):
    paths = [tmp_path / "a.model", tmp_path / "b.model"]
    for path in paths:
        train_tokenizer(LINES, path, vocab_size=400, kind="unigram", seed=1, threads=1)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_vocabulary_too_large_for_the_text_names_one_that_fits(tmp_path: Path):
    with pytest.raises(ConfigError, match="too small for 4000") as raised:
        train_tokenizer(LINES, tmp_path / "t.model", vocab_size=4000, kind="unigram", seed=1, threads=1)
    fitting = int(raised.value.fix.split()[2])
    assert train_tokenizer(LINES, tmp_path / "t.model", vocab_size=fitting, kind="unigram", seed=1, threads=1).vocab_size == fitting


def test_a_vocabulary_too_small_for_the_bytes_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="256 bytes"):
        train_tokenizer(LINES, tmp_path / "t.model", vocab_size=100, kind="unigram", seed=1, threads=1)
    assert not any(tmp_path.iterdir())


def test_files_of_another_kind_are_refused(tmp_path: Path):
    (tmp_path / "t.model").write_bytes(b"not a model")
    with pytest.raises(RunError, match="no SentencePiece model"):
        Tokenizer.load(tmp_path / "t.model")
    with pytest.raises(RunError, match="cannot read"):
        Tokenizer.load(tmp_path / "absent.model")


def test_an_interrupt_among_the_lines_is_one(tmp_path: Path):
    def lines():
        yield from LINES
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_tokenizer(lines(), tmp_path / "t.model", vocab_size=400, kind="unigram", seed=1, threads=1)
    assert not list(tmp_path.iterdir())
