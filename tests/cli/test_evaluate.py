"""Laws of `mt evaluate`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import make_model

from mt.cli.app import main
from mt.run import RunDir

Evaluate = Callable[..., tuple[int, str, str]]

PAIRS = [("Hello world.", "Bonjour le monde."), ("42", "42"), ("The cat sat on a mat.", "Le chat est sur le tapis.")]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    return make_model(tmp_path_factory.mktemp("evaluate") / "model")


@pytest.fixture
def evaluate(model: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Evaluate:
    """`mt evaluate` in this process and in a folder with data: exit code, standard output, standard error."""
    monkeypatch.setenv("MT_MODEL", str(model.path))
    monkeypatch.chdir(tmp_path)
    for name in ("cats.tsv", "dogs.tsv", "data/prepared/test/kept.tsv", "other/cats.tsv"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("".join(f"{src}\t{tgt}\n" for src, tgt in PAIRS), encoding="utf-8")
    Path("out.fr").write_text("".join(f"{tgt}\n" for _, tgt in PAIRS), encoding="utf-8")
    Path("short.fr").write_text("Un\n", encoding="utf-8")

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["mt", "evaluate", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            main()
        out, err = capfd.readouterr()
        return int(leaving.value.code or 0), out, err

    return call


def test_without_a_test_set_those_that_prepare_kept_are_used(evaluate: Evaluate):
    code, out, _ = evaluate()
    assert code == 0
    assert out.startswith("kept")
    assert "BLEU: nrefs:1" in out


def test_the_report_as_json_has_every_test_set_and_metric(evaluate: Evaluate):
    _, out, _ = evaluate("--test", "cats.tsv", "--test", "dogs.tsv", "--test", "other/cats.tsv", "--metrics", "bleu,chrf,ter", "--json")
    report = json.loads(out)
    assert [row["test"] for row in report["reports"]] == ["cats.tsv", "dogs", "other/cats.tsv"]
    assert [score["name"] for score in report["reports"][0]["scores"]] == ["BLEU", "chrF2", "TER"]
    assert report["comparisons"] == []


def test_several_models_are_compared_and_their_translations_kept_apart(evaluate: Evaluate, model: RunDir, tmp_path: Path):
    other = make_model(tmp_path / "elsewhere" / "model")
    code, out, _ = evaluate(model.path, other.path, "--test", "cats.tsv", "--out", "translations", "--by-length")
    assert code == 0
    assert "against the first" in out
    assert "0 to 10 words" in out
    files = list(Path("translations").iterdir())
    assert len(files) == 2
    assert all(len(file.read_text(encoding="utf-8").splitlines()) == len(PAIRS) for file in files)


def test_two_files_are_scored_without_a_model(evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MT_MODEL", "nowhere")
    assert evaluate("--hyp", "out.fr", "--ref", "out.fr")[1].startswith("BLEU 100.00")
    assert json.loads(evaluate("--hyp", "out.fr", "--ref", "out.fr", "--json")[1])[1]["value"] == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--hyp", "out.fr"], 2, "--ref"),
        (["--hyp", "out.fr", "--ref", "out.fr", "--test", "cats.tsv"], 2, "--hyp"),
        (["--hyp", "out.fr", "--ref", "out.fr", "--out", "here"], 2, "--hyp"),
        (["--test", "0.5*cats.tsv"], 2, "cats.tsv"),
        (["--hyp", "out.fr", "--ref", "short.fr"], 3, "3 translations for 1"),
        (["--hyp", "gone.fr", "--ref", "out.fr"], 3, "gone.fr"),
        (["--metrics", "meteor"], 2, "meteor"),
        (["--metrics", ""], 2, "metric"),
        (["--data", "nowhere"], 2, "test set"),
        (["--test", "gone.tsv"], 3, "gone.tsv"),
        (["nowhere", "--test", "cats.tsv"], 4, "nowhere"),
    ],
)
def test_what_cannot_be_scored_is_told_with_what_helps(evaluate: Evaluate, arguments: list[str], code: int, words: str):
    got, out, err = evaluate(*arguments)
    assert (got, out) == (code, "")
    assert words in err
    assert "fix:" in err
