"""mt: translate English to French on your own machine, and train the model that does it.

>>> import mt
>>> translator = mt.load()
>>> translator.translate("Good morning.").text   # doctest: +SKIP
'Bonjour.'
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

if TYPE_CHECKING:
    from mt.config import DecodeConfig, Style
    from mt.decoding.hypothesis import Engine
    from mt.decoding.translator import Translator
    from mt.run import RunDir

__version__ = "0.1.0"


def load(
    path: str | Path | None = None,
    decode: DecodeConfig | None = None,
    *,
    device: str = "auto",
    engine: str = "auto",
    threads: int | None = None,
    precision: str = "auto",
    glossary: str | Path | None = None,
    memory: str | Path | None = None,
    phrases: bool = True,
    spelling: bool = True,
    typography: str = "keep",
) -> Translator:
    """A Translator for a model folder: `path`, else $MT_MODEL, else the model that ships.

    `engine` is torch, ct2 (needs the extra `fast` and a converted model) or auto: ct2 where it is possible on this device and no
    precision is asked for.
    `precision` is that of matrix products in the torch engine: fp32, bf16, int8 (on a CPU; quicker still, for a tenth or two of BLEU),
    or auto, which takes bf16 where the hardware multiplies it fast.
    `glossary` is a file of terms; `memory` a SOURCE of translations that exist, as mt prepare takes it, and `phrases` the model's own
    of short text; `spelling` mends mistyped words; `typography` is fr, plain or keep.
    """
    from concurrent.futures import ThreadPoolExecutor

    from mt.run import RunDir

    run = RunDir(Path(path) if path is not None else default_model())
    run.check()
    style = choose_style(typography)
    make_engine = choose_engine(engine, run, device=device, threads=threads, precision=precision)
    with ThreadPoolExecutor(1) as beside:   # weights are read while Python reads the rest of our code
        chosen = beside.submit(make_engine)

        from mt.data.spelling import Spelling
        from mt.data.translation_memory import TranslationMemory
        from mt.decoding.sentence import SentenceTranslator
        from mt.decoding.translator import Translator
        from mt.text.glossary import Glossary
        from mt.text.tokenizer import Tokenizer

        terms = Glossary.load(Path(glossary)) if glossary is not None else None
        config = run.read_config()
        tokenizer = Tokenizer.load(run.tokenizer, config.model.vocab_size)
        kept = [TranslationMemory.of_user(str(memory))] if memory is not None else []
        known = [*kept, TranslationMemory.of_model(run.phrases)] if phrases else kept
        words = Spelling.load(run.words) if spelling else None
    settings = decode or config.decode
    network = SentenceTranslator(chosen.result(), tokenizer, settings, max_tokens=config.data.max_tokens, spelling=words)
    return Translator(network, glossary=terms, memories=known, style=style)


def decode_settings(path: str | Path | None, changes: Mapping[str, int | float | None]) -> DecodeConfig:
    """How a model folder decodes by default, with the changes that are not None; `path` as for `load`.

    The beam grows with `n_best` unless it is changed too.
    """
    from mt.config import update
    from mt.run import RunDir

    run = RunDir(Path(path) if path is not None else default_model())
    run.check()
    config = run.read_config()
    wanted = {name: value for name, value in changes.items() if value is not None}
    wanted.setdefault("beam", max(config.decode.beam, wanted.get("n_best", 1)))
    return update(config, {"decode": wanted}).decode


def choose_style(name: str) -> Style:
    """The typography called `name`; raises UsageError where there is none."""
    from mt.config import Style
    from mt.errors import UsageError

    if name not in get_args(Style):
        raise UsageError(f"there is no typography called {name!r}", fix=f"use --typography {', '.join(get_args(Style))}")
    return cast(Style, name)


def choose_engine(name: str, run: RunDir, *, device: str, threads: int | None, precision: str) -> Callable[[], Engine]:
    """What makes the engine called auto, torch or ct2; torch is imported only where it is used."""
    from mt import console, heap
    from mt.errors import RunError, UsageError
    from mt.extras import ct2

    if name not in ("auto", "torch", "ct2"):
        raise UsageError(f"there is no engine called {name!r}", fix="use --engine auto, torch or ct2")
    if name == "ct2" and precision != "auto":
        raise UsageError("CTranslate2 computes in what the model was converted to", fix="mt export MODEL --quantization, or --engine torch")
    cores = min(threads or usable_cores(), usable_cores())   # more would wait for one another
    wanted = name == "ct2" or (name == precision == "auto" and device in ("auto", "cpu") and ct2.available() and ct2.was_converted(run))
    stale = wanted and ct2.was_converted(run) and not ct2.is_converted(run)
    if name == "ct2" and stale:
        raise RunError(f"{ct2.converted(run)} was made from other weights than {run.path} has now", fix=f"mt export {run.path}")
    if stale:
        console.warn(f"{ct2.converted(run)} was made from other weights, so PyTorch translates; mt export {run.path} makes it anew")
    elif wanted:
        heap.manage(one_heap=False)
        ct2.require_ctranslate2()
        return partial(ct2.CT2Engine, ct2.converted(run), device=device, threads=cores)
    heap.manage()
    return partial(torch_engine, run, device, precision, cores)


def torch_engine(run: RunDir, device: str, precision: str, cores: int) -> Engine:
    """The engine one can read, its matrices packed for the CPU where it computes there. Sets how many threads PyTorch uses."""
    from mt.checkpoint import load_model
    from mt.decoding.engine import TorchEngine
    from mt.device import choose_device, choose_precision, use_threads
    from mt.packing import pack

    place = choose_device(device)
    model, _, _ = load_model(run, place)
    if place.type != "cpu":
        return TorchEngine(model, place, choose_precision(precision, place))
    dtype = pack(model, precision)
    workers = min(cores, 4)   # side by side, each with its share of the cores: more get in one another's way in Python
    use_threads(cores // workers)
    return TorchEngine(model, place, dtype, workers=workers)


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_model() -> Path:
    """$MT_MODEL, else the model that ships: in the wheel, or in the clone this file lies in."""
    named = os.environ.get("MT_MODEL")
    if not named:
        return shipped("_data/en-fr", "checkpoints/en-fr")
    if not Path(named).is_dir():
        from mt.errors import RunError

        raise RunError(f"there is no model folder at {named}, which MT_MODEL names", fix="set MT_MODEL to a folder made by mt train, or unset it")
    return Path(named)


def shipped(in_wheel: str, in_clone: str) -> Path:
    """Where something that ships with mt lies."""
    package = Path(__file__).parent
    installed = package / in_wheel
    return installed if installed.exists() else package.parents[1] / in_clone
