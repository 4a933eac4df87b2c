"""Every setting of `mt`, one frozen dataclass per concern: preset < TOML file < --set KEY=VALUE < flag."""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import typing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from mt.errors import ConfigError, DeviceError, RunError

PAD, UNK, BOS, EOS = 0, 1, 2, 3

Style = Literal["fr", "plain", "keep"]   # of typography

FORMAT = 1   # of a model folder; raised when an older mt could no longer read it


@dataclass(frozen=True)
class ModelConfig:
    """The shape of the network (Vaswani et al. 2017, table 3)."""

    arch: Literal["encoder-decoder", "decoder-only"] = "encoder-decoder"
    d_model: int = 256
    n_heads: int = 4
    n_encoder_layers: int = 6
    n_decoder_layers: int = 2
    d_ff: int = 1024
    dropout: float = 0.1
    norm: Literal["pre", "post"] = "pre"
    vocab_size: int = 0   # taken from the tokenizer

    def __post_init__(self) -> None:
        for name in ("d_model", "n_heads", "n_encoder_layers", "n_decoder_layers", "d_ff"):
            require(getattr(self, name) > 0, f"model.{name}", getattr(self, name), "a positive whole number")
        if self.d_model % self.n_heads or (self.d_model // self.n_heads) % 2:
            raise ConfigError(
                f"model.d_model={self.d_model} does not divide into {self.n_heads} heads of even width",
                fix="choose d_model as a multiple of 2 x n_heads, for example --set model.d_model=256 --set model.n_heads=4",
            )
        require(0 <= self.dropout < 1, "model.dropout", self.dropout, "a number from 0 up to, not including, 1")


@dataclass(frozen=True)
class DataConfig:
    """What `prepare` did to the corpora; kept with the model so that it can be done again."""

    vocab_size: int = 8000
    tokenizer: Literal["unigram", "bpe"] = "unigram"
    max_tokens: int = 150           # longer sides are left out of training
    max_length_ratio: float = 3.0   # characters, longer side over shorter
    valid_size: int = 1000          # pairs split off for validation where none are given
    test_size: int = 1000           # pairs split off for the test where none are given
    augment: float = 0.0            # share of training pairs changed as people really type: capitals, no full stop, mistakes
    resegment: float = 0.0          # share of training pairs cut into other tokens than the likeliest (Kudo 2018)
    seed: int = 1

    def __post_init__(self) -> None:
        require(0 <= self.augment <= 1, "data.augment", self.augment, "a share from 0 to 1")
        require(0 <= self.resegment <= 1, "data.resegment", self.resegment, "a share from 0 to 1")
        for name in ("vocab_size", "max_tokens"):
            require(getattr(self, name) > 0, f"data.{name}", getattr(self, name), "a positive whole number")
        require(self.seed >= 0, "data.seed", self.seed, "0 or a positive whole number")


@dataclass(frozen=True)
class TrainConfig:
    """How the weights are found (Vaswani et al. 2017, section 5)."""

    tokens_per_batch: int = 4096     # of each process, padded positions of the longer side; 0: as many as the memory takes, up to 25,000 in all
    accumulate: int = 1              # batches per optimizer step
    optimizer: Literal["adamw", "muon"] = "muon"
    lr: float = 4e-3                 # reached at the end of warm-up
    warmup: int = 500                # steps
    cooldown: int = 0                # last steps, before max_steps, over which lr falls to 0
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = 0.0
    clip_norm: float = 1.0
    label_smoothing: float = 0.1
    validate_every: int = 500        # steps
    valid_sentences: int = 300       # decoded for BLEU at each validation
    best_by: Literal["loss", "bleu", "chrf"] = "loss"   # of the validation set: which weights become the model
    patience: int = 0                # validations in a row without a better model before training ends; 0: it goes on
    average: int = 5                 # last checkpoints whose mean is tried at the end, and is the model if it is better; 0: none
    compile: bool = False            # the network by torch.compile
    seed: int = 1

    def __post_init__(self) -> None:
        require(0 < self.lr < math.inf, "train.lr", self.lr, "a positive number")
        require(0 < self.clip_norm < math.inf, "train.clip_norm", self.clip_norm, "a positive number; 1e9 clips nothing")
        require(0 <= self.label_smoothing < 1, "train.label_smoothing", self.label_smoothing, "from 0 up to, not including, 1")
        require(all(0 <= beta < 1 for beta in self.betas), "train.betas", self.betas, "two numbers from 0 up to, not including, 1")
        require(0 <= self.weight_decay < math.inf, "train.weight_decay", self.weight_decay, "0 or a positive number")
        for name in ("tokens_per_batch", "patience", "average", "cooldown", "seed"):
            require(getattr(self, name) >= 0, f"train.{name}", getattr(self, name), "0 or a positive whole number")
        for name in ("accumulate", "warmup", "validate_every", "valid_sentences"):
            require(getattr(self, name) > 0, f"train.{name}", getattr(self, name), "a positive whole number")


@dataclass(frozen=True)
class DecodeConfig:
    """How French is searched for."""

    beam: int = 4
    n_best: int = 1
    length_penalty: float = 1.0   # alpha of Wu et al. 2016, eq. 14
    max_ratio: float = 2.0        # target tokens at most: max_ratio * source tokens + max_extra
    max_extra: int = 16
    batch_tokens: int = 4096      # padded positions of greedy search; a beam of K has 2 / (1 + K) as many
    no_repeat: int = 0            # no n tokens in a row may come twice; 0 allows it

    def __post_init__(self) -> None:
        for name in ("beam", "max_extra", "batch_tokens"):
            require(getattr(self, name) > 0, f"decode.{name}", getattr(self, name), "a positive whole number")
        require(self.no_repeat >= 0, "decode.no_repeat", self.no_repeat, "0 or a positive whole number")
        require(0 <= self.max_ratio < math.inf, "decode.max_ratio", self.max_ratio, "0 or a positive number")
        require(0 < self.n_best <= self.beam, "decode.n_best", self.n_best, f"from 1 to the beam, {self.beam}")


@dataclass(frozen=True)
class Config:
    """Everything a model folder must know about itself."""

    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    decode: DecodeConfig = field(default_factory=DecodeConfig)


# What the paper's two models have in common (sections 5.1, 5.3, 5.4 and 6.1). Adam is AdamW without decay. A checkpoint was kept
# every ten minutes: 1,500 steps of its base model, 600 of its big one. Its vocabulary is prepare's --vocab-size 37000 (32000 for French), its length
# train's --max-steps 100000 (base) or 300000 (big).
PAPER_TRAIN: dict[str, Any] = {
    "tokens_per_batch": 25000,
    "optimizer": "adamw",
    "warmup": 4000,
    "betas": (0.9, 0.98),
    "weight_decay": 0.0,
    "clip_norm": 1e9,   # it does not clip
    "label_smoothing": 0.1,
}
PAPER_DECODE: dict[str, Any] = {"beam": 4, "length_penalty": 0.6, "max_ratio": 1.0, "max_extra": 50}

PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "tiny": {
        "model": {"d_model": 128, "n_heads": 4, "n_encoder_layers": 2, "n_decoder_layers": 2, "d_ff": 512, "dropout": 0.4},
        "train": {"tokens_per_batch": 2048, "warmup": 100, "validate_every": 100},
    },
    "small": {
        "model": {"d_model": 256, "n_heads": 4, "n_encoder_layers": 6, "n_decoder_layers": 2, "d_ff": 1024},
    },
    "medium": {
        "model": {"d_model": 384, "n_heads": 6, "n_encoder_layers": 6, "n_decoder_layers": 2, "d_ff": 1536},
        "train": {"tokens_per_batch": 16384, "warmup": 1000},
    },
    "base": {
        "model": {"d_model": 512, "n_heads": 8, "n_encoder_layers": 6, "n_decoder_layers": 6, "d_ff": 2048},
        "train": {"tokens_per_batch": 25000, "warmup": 2000, "lr": 2e-3},
    },
    "big": {
        "model": {"d_model": 1024, "n_heads": 16, "n_encoder_layers": 6, "n_decoder_layers": 6, "d_ff": 4096, "dropout": 0.3},
        "train": {"tokens_per_batch": 25000, "warmup": 4000, "lr": 1e-3},
    },
    "paper-base": {
        "model": {"d_model": 512, "n_heads": 8, "n_encoder_layers": 6, "n_decoder_layers": 6, "d_ff": 2048, "dropout": 0.1, "norm": "post"},
        "train": {**PAPER_TRAIN, "lr": 512**-0.5 * 4000**-0.5, "validate_every": 1500, "average": 5},
        "decode": PAPER_DECODE,
    },
    "paper-big": {   # for English to French the paper took dropout 0.1
        "model": {"d_model": 1024, "n_heads": 16, "n_encoder_layers": 6, "n_decoder_layers": 6, "d_ff": 4096, "dropout": 0.3, "norm": "post"},
        "train": {**PAPER_TRAIN, "lr": 1024**-0.5 * 4000**-0.5, "validate_every": 600, "average": 20},
        "decode": PAPER_DECODE,
    },
}


def require(holds: bool, key: str, value: object, wanted: str) -> None:
    """Raise ConfigError unless the setting `key` holds."""
    if not holds:
        raise ConfigError(f"{key}={value} is not possible", fix=f"{key} must be {wanted}")


def build_config(preset: str = "small", file: Path | None = None, settings: list[str] | None = None) -> Config:
    """The configuration that a preset, a TOML or JSON file and KEY=VALUE settings add up to, the later ones winning."""
    if preset not in PRESETS:
        raise ConfigError(f"no preset is called {preset!r}{nearest(preset, PRESETS)}", fix=f"choose one of {', '.join(PRESETS)}")
    config = update(Config(), PRESETS[preset])
    if file is not None:
        config = update(config, read_settings(file))
    changes: dict[str, dict[str, Any]] = {}   # all at once: each alone may be impossible
    for setting in settings or []:
        key, separator, value = setting.partition("=")
        section, dot, name = key.strip().partition(".")
        if not separator or not dot:
            raise ConfigError(f"--set {setting!r} is not KEY=VALUE", fix="write it like --set train.lr=3e-4")
        if section == "data" or (section, name) == ("model", "vocab_size"):
            raise ConfigError(f"{key.strip()} was settled when the data were prepared", fix=f"mt prepare --{name.replace('_', '-')}")
        changes.setdefault(section, {})[name] = parse_value(value.strip())
    return update(config, changes)


def update(config: Config, settings: dict[str, Any]) -> Config:
    """A copy of `config` with nested settings replaced; unknown keys and wrong types raise ConfigError."""
    sections = {f.name: getattr(config, f.name) for f in dataclasses.fields(config)}
    for section, values in settings.items():
        if section not in sections:
            raise ConfigError(f"no settings are called {section!r}{nearest(section, sections)}", fix=f"the sections are {', '.join(sections)}")
        if not isinstance(values, dict):
            raise ConfigError(f"{section} is a section, not a value", fix=f"write {section}.NAME = VALUE")
        types = typing.get_type_hints(type(sections[section]))
        for name in values:
            if name not in types:
                raise ConfigError(f"no setting is called {section}.{name}{nearest(name, types)}", fix=f"the settings are {', '.join(types)}")
        checked = {name: convert(f"{section}.{name}", value, types[name]) for name, value in values.items()}
        sections[section] = replace(sections[section], **checked)
    return Config(**sections)


def convert(key: str, value: Any, wanted: Any) -> Any:
    """`value` as the type a setting wants; raises ConfigError where it is another kind of thing."""
    origin, args = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is Literal:
        if value not in args:
            raise ConfigError(f"{key}={value} is not possible{nearest(str(value), map(str, args))}", fix=f"choose one of {', '.join(map(str, args))}")
        return value
    if origin is tuple and isinstance(value, (list, tuple)) and len(value) == len(args):
        return tuple(convert(key, item, kind) for item, kind in zip(value, args, strict=True))
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(wanted, type) or not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise ConfigError(f"{key}={value!r} is not possible", fix=f"{key} must be {getattr(wanted, '__name__', wanted)}")
    return value


def parse_value(text: str) -> Any:
    """A value as written on the command line: JSON where it is JSON, else the text itself."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def read_settings(path: Path) -> dict[str, Any]:
    """The nested settings of a TOML or JSON file."""
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
        settings = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", fix="give --config a TOML or JSON file") from error
    except ValueError as error:   # both decoders, and invalid UTF-8
        raise ConfigError(f"{path}: {error}", fix="mend the file; it holds lines like lr = 3e-4 under [train]") from error
    if not isinstance(settings, dict):
        raise ConfigError(f"{path} holds no settings", fix='write {"train": {"lr": 3e-4}}')
    return {key: value for key, value in settings.items() if key not in ("format", "mt")}


def parse_device(name: str) -> tuple[str, int | None]:
    """`cpu`, `cuda` or `cuda:N` as its kind and number; raises DeviceError for anything else."""
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda") or (number and not (kind == "cuda" and number.isdecimal())):
        raise DeviceError(f"there is no device called {name!r}", fix="use --device auto, cpu, cuda or cuda:N")
    return kind, int(number) if number else None


def to_json(config: Config, version: str) -> dict[str, Any]:
    """What config.json of a model folder holds."""
    return {"format": FORMAT, "mt": version, **dataclasses.asdict(config)}


def from_json(settings: dict[str, Any], path: Path) -> Config:
    """The configuration a model folder was made with; raises RunError for a folder of another kind."""
    if settings.get("format") != FORMAT:
        raise RunError(
            f"{path} is of format {settings.get('format')!r}; this mt reads format {FORMAT}",
            fix="update mt, or make the model again with mt train",
        )
    try:
        return update(Config(), {key: value for key, value in settings.items() if key not in ("format", "mt")})
    except ConfigError as error:
        raise RunError(f"{path}: {error.message}", fix="update mt, or make the model again with mt train") from error


def nearest(word: str, known: typing.Iterable[str]) -> str:
    """', did you mean X?' where a known name is near, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f", did you mean {close[0]!r}?" if close else ""
