"""Laws of prepare: everything or nothing, the same every time, and no test sentence in training."""

from __future__ import annotations

import filecmp
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mt import shipped
from mt.config import DataConfig
from mt.data.batches import PairDataset
from mt.data.clean import broken_rule, rules
from mt.data.prepare import Sources, prepare, split
from mt.data.sources import Pair, parse_source, read_source
from mt.data.spelling import Spelling
from mt.errors import ConfigError, DataError, OutputError, RunError, UsageError
from mt.text.tokenizer import Tokenizer

SAMPLE = shipped("_data/sample", "data/sample")
OWN = Path(__file__).parents[2] / "data/own"
CONFIG = DataConfig(vocab_size=1000)


def sample(*names: str) -> list:
    return [parse_source(str(path)) for path in sorted(SAMPLE.glob("*.tsv"))] if not names else [parse_source(name) for name in names]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("prepare") / "prepared"
    prepare(Sources(sample()), out, CONFIG, jobs=1)
    return out


def texts(folder: Path, part: str) -> list[tuple[str, str]]:
    data, tokenizer = PairDataset.load(folder / part), Tokenizer.load(folder / "tokenizer.model")
    return [(tokenizer.decode(data[i][0].tolist()), tokenizer.decode(data[i][1].tolist())) for i in range(len(data))]


def test_the_sample_corpus_is_whole_and_clean():
    assert_whole_and_clean(SAMPLE, 2000)


def test_our_own_text_for_the_model_that_ships_is_whole_and_clean():
    if not OWN.exists():
        pytest.skip("it is in the clone only")
    assert_whole_and_clean(OWN, 25000)


def assert_whole_and_clean(folder: Path, least: int) -> None:
    pairs = [pair for path in folder.glob("*.tsv") for pair in read_source(parse_source(str(path)))]
    assert len(pairs) >= least
    assert len({pair.src for pair in pairs}) == len(pairs)
    assert [pair for pair in pairs if broken_rule(pair, rules(DataConfig.max_length_ratio))] == []


def test_every_pair_is_in_one_part_only(prepared: Path):
    manifest = json.loads((prepared / "manifest.json").read_text())
    train = [src.lower() for src, _ in texts(prepared, "train")]
    valid, test = (
        [line.split("\t")[0].lower() for line in (prepared / name).read_text().splitlines()] for name in ("valid.tsv", "test/corpus.tsv")
    )
    assert not set(train) & set(valid)
    assert not set(train) & set(test)
    assert not set(valid) & set(test)
    total = sum(source["pairs"] for source in manifest["sources"].values())
    assert len(train) + len(valid) + len(test) + sum(manifest["removed"].values()) == total


def test_arrow_opens_with_datasets_and_keeps_the_text(prepared: Path):
    from datasets import load_from_disk

    assert len(load_from_disk(str(prepared / "train"))) == len(PairDataset.load(prepared / "train"))
    known = {pair.src for source in sample() for pair in read_source(source)}
    assert {src for src, _ in texts(prepared, "train")} <= known


def test_the_words_of_the_training_text_are_kept_and_with_a_tokenizer_those_of_its_text(prepared: Path, tmp_path: Path):
    words = Spelling.load(prepared / "words.tsv").listed
    english = " ".join(src for src, _ in texts(prepared, "train")).lower()
    assert words["the"] == len(re.findall(r"\bthe\b", english))   # each pair is there once, as the sources have no weights
    few = tmp_path / "few.tsv"
    few.write_text("".join(f"gizmo number {word}\ttruc numéro {word}\n" for word in list(words)[:200]))
    prepare(Sources([parse_source(str(few))]), tmp_path / "out", CONFIG, jobs=1, tokenizer=prepared / "tokenizer.model")
    both = Spelling.load(tmp_path / "out" / "words.tsv").listed
    assert both["the"] == words["the"]
    assert both["gizmo"] > 100


def test_the_same_sources_give_the_same_files(prepared: Path, tmp_path: Path):
    again = tmp_path / "again"
    prepare(Sources(sample()), again, CONFIG, jobs=2)
    names = [str(path.relative_to(prepared)) for path in prepared.rglob("*") if path.is_file()]
    _, different, missing = filecmp.cmpfiles(prepared, again, names, shallow=False)
    assert (different, missing) == ([], [])


def test_test_sets_stay_as_they_are_and_out_of_training(tmp_path: Path):
    test = tmp_path / "odd.tsv"
    test.write_text("  Two  spaces ’\tDeux  espaces ’ \n\u00bd\t½\nThe cat sleeps.\tLe chat dort.\n")
    train = tmp_path / "train.tsv"
    rows = [f"This is sentence {word}.\tVoici la phrase {word}.\n" for word in "un deux trois quatre cinq six sept huit neuf dix onze douze".split()]
    train.write_text("".join(rows) + "THE CAT SLEEPS.\tLe chat dort bien.\nAnother.\tle chat dort.\n")
    valid = tmp_path / "valid.tsv"
    valid.write_text("Good evening.\tBonsoir.\n")
    sources = Sources(*([parse_source(str(path))] for path in (train, valid, test)))
    manifest = prepare(sources, tmp_path / "out", DataConfig(vocab_size=405), jobs=1)
    assert (tmp_path / "out" / "test" / "odd.tsv").read_text() == test.read_text()
    assert manifest["removed"]["in valid or test"] == 2


@pytest.mark.parametrize(("weight", "least", "most"), [("3", 3.0, 3.0), ("0.5", 0.4, 0.6)])
def test_weights_repeat_or_thin_out_a_source(tmp_path: Path, weight: str, least: float, most: float):
    corpora = [f"{weight}*{path}" for path in sorted(SAMPLE.glob("*.tsv"))]
    once = prepare(Sources(sample()), tmp_path / "once", CONFIG, jobs=1)["sizes"]["train"]["pairs"]
    weighted = prepare(Sources(sample(*corpora)), tmp_path / "weighted", CONFIG, jobs=1)["sizes"]["train"]["pairs"]
    assert least <= weighted / once <= most


def test_a_failure_leaves_what_was_there(prepared: Path, tmp_path: Path):
    bad = tmp_path / "bad.tsv"
    bad.write_text("fine\tbien\nbroken\n")
    before = (prepared / "manifest.json").read_text()
    with pytest.raises(DataError):
        prepare(Sources([parse_source(str(bad))]), prepared, CONFIG, jobs=1)
    with pytest.raises(ConfigError, match="too small"):
        prepare(Sources(sample()), prepared, DataConfig(vocab_size=100_000), jobs=1)
    assert (prepared / "manifest.json").read_text() == before
    assert [path.name for path in prepared.parent.iterdir()] == ["prepared"]


def test_a_folder_that_prepare_did_not_make_is_never_replaced(tmp_path: Path):
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(OutputError, match="not made by mt prepare"):
        prepare(Sources(sample()), tmp_path, CONFIG, jobs=1)
    assert (tmp_path / "letters.txt").read_text() == "mine"


def test_a_model_folder_is_never_replaced(tmp_path: Path):
    for name in ("config.json", "manifest.json", "model.safetensors", "tokenizer.model"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(OutputError, match=r"config\.json is in it"):
        prepare(Sources(sample()), tmp_path, CONFIG, jobs=1)
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("part", ["train", "valid"])
def test_a_corpus_of_which_nothing_is_left_is_refused(prepared: Path, tmp_path: Path, part: str):
    (tmp_path / "long.tsv").write_text(f"{'a b c d e f g ' * 9}\t{'h i j k l m n ' * 9}\n")
    long, out = sample(str(tmp_path / "long.tsv")), tmp_path / "out"
    sources = Sources(long, sample(), sample()) if part == "train" else Sources(sample(), long)
    with pytest.raises(DataError, match=f"no pair of at most 40 tokens is left for {part}"):
        prepare(sources, out, DataConfig(vocab_size=1000, max_tokens=40), jobs=1, tokenizer=prepared / "tokenizer.model")
    assert not out.exists()


def test_two_test_sets_of_one_name_are_refused(tmp_path: Path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "test.tsv").write_text(f"{folder}\t{folder}\n")
    tests = sample(str(tmp_path / "a/test.tsv"), str(tmp_path / "b/test.tsv"))
    with pytest.raises(UsageError, match="two test sets are called test"):
        prepare(Sources(sample(), test=tests), tmp_path / "out", CONFIG, jobs=1)


def test_line_separators_inside_a_test_sentence_stay(tmp_path: Path):
    test = tmp_path / "odd.tsv"
    test.write_bytes("One\u2028two\u0085\tUn\x0b deux\x0c\n".encode())
    prepare(Sources(sample(), test=sample(str(test))), tmp_path / "out", CONFIG, jobs=1)
    assert (tmp_path / "out" / "test" / "odd.tsv").read_bytes() == test.read_bytes()


def test_a_tokenizer_can_be_used_again(prepared: Path, tmp_path: Path):
    model = prepared / "tokenizer.model"
    manifest = prepare(Sources(sample()), tmp_path / "out", DataConfig(vocab_size=8000, tokenizer="bpe"), jobs=1, tokenizer=model)
    assert (tmp_path / "out" / "tokenizer.model").read_bytes() == model.read_bytes()
    assert (manifest["data"]["vocab_size"], manifest["data"]["tokenizer"]) == (Tokenizer.load(model).vocab_size, "unigram")
    with pytest.raises(RunError):
        prepare(Sources(sample()), tmp_path / "other", CONFIG, jobs=1, tokenizer=prepared / "valid.tsv")
    assert not (tmp_path / "other").exists()


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path):
    out = tmp_path / "folder" / "out"
    command = [sys.executable, "-m", "mt", "prepare", "--out", str(out), "--vocab-size", "1000", "--jobs", "2"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True) as process:
        assert process.stderr is not None
        while "learning" not in (line := process.stderr.readline()):
            assert line, "ended before it learned the tokenizer"
        os.killpg(process.pid, signal.SIGINT)   # as a terminal does: to the workers too
        said = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in said
    assert list(out.parent.iterdir()) == []


def test_a_corpus_that_grows_puts_nothing_it_was_trained_on_into_its_new_test_set():
    config = DataConfig(valid_size=40, test_size=40)
    pairs = [(Pair(f"Sentence {i}.", f"Phrase {i}."), 1.0) for i in range(4000)]
    kept, valid, test = split(pairs[:2000], config, valid=True, test=True)
    _, grown_valid, grown_test = split(pairs, config, valid=True, test=True)
    seen = {pair.src for pair, _ in kept}
    assert len(valid) > 10
    assert len(test) > 10
    assert not seen & {pair.src for pair in (*grown_valid, *grown_test)}
    assert set(grown_test) & set(test)
    assert set(grown_valid) & set(valid)
    assert not set(test) & set(grown_valid)
