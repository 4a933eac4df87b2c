"""Laws of scores, and of how models are compared."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import sacrebleu
from fakes import Dictionary, translating

from mt.data.sources import Pair
from mt.data.vocabulary import train_tokenizer
from mt.errors import ConfigError, DataError
from mt.evaluation import METRICS, by_length, compare, evaluate, score

REFERENCES = [f"Le chat numéro {i} dort sur le tapis rouge de la maison." for i in range(40)]
WORSE = [line.replace("rouge", "vert").replace("dort", "court") for line in REFERENCES]
BETTER = [line.replace("rouge", "vert") if i % 3 else line for i, line in enumerate(REFERENCES)]


def test_scores_are_those_of_sacrebleu_with_their_signatures():
    values = {each.name: each for each in score(WORSE, REFERENCES, METRICS)}
    assert values["BLEU"].value == pytest.approx(sacrebleu.corpus_bleu(WORSE, [REFERENCES]).score)
    assert values["chrF2"].value == pytest.approx(sacrebleu.corpus_chrf(WORSE, [REFERENCES]).score)
    assert values["TER"].value == pytest.approx(sacrebleu.corpus_ter(WORSE, [REFERENCES]).score)
    assert "tok:13a" in values["BLEU"].signature
    assert all("version:" in each.signature for each in values.values())


def test_a_perfect_translation_scores_perfectly():
    assert [round(each.value, 6) for each in score(REFERENCES, REFERENCES, METRICS)] == [100.0, 100.0, 0.0]


def test_an_unknown_metric_is_refused():
    with pytest.raises(ConfigError, match="meteor"):
        score(WORSE, REFERENCES, ["bleu", "meteor"])


@pytest.mark.parametrize(("hypotheses", "references"), [(["a"], ["a", "b"]), (["a", "b"], ["a"]), ([], [])])
def test_lines_that_do_not_belong_together_are_refused(hypotheses: list[str], references: list[str]):
    with pytest.raises(DataError):
        score(hypotheses, references, ["bleu"])


def test_every_sentence_is_in_one_group_of_its_length():
    sources = [" ".join(["word"] * count) for count in range(60)]
    groups = by_length(sources, ["Le chat dort bien ici."] * 60, ["Le chat dort bien ici."] * 60, ["bleu"])
    assert {group.words: group.sentences for group in groups} == {"0 to 10": 11, "11 to 20": 10, "21 to 30": 10, "31 to 50": 20, "over 50": 9}


def test_lengths_that_do_not_occur_are_left_out():
    assert [group.words for group in by_length(["one two"], ["un deux"], ["un deux"], ["chrf"])] == ["0 to 10"]


def test_a_real_difference_is_significant_and_none_is_not():
    rows = compare("cats", {"worse": WORSE, "same": list(WORSE), "better": BETTER}, REFERENCES, ["bleu", "chrf"])
    found = {(row.model, row.metric): row for row in rows}
    assert {row.metric for row in rows} == {"BLEU", "chrF2"}
    for metric in ("BLEU", "chrF2"):
        assert found["worse", metric].p_value is None
        assert found["same", metric].p_value == pytest.approx(1.0, abs=0.01)
        assert found["better", metric].p_value < 0.05
        assert found["better", metric].value > found["worse", metric].value
        assert found["better", metric].margin > 0


def test_a_model_is_scored_on_raw_references_and_the_report_is_plain_data(tmp_path: Path):
    tokenizer = train_tokenizer(REFERENCES * 5, tmp_path / "tokenizer.model", vocab_size=400, kind="bpe", seed=1, threads=1)
    pairs = [Pair(f"cat {i}", line) for i, line in enumerate(REFERENCES)]
    translator = translating(Dictionary(tokenizer, {pair.src: pair.tgt for pair in pairs}), tokenizer)
    report, hypotheses = evaluate(translator, "cats", pairs, ["bleu"], model="dictionary")
    assert hypotheses == REFERENCES
    assert (report.model, report.test, report.sentences) == ("dictionary", "cats", 40)
    assert report.scores[0].value == pytest.approx(100.0)
    assert json.loads(json.dumps(dataclasses.asdict(report)))["by_length"][0]["sentences"] == 40
