"""mt evaluate: models and test sets → scores with signatures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option, echo

if TYPE_CHECKING:
    from mt.data.sources import Pair
    from mt.evaluation import Comparison, Report, Score


def evaluate(
    models: Annotated[list[Path] | None, Argument(metavar="[MODEL]...", help="model folders, several to compare; none: the model that ships")] = None,
    test: Annotated[list[str] | None, Option(metavar="SOURCE", help="test set, such as newstest.tsv; repeatable")] = None,
    data: Annotated[Path, Option(help="prepared folder whose test sets are used without --test")] = Path("data/prepared"),
    metrics: Annotated[str, Option(help="of bleu, chrf, ter")] = "bleu,chrf",
    beam: Annotated[int | None, Option(min=1, help="hypotheses kept at each step")] = None,
    by_length: Annotated[bool, Option("--by-length", help="also the scores of short and long sentences")] = False,
    hyp: Annotated[Path | None, Option(help="score this file of translations, without a model")] = None,
    ref: Annotated[Path | None, Option(help="the references for --hyp, one a line")] = None,
    out: Annotated[Path | None, Option(help="write the translations here, MODEL.TEST.fr")] = None,
    json_output: Annotated[bool, Option("--json", help="print the reports as JSON")] = False,
    device: Annotated[str, Option(help="auto, cpu, cuda or cuda:N")] = "auto",
    engine: Annotated[str, Option(help="auto, torch or ct2")] = "auto",
    threads: Annotated[int | None, Option(min=1, help="CPU threads")] = None,
    precision: Annotated[str, Option(help="of the torch engine: auto, fp32, bf16 or int8")] = "auto",
) -> None:
    """Score models with sacreBLEU on untouched references, translating as mt translate does; compare several with a paired bootstrap test."""
    from mt import decode_settings, default_model, load
    from mt.evaluation import compare, score
    from mt.evaluation import evaluate as evaluate_one

    measures = check_metrics(metrics)
    if check_files(hyp, ref, alone=not (models or test or beam or by_length or out)):
        show_scores(score(read_lines(hyp), read_lines(ref), measures), json_output=json_output)
        return
    tests, reports, comparisons = read_tests(test, data), [], []
    folders = models or [default_model()]
    decode = {folder: decode_settings(folder, {"beam": beam}) for folder in folders}
    loaded = partial(load, device=device, engine=engine, threads=threads, precision=precision)
    translators = {str(folder): loaded(folder, decode[folder]) for folder in folders}
    for name, pairs in tests.items():
        results = {model: evaluate_one(translator, name, pairs, measures, model=model) for model, translator in translators.items()}
        hypotheses = {model: texts for model, (_, texts) in results.items()}
        reports += [report for report, _ in results.values()]
        comparisons += compare(name, hypotheses, [pair.tgt for pair in pairs], measures) if len(results) > 1 else []
        write_translations(out, name, hypotheses)
    show_reports(reports, comparisons, by_length=by_length, json_output=json_output)


def check_metrics(names: str) -> list[str]:
    """The metrics in a list with commas; raises ConfigError before anything long begins."""
    from mt.evaluation import metric_named

    chosen = [name.strip() for name in names.split(",") if name.strip()]
    for name in chosen or [names]:
        metric_named(name)
    return chosen


def check_files(hyp: Path | None, ref: Path | None, *, alone: bool) -> bool:
    """Whether two files are to be scored, not models; raises UsageError where it is not said with them `alone`."""
    from mt.errors import UsageError

    if (hyp is None) != (ref is None):
        raise UsageError("--hyp and --ref belong together", fix="give both, or neither")
    if hyp is not None and not alone:
        raise UsageError("--hyp takes no model, --test, --beam, --by-length or --out", fix="leave out these, or --hyp and --ref")
    return hyp is not None


def read_lines(path: Path | None) -> list[str]:
    """The lines of a text file."""
    from mt.data.sources import numbered_lines

    return [line for _, line in numbered_lines(path)] if path else []


def read_tests(sources: list[str] | None, data: Path) -> dict[str, list[Pair]]:
    """The pairs of each test set by its name; without `sources`, of those in a prepared folder."""
    from mt.data.sources import parse_source, read_source
    from mt.errors import UsageError

    names = sources or [str(path) for path in sorted((data / "test").glob("*.tsv"))]
    if not names:
        raise UsageError(f"there is no test set in {data}", fix="give one with --test newstest.tsv")
    chosen = [parse_source(name) for name in names]
    weighted = next((source for source in chosen if source.weight != 1), None)
    if weighted is not None:
        raise UsageError(f"a test set has no weight, as {weighted.name} is given", fix="leave out the number and its *")
    stems = [source.stem for source in chosen]
    return {source.stem if stems.count(source.stem) == 1 else source.name: list(read_source(source)) for source in chosen}


def write_translations(folder: Path | None, test: str, hypotheses: dict[str, list[str]]) -> None:
    """One file for each model, named after it and the test set."""
    from mt.run import write_text

    if folder is None:
        return
    names = [Path(model).resolve().name for model in hypotheses]
    for name, (model, lines) in zip(names, hypotheses.items(), strict=True):
        unique = name if names.count(name) == 1 else model.strip("/.").replace("/", "-")
        write_text(folder / f"{unique}.{test.replace('/', '-')}.fr", "".join(line + "\n" for line in lines))


def show_scores(scores: Sequence[Score], *, json_output: bool) -> None:
    """Print the scores of two files."""
    import dataclasses
    import json

    if json_output:
        echo(json.dumps([dataclasses.asdict(score) for score in scores], ensure_ascii=False))
        return
    for score in scores:
        echo(f"{score.name} {score.value:.2f}  {score.signature}")


def show_reports(reports: Sequence[Report], comparisons: Sequence[Comparison], *, by_length: bool, json_output: bool) -> None:
    """Print the scores a line each, the comparisons, and the signatures below."""
    import dataclasses
    import json

    if json_output:
        found = {"reports": [dataclasses.asdict(report) for report in reports], "comparisons": [dataclasses.asdict(row) for row in comparisons]}
        echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for report in reports:
        echo(f"{report.test:<28} {in_words(report.scores)}  ({report.sentences} sentences, {report.seconds:.1f} s, {report.model})")
        for group in report.by_length if by_length else []:
            echo(f"  {group.words + ' words':<26} {in_words(group.scores)}  ({group.sentences} sentences)")
    for row in comparisons:
        against = "" if row.p_value is None else f", p = {row.p_value:.4f} against the first"
        echo(f"{row.test}: {row.model} {row.metric} {row.value:.2f} ± {row.margin:.2f}{against}")
    for signature in dict.fromkeys(f"{score.name}: {score.signature}" for report in reports for score in report.scores):
        echo(signature)


def in_words(scores: Sequence[Score]) -> str:
    """Scores side by side."""
    return "  ".join(f"{score.name} {score.value:.2f}" for score in scores)
