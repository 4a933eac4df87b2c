"""mt evaluate: models and test sets → scores with signatures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option, echo

if TYPE_CHECKING:
    from mt.evaluation import Report


def evaluate(
    models: Annotated[list[Path] | None, Argument(metavar="[MODEL]...", help="model folders, several to compare; none: the model that ships")] = None,
    test: Annotated[list[str] | None, Option(metavar="SOURCE", help="test set, such as newstest.tsv; repeatable")] = None,
    data: Annotated[Path, Option(help="prepared folder whose test sets are used without --test")] = Path("data/prepared"),
    metrics: Annotated[str, Option(help="of bleu, chrf, ter")] = "bleu,chrf",
    beam: Annotated[int | None, Option(min=1, help="hypotheses kept at each step")] = None,
    hyp: Annotated[Path | None, Option(help="score this file of translations, without a model")] = None,
    ref: Annotated[Path | None, Option(help="the references for --hyp, one a line")] = None,
    out: Annotated[Path | None, Option(help="write the translations here, MODEL.TEST.fr")] = None,
    json_output: Annotated[bool, Option("--json", help="print the reports as JSON")] = False,
    device: Annotated[str, Option(help="auto, cpu, cuda or cuda:N")] = "auto",
    engine: Annotated[str, Option(help="auto, torch or ct2")] = "auto",
    threads: Annotated[int | None, Option(min=1, help="CPU threads")] = None,
) -> None:
    """Score models with sacreBLEU on untouched references; several models are compared with a paired bootstrap test."""
    import dataclasses
    import json

    from mt import default_model, load
    from mt.config import update
    from mt.data.sources import parse_source, read_source
    from mt.errors import UsageError
    from mt.evaluation import compare
    from mt.evaluation import evaluate as evaluate_one
    from mt.run import RunDir, write_text

    names = [name.strip() for name in metrics.split(",") if name.strip()]
    if (hyp is None) != (ref is None):
        raise UsageError("--hyp and --ref belong together", fix="give both, or neither")
    if hyp is not None and ref is not None:
        score_files(hyp, ref, names, json_output=json_output)
        return
    tests = [parse_source(name) for name in test or [str(path) for path in sorted((data / "test").glob("*.tsv"))]]
    if not tests:
        raise UsageError(f"there is no test set in {data}", fix="give one with --test newstest.tsv")
    folders = models or [default_model()]
    translators = []
    for folder in folders:
        run = RunDir(folder)
        run.check()
        decode = update(run.read_config(), {"decode": {"beam": beam}} if beam else {}).decode
        translators.append(load(folder, decode, device=device, engine=engine, threads=threads))
    reports: list[Report] = []
    comparisons: list[dict[str, Any]] = []
    for source in tests:
        pairs = list(read_source(source))
        systems = []
        for folder, translator in zip(folders, translators, strict=True):
            report, hypotheses = evaluate_one(translator, source.stem, pairs, names, model=str(folder))
            reports.append(report)
            systems.append((str(folder), hypotheses))
            if out:
                write_text(out / f"{folder.name}.{source.stem}.fr", "".join(line + "\n" for line in hypotheses))
        if len(systems) > 1:
            comparisons.append({"test": source.stem, "systems": compare(systems, [pair.tgt for pair in pairs])})
    if json_output:
        echo(json.dumps({"reports": [dataclasses.asdict(report) for report in reports], "comparisons": comparisons}, ensure_ascii=False, indent=2))
        return
    show(reports)
    for comparison in comparisons:
        for row in comparison["systems"]:
            against = "" if row["p_value"] is None else f", p = {row['p_value']:.4f} against the first"
            echo(f"{comparison['test']}: {row['model']} {row['BLEU']:.2f} BLEU{against}")


def show(reports: list[Report]) -> None:
    """Print scores, one line each, and the signatures below."""
    signatures = {}
    for report in reports:
        values = "  ".join(f"{score.name} {score.value:.2f}" for score in report.scores)
        signatures.update({score.name: score.signature for score in report.scores})
        echo(f"{report.test:<28} {values}  ({report.sentences} sentences, {report.seconds:.1f} s, {report.model})")
    for name, signature in signatures.items():
        echo(f"{name}: {signature}")


def score_files(hyp: Path, ref: Path, metrics: list[str], *, json_output: bool) -> None:
    """Score a file of translations against a file of references."""
    import dataclasses
    import json

    from mt.data.sources import numbered_lines
    from mt.evaluation import score

    hypotheses, references = ([line for _, line in numbered_lines(path)] for path in (hyp, ref))
    scores = score(hypotheses, references, metrics)
    if json_output:
        echo(json.dumps([dataclasses.asdict(each) for each in scores], ensure_ascii=False))
        return
    for each in scores:
        echo(f"{each.name} {each.value:.2f}  {each.signature}")
