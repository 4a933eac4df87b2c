"""Laws of the search for hyperparameters."""

from __future__ import annotations

import json
import random
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

pytest.importorskip("optuna")

from mt.checkpoint import Progress
from mt.config import Config, DataConfig, build_config
from mt.data.prepare import Sources, prepare
from mt.data.sources import parse_source
from mt.errors import ConfigError, RunError, TrainingError
from mt.extras.tune import Trials, Watch, read_space, to_toml, tune
from mt.training.loop import train
from mt.training.session import Budget

SMALL = ["model.d_model=16", "model.n_heads=2", "model.d_ff=32", "train.validate_every=5", "train.valid_sentences=2", "train.tokens_per_batch=300"]
SPACE = '[train.lr]\nfrom = 1e-4\nto = 1e-1\nscale = "log"\n[train.warmup]\nfrom = 5\nto = 10\n[model.dropout]\nchoices = [0.0, 0.1]\n'


def build(more: list[str]) -> Config:
    return build_config("tiny", None, [*SMALL, *more])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng, folder = random.Random(1), tmp_path_factory.mktemp("tune")
    lines = sorted({" ".join(rng.choices("abcdefgh", k=rng.randint(3, 6))) for _ in range(500)})
    (folder / "corpus.tsv").write_text("".join(f"{line}\t{line.upper()}\n" for line in lines))
    prepare(Sources([parse_source(str(folder / "corpus.tsv"))]), folder / "data", DataConfig(vocab_size=405, tokenizer="bpe", valid_size=20), jobs=1)
    return folder / "data"


def trials(data: Path, out: Path) -> Trials:
    return Trials(data, out, Budget(max_steps=10), torch.device("cpu"), torch.float32, build)


def write(path: Path, space: str) -> Path:
    path.write_text(space)
    return path


def test_the_best_trial_becomes_a_configuration_to_train_with(data: Path, tmp_path: Path):
    space, common = write(tmp_path / "space.toml", SPACE), trials(data, tmp_path / "out")
    rows = tune(common, space, 2, seed=1)
    assert [row["state"] for row in rows] == ["complete", "complete"]
    assert rows[0]["score"] <= rows[1]["score"]
    best = common.run(rows[0]["trial"])
    config = build_config("big", common.best)
    assert (config.train, config.decode) == (best.read_config().train, best.read_config().decode)
    assert {**vars(config.model), "vocab_size": 405} == vars(best.read_config().model)
    assert rows[0]["train.lr"] == config.train.lr
    assert json.loads(best.metrics.read_text().splitlines()[-1])["step"] == 10

    more = tune(common, space, 3, seed=1)   # goes on: two are there already
    assert len(more) == 3
    assert {row["trial"] for row in more} == {0, 1, 2}
    assert len({row["train.lr"] for row in more}) == 3   # and does not try again what was tried
    with pytest.raises(RunError, match="another search space"):
        tune(common, write(tmp_path / "other.toml", SPACE.replace("1e-4", "1e-3")), 3, seed=1)
    with pytest.raises(RunError, match="other settings"):
        tune(replace(common, budget=Budget(max_steps=20)), space, 3, seed=1)


def test_an_interrupted_trial_goes_on_with_its_own_settings(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    space, common = write(tmp_path / "space.toml", SPACE), trials(data, tmp_path / "out")

    def interrupted(*arguments, **options):
        train(*arguments[:3], Budget(max_steps=5), **options)
        raise KeyboardInterrupt

    monkeypatch.setattr("mt.extras.tune.train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tune(common, space, 2, seed=1)
    begun = common.run(0).read_config().train
    monkeypatch.undo()
    rows = tune(common, space, 2, seed=1)
    assert {row["trial"] for row in rows} == {0, 2}   # the first went on as Optuna's second
    assert {row["state"] for row in rows} == {"complete"}
    assert begun.lr in {row["train.lr"] for row in rows}
    assert [json.loads(line)["step"] for line in common.run(0).metrics.read_text().splitlines()][-1] == 10


def test_trials_that_all_fail_are_an_error_that_says_why(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    space = write(tmp_path / "space.toml", "[train.lr]\nchoices = [1e20]\n")
    with pytest.raises(TrainingError, match="no trial"):
        tune(trials(data, tmp_path / "out"), space, 1, seed=1)
    assert "trial 0 failed: the loss" in capsys.readouterr().err


class Judge:
    """Stands in for a trial of Optuna."""

    def __init__(self) -> None:
        self.reported: list[tuple[float, int]] = []

    def report(self, value: float, step: int) -> None:
        self.reported.append((value, step))

    def should_prune(self) -> bool:
        return len(self.reported) == 2


def test_optuna_is_told_of_each_validation_once_and_may_end_the_trial():
    judge = Judge()
    watch = Watch(judge)
    stands = [Progress(step=step, validated=step // 10 * 10, best=1 / step) for step in (9, 10, 11, 19, 20, 21)]
    assert [watch.is_hopeless(progress) for progress in stands] == [False, False, False, False, True, True]
    assert judge.reported == [(0.1, 10), (0.05, 20)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no search space"),
        ("[train.lrr]\nchoices = [1]\n", "did you mean 'lr'"),
        ("[train]\nlr = 3\n", "no section of a search space"),
        ("[train.lr]\nfrom = 1e-3\n", "no range"),
        ("[train.lr]\nchoices = []\n", "no range"),
        ("[train.lr]\nfrom = 1e-3\nto = 1.0\nscale = 'cubic'\n", "no range"),
        ("[train.lr]\nfrom = 0.0\nto = 1.0\n", "positive number"),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused_before_anything_is_trained(tmp_path: Path, text: str, complaint: str):
    with pytest.raises(ConfigError) as caught:
        read_space(write(tmp_path / "space.toml", text), build)
    assert complaint in f"{caught.value.message} {caught.value.fix}"


@pytest.mark.parametrize("preset", ["tiny", "paper-big"])
def test_settings_written_as_toml_are_read_as_they_were(tmp_path: Path, preset: str):
    config = build_config(preset)
    assert tomllib.loads(to_toml(config))
    assert build_config("small", write(tmp_path / "c.toml", to_toml(config))) == config
