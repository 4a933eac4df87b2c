"""Laws of the fast engine: the same network, without torch."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
from itertools import compress, islice
from pathlib import Path

import pytest
import torch
from fakes import make_model

import mt
from mt.checkpoint import load_model, load_weights, save_weights
from mt.config import DecodeConfig
from mt.data.sources import parse_source, read_source
from mt.decoding.engine import TorchEngine
from mt.errors import ConfigError, DeviceError, RunError, UsageError
from mt.extras import ct2_convert
from mt.extras.ct2 import CT2Engine, converted, is_converted
from mt.extras.ct2_convert import convert
from mt.run import RunDir
from mt.text.tokenizer import Tokenizer

pytest.importorskip("ctranslate2")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    return make_model(tmp_path_factory.mktemp("model"))


def test_greedy_search_is_that_of_our_own_engine(run: RunDir, tmp_path: Path):
    convert(run, tmp_path / "ct2", "float32")
    tokenizer = Tokenizer.load(run.tokenizer)
    model, _, _ = load_model(run, torch.device("cpu"))
    generator = torch.Generator().manual_seed(1)
    sources = [torch.randint(4, tokenizer.vocab_size, (length,), generator=generator).tolist() for length in (1, 5, 9, 30)]
    config = DecodeConfig(beam=1, max_ratio=1.0, max_extra=5)
    ours = TorchEngine(model, torch.device("cpu")).translate(sources, config)
    fast = CT2Engine(tmp_path / "ct2").translate(sources, config)
    assert [found[0].tokens for found in fast] == [found[0].tokens for found in ours]
    assert [found[0].finished for found in fast] == [found[0].finished for found in ours]


@pytest.mark.parametrize("quantization", ["int8", "float16"])
def test_smaller_formats_load_and_answer(run: RunDir, tmp_path: Path, quantization: str):
    convert(run, tmp_path / "ct2", quantization)
    [hypotheses] = CT2Engine(tmp_path / "ct2").translate([[5, 6, 7]], DecodeConfig(beam=4, n_best=3))
    assert len(hypotheses) == 3


def test_translating_this_way_imports_no_torch(run: RunDir):
    convert(run, converted(run), "int8")
    code = f"import sys, mt; mt.load({str(run.path)!r}).translate('Hello.'); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_precision_is_asked_of_pytorch_alone(run: RunDir):
    convert(run, converted(run), "int8")
    assert isinstance(mt.load(run.path, precision="fp32").network.engine, TorchEngine)
    with pytest.raises(UsageError, match="what the model was converted to"):
        mt.load(run.path, engine="ct2", precision="fp32")


def test_what_cannot_be_converted_is_told(run: RunDir, tmp_path: Path):
    with pytest.raises(ConfigError, match="no quantization called 'int9'"):
        convert(run, tmp_path / "ct2", "int9")
    (tmp_path / "letters").mkdir()
    with pytest.raises(RunError, match="is no CTranslate2 model"):
        convert(run, tmp_path / "letters", "int8")
    convert(run, tmp_path / "made", "int8")
    convert(run, tmp_path / "made", "float32")   # in place of the one before
    (tmp_path / "made" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RunError, match=r"notes\.txt in .* would be lost"):
        convert(run, tmp_path / "made", "int8")
    with pytest.raises(RunError, match="no converted model"):
        CT2Engine(tmp_path / "absent")


def test_weights_converted_before_they_were_trained_on_are_not_used(tmp_path: Path):
    run = make_model(tmp_path)
    assert not is_converted(run)
    convert(run, converted(run), "int8")
    assert is_converted(run)
    weights = load_weights(run.weights)
    save_weights(run.weights, {name: tensor + 0.1 for name, tensor in weights.items()})
    assert not is_converted(run)
    with pytest.raises(RunError, match="made from other weights"):
        mt.load(run.path, engine="ct2")


def test_weights_saved_while_they_are_converted_are_not_taken_for_converted(tmp_path: Path, monkeypatch):
    run, convert_now = make_model(tmp_path), ct2_convert.specification

    def train_meanwhile(run: RunDir, quantization: str) -> object:
        made = convert_now(run, quantization)
        save_weights(run.weights, {name: weight + 1 for name, weight in load_weights(run.weights).items()})
        return made

    monkeypatch.setattr(ct2_convert, "specification", train_meanwhile)
    convert(run, converted(run), "int8")
    assert not is_converted(run)


def test_a_model_of_long_texts_is_converted_with_room_for_them(run: RunDir, tmp_path: Path):
    copy = RunDir(Path(shutil.copytree(run.path, tmp_path / "long")))
    config = copy.read_config()
    copy.write_config(dataclasses.replace(config, data=dataclasses.replace(config.data, max_tokens=1100)), "0")
    convert(copy, converted(copy), "float32")
    [hypotheses] = CT2Engine(converted(copy)).translate([[5] * 1100], DecodeConfig(beam=1, max_ratio=0.0, max_extra=3))
    assert len(hypotheses[0].tokens) <= 3


def test_a_device_that_is_none_is_named(run: RunDir, tmp_path: Path):
    convert(run, tmp_path / "ct2", "int8")
    with pytest.raises(DeviceError, match="abacus"):
        CT2Engine(tmp_path / "ct2", device="abacus")


@pytest.mark.parametrize("beam", [1, 4])
def test_both_engines_say_the_same(tmp_path: Path, beam: int):
    ships = RunDir(mt.default_model())
    if not ships.weights.exists():
        pytest.skip("no model ships with this copy")
    convert(ships, tmp_path / "ct2", "float32")
    tokenizer = Tokenizer.load(ships.tokenizer)
    corpus = read_source(parse_source(str(next(mt.shipped("_data/sample", "data/sample").glob("*.tsv")))))
    sources = [tokenizer.encode(pair.src) for pair in islice(corpus, 0, None, 12)]
    assert len(sources) > 200
    config = DecodeConfig(beam=beam)
    ours = mt.choose_engine("torch", ships, device="cpu", threads=2, precision="fp32")().translate(sources, config)
    fast = CT2Engine(tmp_path / "ct2").translate(sources, config)
    alike = [one.tokens == other.tokens for [one], [other] in zip(ours, fast, strict=True)]
    assert sum(alike) / len(alike) >= 0.99
    for [one], [other] in compress(zip(ours, fast, strict=True), alike):
        assert other.score == pytest.approx(one.score, abs=0.01)
        assert other.confidence == pytest.approx(one.confidence, abs=0.01)
        assert other.finished == one.finished
