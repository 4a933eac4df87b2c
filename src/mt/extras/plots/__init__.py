"""Pictures of a model and its training; needs matplotlib, imported where it is used, and keeps none of its global state."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mt.config import Config
from mt.errors import ExtraError, OutputError, RunError
from mt.extras.plots.word_map import label_places, neighbourhoods, whole_words
from mt.run import RunDir, replacing
from mt.text.tokenizer import SPACE_MARK, Tokenizer

Figure = Any   # matplotlib.figure.Figure; the package is imported late, and has no types for us

BLUE, ORANGE, GREEN, GREY = "#2563eb", "#d9480f", "#15803d", "#98a2b3"


def require_matplotlib() -> None:
    """Raise ExtraError unless matplotlib is installed."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise ExtraError("matplotlib is not installed", fix="pip install 'mt[plots]'") from error


def save(figure: Figure, path: Path) -> None:
    """Write a picture as its ending says: .png or .svg."""
    kind = path.suffix.removeprefix(".").lower()
    if kind not in ("png", "svg"):
        raise OutputError(f"{path} is neither .png nor .svg", fix=f"write to {path.with_suffix('.png')}")
    with warnings.catch_warnings(), replacing(path) as temporary:
        warnings.filterwarnings("ignore", message="Glyph")   # a script the font lacks shows as boxes
        figure.savefig(temporary, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)


def new_figure(width: float, height: float) -> Figure:
    """An empty picture, sizes in inches."""
    require_matplotlib()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def tidy(axes: Any, title: str, x: str = "", y: str = "") -> Any:   # Any: matplotlib's Axes
    """Name what a panel shows."""
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def draw_all(run: RunDir, out: Path, kind: str) -> tuple[list[Path], list[str]]:
    """Draw every picture of a model folder into `out`; the files, and why some were left out."""
    from mt.checkpoint import load_weights

    require_matplotlib()
    run.check()
    config, tokenizer = run.read_config(), Tokenizer.load(run.tokenizer)
    pictures: dict[str, Callable[[], Figure]] = {
        "curves": lambda: training_curves(read_metrics(run)),
        "embeddings": lambda: embedding_map(load_weights(run.weights)["embedding.weight"].float().numpy(), tokenizer),
        "positions": lambda: positions(config.model.d_model),
        "schedule": lambda: schedule(config, read_metrics(run) if run.metrics.exists() else []),
        "smoothing": lambda: smoothed_target(config.train.label_smoothing, config.model.vocab_size),
        "mask": lambda: causal("<s> Le chat dort sur le lit .".split()),
    }
    files, left_out = [], []
    for name, draw in pictures.items():
        try:
            save(draw(), out / f"{name}.{kind}")
            files.append(out / f"{name}.{kind}")
        except RunError as error:   # a model can do without its log
            left_out.append(f"no {name}: {error.message}")
    return files, left_out


def curves(run: RunDir) -> Path:
    """Draw curves.png in the model folder anew, from metrics.jsonl as it is now."""
    path = run.path / "curves.png"
    save(training_curves(read_metrics(run)), path)
    return path


def read_metrics(run: RunDir) -> list[dict[str, float]]:
    """The lines of metrics.jsonl; raises RunError where there are none."""
    try:
        lines = run.metrics.read_text(encoding="utf-8").splitlines()
        metrics = [json.loads(line) for line in lines if line.endswith("}")]   # the last may be half-written
    except (OSError, ValueError) as error:
        raise RunError(f"cannot read {run.metrics}: {error}", fix="give a folder that mt train made") from error
    if not metrics:
        raise RunError(f"{run.metrics} is empty", fix="wait until training has made its first steps")
    return metrics


def series(metrics: list[dict[str, float]], name: str) -> tuple[list[float], list[float]]:
    """The steps at which a value was logged, and the value."""
    found = [(line["step"], line[name]) for line in metrics if name in line]
    return [step for step, _ in found], [value for _, value in found]


def training_curves(metrics: list[dict[str, float]]) -> Figure:
    """Loss, BLEU, learning rate and speed over the steps."""
    figure = new_figure(11, 7)
    (losses, bleu), (rates, speed) = figure.subplots(2, 2)
    logged: list[float] = []
    for name, label, colour in (("loss", "training, smoothed", GREY), ("nll", "training", BLUE), ("valid_nll", "validation", ORANGE)):
        steps, values = series(metrics, name)
        losses.plot(steps, values, color=colour, label=label, marker="o" if name == "valid_nll" else "", markersize=4)
        # The first steps start far above; of training, the later half is what one wants to see.
        logged += values if name == "valid_nll" else values[len(values) // 2 :]
    if logged:
        losses.set_ylim(0.95 * min(logged), 1.05 * max(logged))
    losses.legend(frameon=False)
    tidy(losses, "Loss", "step", "nats per target token")
    tidy(bleu, "BLEU on validation sentences, greedy", "step").plot(*series(metrics, "valid_bleu"), color=ORANGE, marker="o", markersize=4)
    bleu.set_ylim(0, max([1.0, *series(metrics, "valid_bleu")[1]]) * 1.1)
    tidy(rates, "Learning rate", "step").plot(*series(metrics, "lr"), color=BLUE)
    tidy(speed, "Speed", "step", "target tokens per second").plot(*series(metrics, "tokens_per_second"), color=GREEN)
    rates.set_ylim(bottom=0)
    speed.set_ylim(bottom=0)
    return figure


def schedule(config: Config, metrics: list[dict[str, float]]) -> Figure:
    """The learning rate over the steps: as configured, and as it was."""
    from mt.training.optim import learning_rate

    warmup = config.train.warmup
    steps, rates = series(metrics, "lr")
    planned = range(1, 1 + round(max([10 * warmup, *steps[-1:]])))
    figure = new_figure(8, 4.5)
    axes = tidy(figure.subplots(), "Learning-rate schedule", "step", "learning rate")
    axes.plot(planned, [learning_rate(step, config.train) for step in planned], color=BLUE, label="lr · min(step / warmup, √(warmup / step))")
    if steps:
        cooled = f", the last {config.train.cooldown:,} steps down to 0" if config.train.cooldown else ""
        axes.plot(steps, rates, color=ORANGE, linestyle="", marker=".", markersize=4, label=f"as trained{cooled}")
    axes.axvline(warmup, color=GREY, linestyle=":")
    axes.annotate(f"warm-up ends: step {warmup:,}, lr {config.train.lr:g}", (warmup, config.train.lr), (8, -2), textcoords="offset points")
    axes.set_ylim(0, config.train.lr * 1.3)
    axes.legend(frameon=False, loc="upper right")
    return figure


def positions(d_model: int, length: int = 100) -> Figure:
    """The positional encodings: all of them as a picture, some dimensions as waves."""
    from mt.model.layers import sinusoids

    table = sinusoids(length, d_model).numpy()
    figure = new_figure(11, 7)
    whole, waves = figure.subplots(2, 1, height_ratios=(3, 2))
    image = tidy(whole, "Positional encodings", "dimension", "position").imshow(table, cmap="RdBu", vmin=-1, vmax=1, aspect="auto")
    figure.colorbar(image, ax=whole)
    chosen = [dimension for dimension in (8, 16, 32, 64, 96) if dimension < d_model]
    for dimension, colour in zip(chosen, (GREY, BLUE, ORANGE, GREEN, "black"), strict=False):
        waves.plot(table[:, dimension], color=colour, label=f"dimension {dimension}")
    tidy(waves, "Each dimension is a wave over the positions, slower to the right", "position")
    waves.legend(frameon=False, ncols=len(chosen), loc="lower left")
    waves.set_ylim(-1.6, 1.15)
    return figure


def smoothed_target(smoothing: float, vocab_size: int) -> Figure:
    """What the network is asked to predict with and without label smoothing, and what that does to the loss."""
    spread = smoothing / vocab_size
    figure = new_figure(11, 4.5)
    bars, penalty = figure.subplots(1, 2)
    tokens = ["le", "un", "chien", "chat", "dort", "mange", "…"]
    heights = [1 - smoothing + spread if token == "chat" else spread for token in tokens]
    drawn = bars.bar(tokens, heights, color=[ORANGE if token == "chat" else BLUE for token in tokens])
    bars.bar_label(drawn, [f"{height:.3g}" for height in heights], fontsize=9, padding=2)
    bars.set_yscale("log")
    bars.set_ylim(min(1e-6, spread / 5) if spread else 1e-6, 5)
    tidy(bars, f"Target where the reference is “chat”:\nsmoothing {smoothing:g} over {vocab_size:,} tokens", "token", "probability, log scale")
    p = np.linspace(0.01, 0.99999, 2000)
    rest = np.log((1 - p) / (vocab_size - 1))   # what is left, evenly over the other tokens
    loss = -(1 - smoothing + spread) * np.log(p) - spread * (vocab_size - 1) * rest
    penalty.plot(p, -np.log(p), color=GREY, label="without smoothing: -log p")
    penalty.plot(p, loss, color=ORANGE, label="with smoothing")
    penalty.plot(p[loss.argmin()], loss.min(), color=ORANGE, marker="o")
    penalty.annotate(f"least at p = {p[loss.argmin()]:.2f}", (p[loss.argmin()], loss.min()), (-12, 18), textcoords="offset points", ha="right")
    tidy(penalty, "Loss of one token:\ncertainty no longer pays", "p, probability given to the reference", "nats").legend(frameon=False)
    return figure


def causal(tokens: Sequence[str]) -> Figure:
    """Which positions may be attended to while French is written."""
    from mt.model.layers import causal_mask

    figure = new_figure(5.5, 5.5)
    axes = heat(figure.subplots(), causal_mask(len(tokens)).numpy().astype(float), tokens, tokens)
    axes.set_title("Causal mask: each token (row) may look at\nitself and what stands before it (blue)", loc="left", fontsize=11)
    return figure


def attention(weights: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> Figure:
    """A heat-map of attention weights [rows, columns], as the tutorials draw it."""
    figure = new_figure(3 + 0.3 * len(columns), 2 + 0.3 * len(rows))
    axes = heat(figure.subplots(), weights, rows, columns)
    axes.set_xlabel("English, read")
    axes.set_ylabel("French, written")
    figure.colorbar(axes.images[0], ax=axes, shrink=0.6, label="attention")
    return figure


def heat(axes: Any, weights: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> Any:   # Any: matplotlib's Axes
    """A matrix of numbers from 0 to 1, its rows and columns named."""
    axes.imshow(weights, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(columns)), columns, rotation=90, parse_math=False)
    axes.set_yticks(range(len(rows)), rows, parse_math=False)
    axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(rows) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#e4e7ec", linewidth=0.6)
    axes.tick_params(which="both", length=0)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    return axes


def embedding_map(embedding: np.ndarray, tokenizer: Tokenizer) -> Figure:
    """Everyday words of both languages on a plane, translations joined."""
    pairs = whole_words(tokenizer)
    if len(pairs) < 4:
        raise RunError(f"only {len(pairs)} of our everyday words are whole tokens", fix="use a larger --vocab-size")
    english, french = (list(side) for side in zip(*pairs, strict=True))
    directions = embedding[english + french] / np.linalg.norm(embedding[english + french], axis=1, keepdims=True)
    plane = neighbourhoods(directions)
    found = ((directions[: len(pairs)] @ directions[len(pairs) :].T).argmax(axis=1) == np.arange(len(pairs))).mean()
    figure = new_figure(13, 11)
    axes = tidy(
        figure.subplots(),
        "Embeddings of everyday words (t-SNE); lines join translations.\n"
        f"For {found:.0%} of the English words, the French word nearest by cosine is the translation.",
    )
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["left", "bottom"]].set_visible(False)
    for (x1, y1), (x2, y2) in zip(plane[: len(pairs)], plane[len(pairs) :], strict=True):
        axes.plot((x1, x2), (y1, y2), color=GREY, linewidth=0.8, alpha=0.6, zorder=0)
    inches = np.array((12.5, 10.0))   # of the panel, about
    texts = [piece.strip(SPACE_MARK) for piece in tokenizer.pieces(english + french)]
    places = label_places(plane / np.ptp(plane, axis=0) * inches * 72, texts, 9.0)
    for start, colour, language in ((0, BLUE, "English"), (len(pairs), ORANGE, "French")):
        numbers = range(start, start + len(pairs))
        axes.scatter(plane[numbers, 0], plane[numbers, 1], s=10, color=colour, label=language)
        for i in numbers:
            axes.annotate(texts[i], plane[i], places[i], textcoords="offset points", color=colour, fontsize=9)
    axes.legend(frameon=False)
    return figure
