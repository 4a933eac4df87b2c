"""Laws of weights and training state on disk."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from fakes import make_model

from mt.checkpoint import (
    KEPT,
    Progress,
    Snapshot,
    average,
    fill_from,
    keep_newest,
    load_model,
    load_snapshot,
    load_weights,
    save_snapshot,
    save_weights,
    ship,
    snapshots,
)
from mt.config import ModelConfig
from mt.errors import OutputError, RunError
from mt.model import build
from mt.run import RunDir


def snapshot(step: int) -> Snapshot:
    return Snapshot({"w": torch.full((3,), float(step))}, {"m": torch.ones(2)}, {"cpu.0": torch.get_rng_state()}, Progress(step=step))


def test_weights_come_back_as_they_were(tmp_path: Path):
    weights = {"a": torch.randn(3, 4), "b": torch.randn(5).half()}
    save_weights(tmp_path / "w.safetensors", weights)
    loaded = load_weights(tmp_path / "w.safetensors")
    assert loaded.keys() == weights.keys()
    assert all(torch.equal(loaded[name], weights[name]) for name in weights)


@pytest.mark.parametrize("damage", [lambda data: data[:-3], lambda data: b"", lambda data: b"\xff" * 64])
def test_damaged_weights_are_refused(tmp_path: Path, damage):
    path = tmp_path / "w.safetensors"
    save_weights(path, {"a": torch.randn(30)})
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(RunError, match=r"w\.safetensors"):
        load_weights(path)


def test_average_is_the_mean(tmp_path: Path):
    paths = [tmp_path / f"{i}.safetensors" for i in range(3)]
    tensors = [torch.randn(4) for _ in paths]
    for path, tensor in zip(paths, tensors, strict=True):
        save_weights(path, {"w": tensor})
    torch.testing.assert_close(average(paths)["w"], torch.stack(tensors).mean(0))


def test_the_newest_states_are_kept_and_the_newest_is_loaded(tmp_path: Path):
    for step in (5, 10, 15, 20):
        save_snapshot(tmp_path, snapshot(step))
    assert [path.name for path in snapshots(tmp_path)] == ["step-00000015", "step-00000020"]
    assert len(snapshots(tmp_path)) == KEPT
    loaded = load_snapshot(tmp_path)
    assert loaded is not None
    assert loaded.progress == Progress(step=20)
    assert loaded.weights["w"].tolist() == [20, 20, 20]


@pytest.mark.parametrize("file", ["weights.safetensors", "optimizer.safetensors", "random.safetensors", "progress.json"])
def test_a_damaged_state_is_passed_over_for_the_one_before(tmp_path: Path, file: str):
    for step in (5, 10):
        save_snapshot(tmp_path, snapshot(step))
    path = tmp_path / "step-00000010" / file
    data = bytearray(path.read_bytes())
    data[-1] ^= 0xFF
    path.write_bytes(data)
    loaded = load_snapshot(tmp_path)
    assert loaded is not None
    assert loaded.progress == Progress(step=5)


def test_states_all_damaged_are_an_error_and_none_at_all_is_not(tmp_path: Path):
    assert load_snapshot(tmp_path) is None
    save_snapshot(tmp_path, snapshot(5))
    (tmp_path / "step-00000005" / "progress.json").write_text("{")
    with pytest.raises(RunError, match="no training state"):
        load_snapshot(tmp_path)


@pytest.mark.parametrize("count", [0, 2])
def test_only_the_newest_files_are_kept(tmp_path: Path, count: int):
    for i in range(4):
        (tmp_path / f"average-{i}").touch()
    keep_newest(tmp_path.glob("average-*"), count)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["average-2", "average-3"][: count or 0]


def test_what_is_shipped_is_what_translation_needs(tmp_path: Path):
    run = make_model(tmp_path / "model")
    run.words.write_text("the\t3\n")
    run.phrases.write_text("the\tle\n")
    run.resume.mkdir()
    ship(run, tmp_path / "shipped")
    kept = {"config.json", "tokenizer.model", "words.tsv", "phrases.tsv", "model.safetensors"}
    assert {path.name for path in (tmp_path / "shipped").iterdir()} == kept


def test_the_mean_of_models_is_shipped_if_they_are_of_one_kind(tmp_path: Path):
    run, other = make_model(tmp_path / "model"), make_model(tmp_path / "other")
    weights = load_weights(run.weights)
    save_weights(other.weights, {name: tensor + 0.5 for name, tensor in weights.items()})
    ship(run, tmp_path / "shipped", [other])
    shipped = load_weights(RunDir(tmp_path / "shipped").weights)
    for name, tensor in weights.items():
        assert torch.allclose(shipped[name].float(), tensor + 0.25, atol=float((tensor + 0.25).abs().max()) / 250), name   # 127 steps each way
    config = other.read_config()
    other.write_config(dataclasses.replace(config, model=dataclasses.replace(config.model, d_ff=64)), "0")
    with pytest.raises(RunError, match="another shape"):
        ship(run, tmp_path / "never", [other])
    other.write_config(config, "0")
    other.tokenizer.write_bytes(b"another")
    with pytest.raises(RunError, match="another tokenizer"):
        ship(run, tmp_path / "never", [other])
    assert not (tmp_path / "never").exists()


def test_what_was_written_by_hand_stays_unless_the_model_has_its_own(tmp_path: Path):
    run, shipped = make_model(tmp_path / "model"), RunDir(tmp_path / "shipped")
    ship(run, shipped.path)
    shipped.card.write_text("a card")
    shipped.phrases.write_text("the\tle\n")
    run.phrases.write_text("a\tun\n")
    ship(run, shipped.path)
    assert (shipped.card.read_text(), shipped.phrases.read_text()) == ("a card", "a\tun\n")


def test_what_else_stands_in_the_folder_is_not_lost(tmp_path: Path):
    run = make_model(tmp_path / "model")
    ship(run, tmp_path / "shipped")
    ship(run, tmp_path / "shipped")
    (tmp_path / "shipped" / "LICENSE").touch()
    with pytest.raises(OutputError, match="LICENSE in"):
        ship(run, tmp_path / "shipped")
    assert (tmp_path / "shipped" / "LICENSE").exists()


def test_a_model_in_training_is_never_shipped_over(tmp_path: Path):
    run = make_model(tmp_path / "model")
    with pytest.raises(OutputError, match="the model itself"):
        ship(run, tmp_path / "model" / ".." / "model")
    other = make_model(tmp_path / "other")
    other.resume.mkdir()
    with pytest.raises(OutputError, match="in training"):
        ship(run, other.path)
    assert other.resume.exists()


def test_weights_to_begin_with_must_fit_and_it_is_said_how(tmp_path: Path):
    run = make_model(tmp_path / "model")
    shape = dataclasses.replace(run.read_config().model, d_ff=7, dropout=0.5)
    with pytest.raises(RunError, match="another shape") as raised:
        fill_from(build(shape), shape, run, run.tokenizer)
    assert raised.value.fix == f"--set model.d_ff={run.read_config().model.d_ff}"


def two_layers(folder: Path, norm: str) -> tuple[RunDir, ModelConfig]:
    """A model folder with two layers in each stack, and its shape."""
    run = make_model(folder)
    config = run.read_config()
    shape = dataclasses.replace(config.model, n_encoder_layers=2, n_decoder_layers=2, norm=norm, dropout=0.0)
    run.write_config(dataclasses.replace(config, model=shape), "0")
    save_weights(run.weights, build(shape).state_dict())
    return run, shape


def test_a_model_begins_with_more_layers_than_another_and_says_the_same(tmp_path: Path):
    run, shape = two_layers(tmp_path / "model", "pre")
    deeper = dataclasses.replace(shape, n_encoder_layers=5, n_decoder_layers=3)
    before, after = build(shape), build(deeper)
    fill_from(before, shape, run, run.tokenizer)
    fill_from(after, deeper, run, run.tokenizer)
    src, tgt = torch.randint(4, 100, (3, 9)), torch.randint(4, 100, (3, 7))
    torch.testing.assert_close(after(src, tgt), before(src, tgt))
    after(src, tgt).square().mean().backward()
    assert all(tensor.grad is not None and tensor.grad.any() for name, tensor in after.named_parameters() if name.endswith("narrow.weight"))


def test_a_post_norm_model_cannot_be_deepened_as_a_layer_that_adds_nothing_still_normalises(tmp_path: Path):
    run, shape = two_layers(tmp_path / "model", "post")
    deeper = dataclasses.replace(shape, n_encoder_layers=3)
    with pytest.raises(RunError, match="another shape"):
        fill_from(build(deeper), deeper, run, run.tokenizer)


def test_a_tokenizer_of_another_network_is_refused(tmp_path: Path):
    run = make_model(tmp_path / "model")
    config = run.read_config()
    run.write_config(dataclasses.replace(config, model=dataclasses.replace(config.model, vocab_size=config.model.vocab_size + 1)), "0")
    with pytest.raises(RunError, match="not the tokenizer of this network"):
        load_model(RunDir(run.path), torch.device("cpu"))


def test_a_model_that_only_translates_needs_no_compiler(tmp_path: Path):
    """PyTorch's takes longer to import than the model to load, and a hundred megabytes; building on the meta device asks for it."""
    run = make_model(tmp_path / "model")
    code = f"import sys, mt; mt.load({str(run.path)!r}, engine='torch').translate('Hello.'); assert 'torch._dynamo' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
