"""mt explain: one sentence → what the network did with it, on the terminal or as a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text
    from rich.tree import Tree

    from mt.extras.explain import Explanation
    from mt.extras.explain.beam import Candidate

REJECTED = 3    # rejected continuations shown for each stretch of the tree; the page shows all
LIKELY = 4      # next tokens named for each step; five would not always fit a line
LOOKED_AT = 3   # source words named for each output word
GREY, RED, GREEN = "bright_black", "red", "green"


def explain(
    text: Annotated[str, Argument(help="an English sentence")],
    model: Annotated[Path | None, Option(help="model folder; else $MT_MODEL, else the model that ships")] = None,
    html: Annotated[Path | None, Option(metavar="FILE", help="write a page to click through instead: every layer and head, all of the beam")] = None,
    png: Annotated[Path | None, Option(metavar="FILE", help="draw the cross-attention instead")] = None,
    beam: Annotated[int | None, Option(min=1, help="hypotheses kept at each step")] = None,
    device: Annotated[str, Option(help="auto, cpu, cuda or cuda:N")] = "auto",
) -> None:
    """Show what the network does with a sentence: its tokens, what came to mind at each step, where it looked, what it rejected."""
    from rich.console import Console

    from mt import console, default_model
    from mt.checkpoint import load_model
    from mt.config import update
    from mt.data.spelling import Spelling
    from mt.data.translation_memory import TranslationMemory
    from mt.decoding.sentence import unwrapped
    from mt.device import choose_device
    from mt.extras import plots
    from mt.extras.explain import explain as explain_sentence
    from mt.extras.explain.page import page
    from mt.run import RunDir, write_text
    from mt.text.casing import sentence_case
    from mt.text.fidelity import attempts
    from mt.text.normalize import normalize

    if png:
        plots.require_matplotlib()
    run = RunDir(model or default_model())
    network, tokenizer, config = load_model(run, choose_device(device))
    decode = update(config, {"decode": {"beam": beam, "n_best": 1}} if beam else {}).decode
    sentence = unwrapped(normalize(" ".join(only_sentence(text).split())))[1]
    spelling = Spelling.load(run.words)
    hidden = attempts(sentence)[0]   # as mt translate hides addresses and the like
    read, mended = spelling.mend(sentence_case(hidden.text, tokenizer, spelling.written))
    console.mended(mended)
    for stand_in, literal, *_ in hidden.hidden:
        console.log(f"{stand_in} stands for {literal.text}")
    if known := TranslationMemory.of_model(run.phrases).find(sentence):
        console.log(f"mt translate asks the network nothing here: its phrases.tsv gives {known!r}")
    explanation = explain_sentence(network, tokenizer, read, decode)
    if html:
        write_text(html, page(explanation, decode))
        console.log(f"wrote {html}; open it in a browser")
    if png:
        draw(explanation, png)
        console.log(f"wrote {png}")
    if not html and not png:
        show(explanation, Console(highlight=False))


def only_sentence(text: str) -> str:
    """The first sentence of a text; says so where there are more."""
    from mt import console
    from mt.text.sentences import Document

    sentences = Document.parse(text).sentences
    if len(sentences) > 1:
        console.warn(f"there are {len(sentences)} sentences, which the network reads one by one; this is the first")
    return sentences[0] if sentences else text


def draw(explanation: Explanation, path: Path) -> None:
    """Write the cross-attention of the best hypothesis as a picture."""
    from mt.extras import plots
    from mt.extras.explain import alignment

    view, pieces = explanation.views[0], explanation.tokenizer.pieces
    weights = alignment(view, len(explanation.source)).numpy()
    plots.save(plots.attention(weights, pieces(view.output), pieces(explanation.source)), path)


def show(explanation: Explanation, console: Console) -> None:
    """Print all of it."""
    best = explanation.views[0].hypothesis
    translation = explanation.tokenizer.decode(best.tokens)
    for title, part in (
        ("English", tokens(explanation, explanation.source)),
        (f"French: {translation}", tokens(explanation, explanation.views[0].output)),
        ("Step by step: what was written, its probability, and the most probable tokens", steps(explanation)),
        ("Where each word looked (last layer, mean of its heads)", looks(explanation, shaded=console.color_system is not None)),
        ("The beam: log-probabilities summed so far; number in [ ] is the final score", tree(explanation)),
    ):
        console.print(f"\n{title}", style="bold", markup=False)
        console.print(part)


def tokens(explanation: Explanation, numbers: list[int]) -> Text:
    """Tokens side by side."""
    from rich.text import Text

    shades = ("black on rgb(190,215,250)", "black on rgb(250,222,170)")
    line = Text()
    for i, piece in enumerate(explanation.tokenizer.pieces(numbers)):
        line.append(piece, style=shades[i % 2]).append(" ")
    return line


def steps(explanation: Explanation) -> RenderableType:
    """The most probable tokens at each step, the written one marked."""
    from rich.table import Table
    from rich.text import Text

    view, pieces = explanation.views[0], explanation.tokenizer.pieces
    table = Table.grid(padding=(0, 2))
    for token, probability, likely in zip(view.output, view.probabilities, view.likely, strict=True):
        others = Text()
        for each in likely[:LIKELY]:
            others.append(pieces([each.token])[0], style=f"bold {GREEN}" if each.token == token else "")
            others.append(f" {percent(each.share)}   ", style=GREY)
        table.add_row(Text(pieces([token])[0], style="bold"), Text(percent(probability)), others)
    return table


def looks(explanation: Explanation, *, shaded: bool) -> RenderableType:
    """What each output word looked at: the words looked at most and, where there are colours, all of the source shaded."""
    from rich.table import Table
    from rich.text import Text

    from mt.extras.explain import gaze

    table = Table.grid(padding=(0, 2))
    for word, shares in gaze(explanation, explanation.views[0]):
        most = sorted(shares, key=lambda pair: -pair[1])[:LOOKED_AT]
        named = Text("  ".join(f"{each.text} {percent(share)}" for each, share in most), style=GREY if shaded else "")
        source = Text(" ").join(Text(each.text, style=shade(share)) for each, share in shares)
        table.add_row(Text(word.text, style="bold"), *([source] if shaded else []), named)
    return table


def shade(share: float) -> str:
    """A style from plain to deep blue."""
    if share < 0.05:
        return GREY
    red, green, blue = (round(pale + (deep - pale) * share) for pale, deep in zip((214, 228, 250), (20, 60, 200), strict=True))
    return f"{'white' if share > 0.5 else 'black'} on rgb({red},{green},{blue})"


def tree(explanation: Explanation) -> Tree:
    """The beam: stretches without a choice in one line, below them what was rejected and where they part."""
    from rich.tree import Tree

    children: dict[Candidate | None, list[Candidate]] = {}
    for candidate in explanation.candidates:
        children.setdefault(candidate.parent, []).append(candidate)
    root = Tree("<s>", guide_style=GREY)
    pending: list[tuple[Tree, Candidate | None]] = [(root, None)]
    while pending:
        branch, start = pending.pop()
        stretch, rejected, going_on = follow(start, children)
        if start:
            branch = branch.add(stretch_line(explanation, stretch))
        for candidate in rejected[:REJECTED]:
            branch.add(rejected_line(explanation, candidate))
        if len(rejected) > REJECTED:
            branch.add(f"and {len(rejected) - REJECTED} more rejected", style=GREY)
        pending += [(branch, candidate) for candidate in reversed(going_on)]
    return root


def follow(start: Candidate | None, children: dict[Candidate | None, list[Candidate]]) -> tuple[list[Candidate], list[Candidate], list[Candidate]]:
    """From a candidate on until the beam parts or ends: the stretch, those rejected on the way, those it parts into."""
    stretch, rejected = [start] if start else [], []
    while True:
        here = children.get(stretch[-1] if stretch else None, [])
        going_on = [candidate for candidate in here if candidate.fate != "pruned"]
        rejected += [candidate for candidate in here if candidate.fate == "pruned"]
        if len(going_on) != 1:
            return stretch, rejected, going_on
        stretch.append(going_on[0])


def stretch_line(explanation: Explanation, stretch: list[Candidate]) -> Text:
    """Its tokens, the sum so far, and how it ended."""
    from rich.text import Text

    last = stretch[-1]
    colour = GREEN if last.fate in ("chosen", "finished") else ""
    line = Text(" ".join(explanation.tokenizer.pieces([each.token for each in stretch])), style=f"bold {GREEN}" if last.fate == "chosen" else colour)
    line.append(f"  {last.total:.2f}", style=GREY)
    if last.fate in ("chosen", "finished"):
        line.append(f" [{last.score:.3f}]{'' if last.why else f' {last.fate}'}", style=colour)
    return line.append(f"  {last.why}" if last.why else "", style=GREY)


def rejected_line(explanation: Explanation, candidate: Candidate) -> Text:
    """A continuation that was looked at and let go."""
    from rich.text import Text

    line = Text(f"✗ {explanation.tokenizer.pieces([candidate.token])[0]}", style=RED)
    return line.append(f"  {candidate.total:.2f} at step {candidate.step}: {candidate.why}", style=GREY)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"
