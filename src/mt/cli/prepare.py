"""mt prepare: corpora → cleaned, split, tokenised data on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option, echo


def prepare(
    sources: Annotated[
        list[str] | None,
        Argument(
            metavar="[SOURCE]...",
            help="corpus.tsv, .jsonl, .tmx, a.en,a.fr (or .gz .xz .zst), hf:ORG/NAME[:CONFIG]; 3*SOURCE: thrice, 0.2*SOURCE: a fifth",
        ),
    ] = None,
    out: Annotated[Path, Option(help="folder to make")] = Path("data/prepared"),
    valid: Annotated[list[str] | None, Option(metavar="SOURCE", help="validation set; without one, pairs are split off; repeatable")] = None,
    test: Annotated[list[str] | None, Option(metavar="SOURCE", help="test set, kept as it is; without one, pairs are split off; repeatable")] = None,
    vocab_size: Annotated[int, Option(min=1, help="tokens of the vocabulary both languages share")] = 8000,
    tokenizer: Annotated[str, Option(metavar="unigram|bpe|FILE", help="how to learn one, or a tokenizer.model to use again")] = "unigram",
    max_tokens: Annotated[int, Option(min=1, help="longer sentences are left out")] = 150,
    augment: Annotated[float, Option(min=0, max=1, help="share of pairs changed as people type: CAPITALS, no full stop, mistakes")] = 0.0,
    resegment: Annotated[float, Option(min=0, max=1, help="share of pairs cut into other tokens than the likeliest, against overfitting")] = 0.0,
    jobs: Annotated[int | None, Option(min=1, help="processes; one for each processor if not given")] = None,
    seed: Annotated[int, Option(help="of the split and the order")] = 1,
    json_output: Annotated[bool, Option("--json", help="print the manifest")] = False,
) -> None:
    """Turn corpora into what training reads. Without SOURCE: the sample corpus that ships."""
    import json

    from mt import console, shipped, usable_cores
    from mt.config import Config, update
    from mt.data.prepare import Sources
    from mt.data.prepare import prepare as prepare_data
    from mt.data.sources import parse_source
    from mt.errors import UsageError

    existing = None if tokenizer in ("unigram", "bpe") else Path(tokenizer)
    if existing and not existing.is_file():
        raise UsageError(f"there is no tokenizer file {tokenizer}", fix="give a tokenizer.model, or unigram or bpe to learn one")
    settings = {"vocab_size": vocab_size, "max_tokens": max_tokens, "augment": augment, "resegment": resegment, "seed": seed}
    config = update(Config(), {"data": settings if existing else {**settings, "tokenizer": tokenizer}}).data
    names = sources or [str(path) for path in sorted(shipped("_data/sample", "data/sample").glob("*.tsv"))]
    chosen = Sources(*([parse_source(name) for name in part or []] for part in (names, valid, test)))
    manifest = prepare_data(chosen, out, config, jobs=jobs or usable_cores(), tokenizer=existing)
    console.table("removed", ["rule", "pairs"], sorted(manifest["removed"].items()))
    sizes = manifest["sizes"]
    console.log(f"{sizes['train']['pairs']:,} pairs to train on, {sizes['valid']['pairs']:,} to validate, tests: {sizes['test']} → {out}")
    if json_output:
        echo(json.dumps(manifest, ensure_ascii=False))
