"""Laws of the pictures: they are drawn, not blank, and of the right numbers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from fakes import make_model
from typer import Typer
from typer.testing import CliRunner

from mt.cli.plot import plot as command
from mt.config import Config, TrainConfig
from mt.data.vocabulary import train_tokenizer
from mt.errors import ExtraError, OutputError, RunError, UsageError
from mt.extras import plots
from mt.extras.plots.word_map import WORD_PAIRS, label_places, nearness, neighbourhoods, overlap, principal_components, whole_words
from mt.model.layers import causal_mask, sinusoids
from mt.run import RunDir
from mt.text.tokenizer import Tokenizer
from mt.training.optim import learning_rate

pytest.importorskip("matplotlib")

METRICS = [
    {"step": step, "loss": 9 - step / 20, "nll": 8 - step / 20, "lr": 1e-5 * step, "tokens_per_second": 900 + step} for step in range(10, 110, 10)
] + [{"step": 100, "valid_nll": 3.5, "valid_bleu": 12.0, "best_step": 100}]
KNOWN = ["cat/chat", "dog/chien", "two/deux", "red/rouge", "day/jour", "water/eau"]   # whole words of the tokenizer below


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    run = make_model(tmp_path / "model")
    run.metrics.write_text("".join(json.dumps(line) + "\n" for line in METRICS), encoding="utf-8")
    return run


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    line = " ".join(KNOWN).replace("/", " ")
    return train_tokenizer([line] * 50, tmp_path_factory.mktemp("words") / "tokenizer.model", vocab_size=440, kind="bpe", seed=1, threads=1)


def colours(path: Path) -> int:
    """How many different colours a PNG has."""
    from matplotlib.image import imread

    red_green_blue = (imread(path)[..., :3] * 255).astype(int)
    return len(np.unique(red_green_blue @ [1, 256, 65536]))


def call(*arguments: str | Path) -> Any:
    """`mt plot` in this process."""
    app = Typer()
    app.command()(command)
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_every_picture_is_drawn_and_none_is_blank(run: RunDir, tokenizer: Tokenizer, tmp_path: Path, kind: str):
    assert call(run.path, "--out", tmp_path / "new", "--format", kind).exit_code == 0
    embedding = np.random.default_rng(1).normal(size=(tokenizer.vocab_size, 8))
    plots.save(plots.embedding_map(embedding, tokenizer), tmp_path / "new" / f"embeddings.{kind}")   # the model knows no whole words
    found = sorted((tmp_path / "new").iterdir())
    assert [path.stem for path in found] == ["curves", "embeddings", "mask", "positions", "schedule", "smoothing"]
    for path in found:
        if kind == "png":
            assert colours(path) > 20
        else:
            tags = [element.tag.rpartition("}")[2] for element in ElementTree.parse(path).iter()]
            assert tags.count("path") + tags.count("image") > 10


def test_what_a_model_folder_lacks_is_left_out_and_named(run: RunDir, tmp_path: Path):
    run.metrics.unlink()
    result = call(run.path, "--out", tmp_path / "plots")
    assert result.exit_code == 0
    assert "no curves" in result.stderr
    assert "no embeddings" in result.stderr
    assert not (tmp_path / "plots" / "curves.png").exists()
    assert (tmp_path / "plots" / "schedule.png").exists()


def test_curves_show_what_was_logged_even_while_a_line_is_written(run: RunDir):
    with run.metrics.open("a", encoding="utf-8") as file:
        file.write('{"step": 110, "los')
    assert plots.read_metrics(run) == METRICS
    losses, bleu, rates, speed = plots.training_curves(METRICS).axes
    drawn = {line.get_label(): line.get_xydata().tolist() for line in losses.lines}
    assert drawn["training"] == [[line["step"], line["nll"]] for line in METRICS[:-1]]
    assert drawn["validation"] == [[100, 3.5]]
    assert bleu.lines[0].get_xydata().tolist() == [[100, 12.0]]
    assert rates.lines[0].get_ydata().tolist() == [line["lr"] for line in METRICS[:-1]]
    assert speed.lines[0].get_ydata().tolist() == [line["tokens_per_second"] for line in METRICS[:-1]]


def test_curves_are_drawn_into_the_model_folder_again_and_again(run: RunDir):
    path = plots.curves(run)
    first = path.read_bytes()
    run.metrics.write_text(json.dumps(METRICS[0]) + "\n", encoding="utf-8")
    assert plots.curves(run) == path == run.path / "curves.png"
    assert path.read_bytes() != first


def test_curves_without_a_log_are_an_error(run: RunDir):
    for damage in ("", "no json}\n"):
        run.metrics.write_text(damage, encoding="utf-8")
        with pytest.raises(RunError, match=r"metrics\.jsonl"):
            plots.curves(run)


def test_the_schedule_drawn_is_the_one_trained_with():
    config = Config(train=TrainConfig(lr=0.003, warmup=40))
    planned, logged, _ = plots.schedule(config, METRICS).axes[0].lines
    assert planned.get_ydata() == pytest.approx([learning_rate(int(step), config.train) for step in planned.get_xdata()])
    assert logged.get_ydata() == pytest.approx([line["lr"] for line in METRICS[:-1]])


def test_positions_and_mask_are_those_of_the_model():
    assert np.array_equal(plots.positions(32, 20).axes[0].images[0].get_array(), sinusoids(20, 32).numpy())
    assert np.array_equal(plots.causal(["a", "b", "c"]).axes[0].images[0].get_array(), causal_mask(3).numpy())


@pytest.mark.parametrize(("smoothing", "vocab_size"), [(0.1, 8000), (0.0, 100), (0.4, 5)])
def test_the_smoothed_target_is_a_distribution_and_best_predicted_as_it_is(smoothing: float, vocab_size: int):
    bars, penalty = plots.smoothed_target(smoothing, vocab_size).axes
    heights = sorted(bar.get_height() for bar in bars.patches)
    assert heights[-1] + (vocab_size - 1) * heights[0] == pytest.approx(1)
    least = penalty.lines[-1].get_xdata()[0]
    assert least == pytest.approx(heights[-1], abs=2e-3)


def test_attention_is_drawn_as_given_with_any_text_beside_it(tmp_path: Path):
    weights = np.random.default_rng(1).dirichlet(np.ones(4), size=3)
    figure = plots.attention(weights, ["$a$", "日本", "</s>"], ["▁$", "$", "\\frac{", "_^"])
    assert np.array_equal(figure.axes[0].images[0].get_array(), weights)
    plots.save(figure, tmp_path / "a.png")
    assert colours(tmp_path / "a.png") > 10


def test_the_same_picture_is_the_same_file(tmp_path: Path):
    for name in ("a.png", "b.png"):
        plots.save(plots.positions(32), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_everyday_words_are_known_by_one_pair_and_differ_between_the_languages():
    pairs = [pair.split("/") for pair in WORD_PAIRS.split()]
    words = [word for pair in pairs for word in pair]
    assert len(words) == 2 * len(pairs) == len(set(words))


def test_only_whole_words_are_mapped(tokenizer: Tokenizer):
    found = {"/".join(tokenizer.decode([token]) for token in pair) for pair in whole_words(tokenizer)}
    assert found == set(KNOWN)


def test_principal_components_keep_the_distances_of_what_is_flat():
    random = np.random.default_rng(2)
    flat = random.normal(size=(30, 2)) * (3, 1)
    rotation, _ = np.linalg.qr(random.normal(size=(9, 9)))
    seen = principal_components(flat @ rotation[:2])
    distances = [np.linalg.norm(points[:, None] - points[None], axis=-1) for points in (flat, seen)]
    assert distances[0] == pytest.approx(distances[1])
    assert seen[:, 0].var() >= seen[:, 1].var()


def test_neighbourhoods_keep_neighbours_together():
    random = np.random.default_rng(3)
    groups = np.repeat(np.arange(4), 12)
    points = random.normal(size=(4, 20))[groups] + 0.2 * random.normal(size=(48, 20))
    plane = neighbourhoods(points, neighbours=6)
    distances = np.linalg.norm(plane[:, None] - plane[None], axis=-1) + np.diag(np.full(48, np.inf))
    assert (groups[distances.argmin(axis=1)] == groups).all()


@pytest.mark.parametrize("perplexity", [2, 5, 10])
def test_as_many_neighbours_count_as_were_asked_for(perplexity: int):
    weights = nearness(np.random.default_rng(4).random(30), 7, perplexity)
    assert weights[7] == 0
    assert weights.sum() == pytest.approx(1)
    assert np.exp(-sum(w * np.log(w) for w in weights if w > 0)) == pytest.approx(perplexity, rel=1e-3)


def test_labels_of_points_in_one_place_do_not_cover_each_other():
    points, texts = np.array([[0.0, 0.0], [0.5, 0.0], [1.0, 1.0]]), ["work", "travail", "job"]
    places = label_places(points, texts, 9.0)
    boxes = [(x + dx, y + dy, x + dx + 0.65 * 9 * len(t), y + dy + 9) for (x, y), (dx, dy), t in zip(points, places, texts, strict=True)]
    assert all(overlap(a, b) == 0 for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def test_what_cannot_be_drawn_is_an_error_that_says_so(run: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert isinstance(call(run.path, "--format", "bmp").exception, UsageError)
    assert isinstance(call(tmp_path / "nothing").exception, RunError)
    with pytest.raises(OutputError, match="neither"):
        plots.save(plots.positions(32), tmp_path / "a.pdf")
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert isinstance(call(run.path).exception, ExtraError)
