"""Laws of the configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mt.config import PRESETS, Config, build_config, from_json, to_json
from mt.decoding.hypothesis import longest_target
from mt.errors import ConfigError, RunError


def test_later_sources_win_over_earlier_ones(tmp_path: Path):
    file = tmp_path / "mine.toml"
    file.write_text("[model]\nd_model = 64\n[train]\nlr = 0.5\nwarmup = 7\n")
    config = build_config("tiny", file, ["train.lr=3e-4", "model.norm=post"])
    assert (config.model.d_model, config.train.warmup, config.train.lr, config.model.norm) == (64, 7, 3e-4, "post")
    assert config.model.d_ff == PRESETS["tiny"]["model"]["d_ff"]


def test_a_json_file_serves_too_and_a_models_own_config_is_one(tmp_path: Path):
    file = tmp_path / "config.json"
    config = build_config("tiny", None, ["train.lr=0.25"])
    file.write_text(json.dumps(to_json(config, "1.0")))
    assert build_config("base", file) == config


@pytest.mark.parametrize(
    ("setting", "says", "fix"),
    [
        ("train.warmpu=1", "no setting is called train.warmpu, did you mean 'warmup'?", "warmup"),
        ("trian.lr=1", "no settings are called 'trian', did you mean 'train'?", "train"),
        ("train.lr", "is not KEY=VALUE", "train.lr=3e-4"),
        ("lr=1", "is not KEY=VALUE", "train.lr=3e-4"),
        ("train.lr=fast", "train.lr='fast' is not possible", "float"),
        ("train.lr=-1", "train.lr=-1.0 is not possible", "positive"),
        ("train.warmup=2.5", "train.warmup=2.5 is not possible", "int"),
        ("model.norm=middle", "model.norm=middle is not possible", "pre, post"),
        ("model.d_model=30", "does not divide", "multiple"),
        ("model.dropout=1", "model.dropout=1.0 is not possible", "from 0"),
        ("train.betas=[0.9]", "train.betas=[0.9] is not possible", ""),
        ("train.betas=[0.9, 1]", "train.betas=(0.9, 1.0) is not possible", "from 0"),
        ("train.weight_decay=-1", "train.weight_decay=-1.0 is not possible", "0 or"),
        ("data.max_tokens=9", "data.max_tokens was settled when the data were prepared", "mt prepare --max-tokens"),
        ("model.vocab_size=9", "model.vocab_size was settled", "mt prepare --vocab-size"),
        ("model.d_ff=0", "model.d_ff=0 is not possible", "positive"),
        ("decode.max_ratio=-1", "decode.max_ratio=-1.0 is not possible", "positive"),
        ("decode.batch_tokens=0", "decode.batch_tokens=0 is not possible", "positive"),
        ("decode.no_repeat=-1", "decode.no_repeat=-1 is not possible", "0 or"),
        ("decode.beam=0", "decode.beam=0 is not possible", "positive"),
        ("model.n_heads=0", "model.n_heads=0 is not possible", "positive"),
        ("train.clip_norm=0", "train.clip_norm=0.0 is not possible", "1e9"),
        ("train.lr=Infinity", "train.lr=inf is not possible", "positive"),
        ("train.valid_sentences=0", "train.valid_sentences=0 is not possible", "positive"),
        ("train.seed=-1", "train.seed=-1 is not possible", "0 or"),
    ],
)
def test_a_wrong_setting_is_named_with_its_fix(setting: str, says: str, fix: str):
    with pytest.raises(ConfigError) as raised:
        build_config("small", None, [setting])
    assert says in raised.value.message
    assert fix in raised.value.fix


def test_the_order_of_settings_does_not_matter():
    settings = ["model.n_heads=6", "model.d_model=384", "decode.n_best=8", "decode.beam=8"]
    assert build_config("small", None, settings) == build_config("small", None, settings[::-1])


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'small'"):
        build_config("smal")


@pytest.mark.parametrize("text", ["[train\nlr=1", "{"])
def test_a_broken_file_is_named(tmp_path: Path, text: str):
    file = tmp_path / ("a.json" if text == "{" else "a.toml")
    file.write_text(text)
    with pytest.raises(ConfigError, match=str(file)):
        build_config("small", file)


def test_what_a_model_folder_keeps_comes_back_the_same():
    config = build_config("medium", None, ["train.betas=[0.9,0.99]", "decode.beam=7"])
    assert from_json(json.loads(json.dumps(to_json(config, "1.0"))), Path("config.json")) == config


@pytest.mark.parametrize("change", [{"format": 99}, {"model": {"wings": 2}}])
def test_a_folder_of_another_mt_is_refused(change: dict[str, object]):
    with pytest.raises(RunError, match=r"config\.json"):
        from_json({**to_json(Config(), "1.0"), **change}, Path("config.json"))


def test_the_papers_presets_are_what_its_sections_5_and_6_say():
    base, big = build_config("paper-base"), build_config("paper-big")
    assert (base.train.lr, big.train.lr) == (pytest.approx(7e-4, rel=0.01), pytest.approx(4.9e-4, rel=0.01))
    assert (base.model.dropout, base.train.average, big.model.dropout, big.train.average) == (0.1, 5, 0.3, 20)
    for config in (base, big):
        assert config.model.norm == "post"
        assert (config.train.optimizer, config.train.betas, config.train.weight_decay) == ("adamw", (0.9, 0.98), 0.0)
        assert (config.train.warmup, config.train.tokens_per_batch, config.train.label_smoothing) == (4000, 25000, 0.1)
        assert (config.decode.beam, config.decode.length_penalty) == (4, 0.6)
        assert longest_target(30, config.decode) == 80   # input length + 50


def test_every_preset_builds():
    assert {build_config(name).model.d_model for name in PRESETS} == {128, 256, 384, 512, 1024}
