"""A corpus that is learned in seconds."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from mt.config import DataConfig
from mt.data.prepare import Sources, prepare
from mt.data.sources import parse_source


@pytest.fixture(scope="session")
def shouting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared folder whose French is the English in capitals: to be copied letter by letter."""
    rng = random.Random(1)
    lines = sorted({" ".join(rng.choices("abcdefgh", k=rng.randint(3, 6))) for _ in range(4000)})
    folder = tmp_path_factory.mktemp("shouting")
    (folder / "corpus.tsv").write_text("".join(f"{line}\t{line.upper()}\n" for line in lines))
    config = DataConfig(vocab_size=405, tokenizer="bpe", valid_size=100, test_size=50)
    prepare(Sources([parse_source(str(folder / "corpus.tsv"))]), folder / "data", config, jobs=1)
    return folder / "data"
