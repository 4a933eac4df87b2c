"""Trying out hyperparameters: many short trainings, the next one chosen by what the earlier ones showed; needs Optuna.

A search space is a TOML file with a table for each setting that may vary:

    [train.lr]
    from = 1e-3
    to = 1e-2
    scale = "log"            # or "linear", as without it; whole numbers where both ends are

    [model.dropout]
    choices = [0.0, 0.1, 0.2]
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from mt import console
from mt.checkpoint import Progress
from mt.config import Config, read_settings
from mt.errors import ConfigError, DeviceError, ExtraError, RunError, TrainingError
from mt.run import RunDir, digest, write_text
from mt.training.loop import train
from mt.training.session import Budget

Optuna = Any        # Optuna's module and its trials: the package is imported late
FIRST_TRIALS = 4    # by chance and never ended early; then the sampler knows enough to choose, and the pruner to compare
FAILURES = (TrainingError, ConfigError, DeviceError, torch.OutOfMemoryError)   # of a trial; the next one may do better
FORMS = ({"choices"}, {"from", "to"}, {"from", "to", "scale"})


@dataclass(frozen=True)
class Trials:
    """What all trials have in common."""

    data: Path
    out: Path
    budget: Budget
    device: torch.device
    dtype: torch.dtype
    build: Callable[[list[str]], Config]   # the configuration with KEY=VALUE settings

    @property
    def journal(self) -> Path:
        """What Optuna remembers, line by line."""
        return self.out / "journal.log"

    @property
    def best(self) -> Path:
        return self.out / "best.toml"

    def run(self, number: int) -> RunDir:
        """The model folder of a trial."""
        return RunDir(self.out / f"trial-{number:03d}")


def tune(trials: Trials, space_file: Path, count: int, *, seed: int) -> list[dict[str, object]]:
    """Go on until there are `count` trials; returns them, the best first, and writes its configuration to best.toml."""
    optuna = require_optuna()
    space = read_space(space_file, trials.build)
    claim(trials, space_file)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        study_name="mt",
        storage=optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(trials.journal))),
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=FIRST_TRIALS),
    )
    study.sampler = optuna.samplers.TPESampler(n_startup_trials=FIRST_TRIALS, seed=seed + len(study.trials))   # other numbers than before
    for trial in latest(study):
        if was_interrupted(trial):
            study.enqueue_trial(trial.params, user_attrs={"folder": folder(trial)})
    done = len(ended(study))
    study.optimize(lambda trial: objective(trial, space, trials), n_trials=max(0, count - done), catch=FAILURES)
    rows = summary(study)
    if not rows or rows[0]["score"] is None:
        raise TrainingError("no trial came to its end", fix="see above why; make the space narrower, or the trials longer")
    config = trials.run(int(str(rows[0]["trial"]))).read_config()
    write_text(trials.best, f"# the best of {len(rows)} trials: mt train --data {trials.data} --config {trials.best}\n{to_toml(config)}")
    return rows


def require_optuna() -> Optuna:
    """The optuna module; raises ExtraError where it is not installed."""
    try:
        import optuna
    except ImportError as error:
        raise ExtraError("Optuna is not installed", fix="pip install 'mt[tune]'") from error
    return optuna


def read_space(path: Path, build: Callable[[list[str]], Config]) -> dict[str, dict[str, Any]]:
    """The settings that may vary; raises ConfigError where one is unknown, or an end of its range impossible."""
    space = {f"{section}.{name}": values for section, names in read_settings(path).items() for name, values in tables(names, section)}
    if not space:
        raise ConfigError(f"{path} holds no search space", fix="write [train.lr], and below it from = 1e-3 and to = 1e-2")
    for key, values in space.items():
        if set(values) not in FORMS or values.get("scale", "log") not in ("log", "linear") or not values.get("choices", True):
            raise ConfigError(f"{path}: {key} is no range", fix='give it from and to, and perhaps scale = "log"; or choices = [...]')
        for value in values.get("choices", [values.get("from"), values.get("to")]):
            build([f"{key}={json.dumps(value)}"])
    return space


def tables(names: Any, section: str) -> list[tuple[str, dict[str, Any]]]:   # Any: whatever the file holds
    """The settings of a section; raises ConfigError where it holds something else."""
    if not isinstance(names, dict) or not all(isinstance(values, dict) for values in names.values()):
        raise ConfigError(f"{section} is no section of a search space", fix="write [train.lr], and below it from = 1e-3 and to = 1e-2")
    return list(names.items())


def claim(trials: Trials, space_file: Path) -> None:
    """Make the folder, or check that it was made for trials that compare: of the same space, settings, data and budget."""
    manifest, budget = RunDir(trials.data).manifest, trials.budget
    data = digest(manifest) if manifest.exists() else "nothing"
    common = f"# {budget.max_steps} steps, {budget.max_minutes} minutes, on {data}\n{to_toml(trials.build([]))}"
    kept = {"common.toml": common, "space.toml": space_file.read_text(encoding="utf-8")}
    if not (trials.out / "space.toml").exists():
        if trials.out.exists() and any(trials.out.iterdir()):
            raise RunError(f"{trials.out} is not empty and holds no trials", fix="choose another --out")
        for name, text in kept.items():
            write_text(trials.out / name, text)
    for name, what in (("space.toml", "another search space"), ("common.toml", "other settings, data or another budget")):
        if not (trials.out / name).exists() or (trials.out / name).read_text(encoding="utf-8") != kept[name]:
            raise RunError(f"{trials.out} was made for {what}", fix="choose another --out, or remove it")


def objective(trial: Optuna, space: dict[str, dict[str, Any]], trials: Trials) -> float:
    """The best validation score of a training with values for the settings that Optuna suggests: lower is better."""
    import optuna

    values = {key: suggest(trial, key, choice) for key, choice in space.items()}
    settings = [f"{key}={json.dumps(value)}" for key, value in values.items()]
    number = folder(trial)
    console.log(f"trial {number}: {'  '.join(settings)}")
    watch = Watch(trial)
    try:
        budget = replace(trials.budget, enough=watch.is_hopeless)
        progress = train(trials.build(settings), trials.data, trials.run(number), budget, device=trials.device, dtype=trials.dtype)
    except FAILURES as error:
        console.warn(f"trial {number} failed: {getattr(error, 'message', error)}")
        raise
    except KeyboardInterrupt:
        trial.set_user_attr("interrupted", True)
        raise
    if watch.hopeless:
        raise optuna.TrialPruned
    return progress.best


class Watch:
    """Tells Optuna of each validation of a trial."""

    def __init__(self, trial: Optuna) -> None:
        self.trial = trial
        self.seen = 0
        self.hopeless = False

    def is_hopeless(self, progress: Progress) -> bool:
        """Whether the trial does worse than most of the earlier ones did after as many steps."""
        if progress.validated > self.seen:
            self.seen = progress.validated
            self.trial.report(progress.best, self.seen)
            self.hopeless = self.trial.should_prune()
        return self.hopeless


def suggest(trial: Optuna, key: str, choice: dict[str, Any]) -> Any:
    """A value for a setting."""
    if "choices" in choice:
        return trial.suggest_categorical(key, choice["choices"])
    low, high, log = choice["from"], choice["to"], choice.get("scale") == "log"
    whole = isinstance(low, int) and isinstance(high, int)
    return (trial.suggest_int if whole else trial.suggest_float)(key, low, high, log=log)


def folder(trial: Optuna) -> int:
    """The number of a trial's model folder: its own, or that of the interrupted one that it goes on with."""
    number: int = trial.user_attrs.get("folder", trial.number)
    return number


def latest(study: Optuna) -> list[Optuna]:
    """The last trial of each model folder."""
    return list({folder(trial): trial for trial in study.trials}.values())


def was_interrupted(trial: Optuna) -> bool:
    """Whether a trial of an earlier command was stopped, or killed, before it had ended."""
    return "interrupted" in trial.user_attrs or trial.state.name == "RUNNING"


def ended(study: Optuna) -> list[Optuna]:
    """The trials that need not go on."""
    return [trial for trial in latest(study) if trial.state.is_finished() and not was_interrupted(trial)]


def summary(study: Optuna) -> list[dict[str, object]]:
    """The trials that have ended: those that were completed first, the better before the worse."""

    def score(trial: Optuna) -> float | None:
        return trial.value if trial.state.name == "COMPLETE" else None   # of BLEU and chrF Optuna is told minus: lower is better

    ranked = sorted(ended(study), key=lambda trial: (score(trial) is None, score(trial) or 0.0))
    return [
        {"trial": folder(trial), "state": trial.state.name.lower(), "score": None if score(trial) is None else abs(trial.value), **trial.params}
        for trial in ranked
    ]


def to_toml(config: Config) -> str:
    """The settings that a training can be given, as TOML."""
    sections = {"model": {**vars(config.model)}, "train": vars(config.train), "decode": vars(config.decode)}
    del sections["model"]["vocab_size"]   # the tokenizer knows
    lines = []
    for section, values in sections.items():
        lines += [f"\n[{section}]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())]   # numbers and texts are written as in JSON
    return "\n".join(lines) + "\n"
