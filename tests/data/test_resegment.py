"""Laws of subword regularisation: other tokens, the same text."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt import shipped
from mt.config import DataConfig
from mt.data.batches import PairDataset
from mt.data.prepare import Sources, prepare
from mt.data.resegment import Resegmenter
from mt.data.sources import parse_source, read_source
from mt.data.vocabulary import train_tokenizer
from mt.errors import ConfigError
from mt.text.tokenizer import Tokenizer

SAMPLE = sorted(shipped("_data/sample", "data/sample").glob("*.tsv"))
TEXTS = [side for path in SAMPLE for pair in read_source(parse_source(str(path))) for side in pair]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return train_tokenizer(TEXTS, tmp_path_factory.mktemp("tokens") / "tokenizer.model", vocab_size=1000, kind="unigram", seed=1, threads=1)


@given(text=st.text(st.characters(exclude_categories=["Cs"])), seed=st.integers(0, 9))
def test_every_cut_spells_the_same_text(tokenizer: Tokenizer, text: str, seed: int):
    assert tokenizer.decode(Resegmenter(tokenizer).encode(text, random.Random(seed))) == text


def test_the_likeliest_cuts_of_the_words_are_what_the_tokenizer_says(tokenizer: Tokenizer):
    resegmenter = Resegmenter(tokenizer)
    for text in TEXTS[:200]:
        words = [f" {word}" for word in text.split(" ")]
        assert [token for word in words for token in resegmenter.cuts(word)[0][0]] == tokenizer.encode(text)


def test_likelier_cuts_come_more_often(tokenizer: Tokenizer):
    cuts, weights = Resegmenter(tokenizer).cuts(" translation")
    assert weights[0] == 1
    assert weights == sorted(weights, reverse=True)
    assert len({tuple(cut) for cut in cuts}) == len(cuts) > 1


def prepared(out: Path, share: float, jobs: int = 1, kind: str = "unigram") -> dict:
    sources = Sources([parse_source(f"2*{path}") for path in SAMPLE])
    return prepare(sources, out, DataConfig(vocab_size=1000, tokenizer=kind, resegment=share), jobs=jobs)


def test_a_share_of_the_training_pairs_is_cut_otherwise_and_nothing_else_changes(tmp_path: Path):
    prepared(tmp_path / "plain", 0.0)
    prepared(tmp_path / "cut", 0.5)
    plain, cut = (PairDataset.load(tmp_path / name / "train") for name in ("plain", "cut"))
    tokens = Tokenizer.load(tmp_path / "cut" / "tokenizer.model")
    changed = [(plain[i][0].tolist(), cut[i][0].tolist()) for i in range(len(plain)) if plain[i][0].tolist() != cut[i][0].tolist()]
    assert 0.4 < len(changed) / len(plain) <= 0.55
    assert all(tokens.decode(before) == tokens.decode(after) for before, after in changed)
    for name in ("valid", "tokenizer.model"):
        one, other = (tmp_path / folder / name for folder in ("plain", "cut"))
        files = [one] if one.is_file() else sorted(one.iterdir())
        assert all(file.read_bytes() == (other if one.is_file() else other / file.name).read_bytes() for file in files)


def test_the_cuts_do_not_depend_on_the_number_of_processes(tmp_path: Path):
    prepared(tmp_path / "one", 0.5)
    prepared(tmp_path / "two", 0.5, jobs=2)
    one, two = (next((tmp_path / name / "train").glob("*.arrow")).read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_tokenizer_that_knows_one_cut_only_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="unigram"):
        prepared(tmp_path / "out", 0.5, kind="bpe")
