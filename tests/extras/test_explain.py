"""Laws of what mt explain tells: it is what the network and the search really did."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import shutil
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import torch
from fakes import TableModel, make_model
from torch import Tensor, nn
from typer import Typer
from typer.testing import CliRunner

from mt.cli.explain import explain as command
from mt.config import BOS, EOS, PAD, DecodeConfig, ModelConfig
from mt.decoding.search import beam_search
from mt.errors import ExtraError, UsageError
from mt.extras.explain import Explanation, alignment, explain, gaze, nearest, words
from mt.extras.explain.attention import look
from mt.extras.explain.beam import ranking, trace
from mt.extras.explain.page import page
from mt.model import build, layers
from mt.run import RunDir
from mt.text.tokenizer import Tokenizer

ARCHITECTURES = ["encoder-decoder", "decoder-only"]
SENTENCE = "The cat sat on a mat, hello world 42."
DECODE = DecodeConfig(beam=3, max_ratio=0.5, max_extra=2)
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    return make_model(tmp_path_factory.mktemp("explain") / "model")


@pytest.fixture(scope="module")
def tokenizer(run: RunDir) -> Tokenizer:
    return Tokenizer.load(run.tokenizer)


def network(arch: str, norm: str = "pre", vocab_size: int = 400) -> nn.Module:
    """A small random network whose attention is not almost even, as that of a fresh one would be."""
    torch.manual_seed(3)
    shape = ModelConfig(arch=arch, norm=norm, d_model=16, n_heads=2, n_encoder_layers=2, n_decoder_layers=2, d_ff=32, vocab_size=vocab_size)
    model = build(shape).eval()
    for module in model.modules():
        if isinstance(module, layers.Attention):
            module.query.weight.data *= 3
    return model


@pytest.fixture(scope="module", params=ARCHITECTURES)
def explanation(request: pytest.FixtureRequest, tokenizer: Tokenizer) -> Explanation:
    return explain(network(request.param, vocab_size=tokenizer.vocab_size), tokenizer, SENTENCE, DECODE)


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """The weights of every attention the network computes from now on, by the reference and with the network's own masks."""
    weights: list[Tensor] = []

    def reference(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, *, causal: bool = False) -> Tensor:
        output, used = layers.attention(q, k, v, layers.causal_mask(q.size(2)) if causal else mask)
        weights.append(used)
        return output

    monkeypatch.setattr(layers, "fast_attention", reference)
    return weights


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_attention_is_what_the_network_used(arch: str, norm: str, used: list[Tensor]):
    model = network(arch, norm)
    src, tgt_in = torch.tensor([[7, 9, 11, EOS, PAD, PAD]]), torch.tensor([[BOS, 5, 6, 8]])
    with torch.inference_mode():
        logits, maps = look(model, src, tgt_in)
        torch.testing.assert_close(logits, model(src, tgt_in)[0])
    assert len(maps) == (6 if arch == "encoder-decoder" else 4)
    for ours, theirs in zip(maps, used, strict=False):   # the model has run twice, the second time unobserved
        torch.testing.assert_close(ours.weights, theirs[0])


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_attention_over_the_whole_target_is_that_of_decoding_step_by_step(arch: str, used: list[Tensor]):
    model = network(arch)
    src, tgt_in = torch.tensor([[7, 9, 11, EOS]]), torch.tensor([[BOS, 5, 6, 8]])
    with torch.inference_mode():
        maps = [each for each in look(model, src, tgt_in)[1] if each.kind != "encoder"]
        state = model.start(src)
        for position, token in enumerate(tgt_in[0]):
            used.clear()
            model.step(token[None], state)
            for ours, theirs in zip(maps, used, strict=True):
                row = ours.weights[:, position + (src.size(1) if ours.kind == "stack" else 0)]
                torch.testing.assert_close(row[:, : theirs.size(-1)], theirs[0, :, 0])


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_rows_sum_to_one_and_what_is_masked_is_zero(arch: str):
    src, tgt_in = torch.tensor([[7, 9, 11, EOS, PAD, PAD]]), torch.tensor([[BOS, 5, 6, 8]])
    _, maps = look(network(arch), src, tgt_in)
    for each in maps:
        torch.testing.assert_close(each.weights.sum(dim=-1), torch.ones(each.weights.shape[:2]))
        if each.kind in ("decoder", "stack"):
            assert each.weights.triu(1).count_nonzero() == 0
        if each.kind != "decoder":
            assert each.weights[:, :, 4:6].count_nonzero() == 0


def test_watching_leaves_the_network_as_it_was():
    model = network("encoder-decoder")
    look(model, torch.tensor([[7, EOS]]), torch.tensor([[BOS]]))
    with pytest.raises(IndexError):
        look(model, torch.tensor([[10_000]]), torch.tensor([[BOS]]))
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize("beam", [1, 2, 4])
@pytest.mark.parametrize("change", [{}, {"length_penalty": 0.0}, {"length_penalty": 2.0}, {"no_repeat": 2}, {"max_ratio": 0.0, "max_extra": 3}])
@pytest.mark.parametrize("end", [-3.0, 0.0, 1.0])
def test_the_beam_shown_is_that_of_the_search(end: float, change: dict[str, Any], beam: int):
    config = DecodeConfig(beam=beam, n_best=beam, **change)
    for source in ([4, 5, 6, EOS], [7, EOS]):
        src, model = torch.tensor([source]), TableModel(20, end=end)
        [expected] = beam_search(model, src, config)
        found = [each.hypothesis(config) for each in ranking(trace(model, src, config))]
        assert [h.tokens for h in found[:beam]] == [h.tokens for h in expected]
        assert [h.finished for h in found[:beam]] == [h.finished for h in expected]
        assert [h.score for h in found[:beam]] == pytest.approx([h.score for h in expected], abs=1e-5)


def test_the_hypotheses_explained_are_those_of_the_search(explanation: Explanation, tokenizer: Tokenizer, request: pytest.FixtureRequest):
    model = network(request.node.callspec.params["explanation"], vocab_size=tokenizer.vocab_size)
    with torch.inference_mode():
        [expected] = beam_search(model, torch.tensor([explanation.source]), dataclasses.replace(DECODE, n_best=DECODE.beam))
    assert [view.hypothesis.tokens for view in explanation.views] == [hypothesis.tokens for hypothesis in expected]


@pytest.mark.parametrize("end", [-1000.0, 0.0, 1.0])
def test_every_candidate_goes_on_is_the_result_or_has_a_reason(end: float):
    config = DecodeConfig(beam=3, max_extra=4)
    candidates = trace(TableModel(20, end=end), torch.tensor([[4, 5, EOS]]), config)
    parents = {candidate.parent for candidate in candidates}
    assert [candidate.fate for candidate in candidates].count("chosen") == 1
    for candidate in candidates:
        assert candidate in parents or candidate.why or candidate.fate == "chosen"
        assert candidate.fate == "kept" or candidate not in parents or end == -1000.0
    assert max(Counter(c.step for c in candidates).values()) <= 2 * config.beam
    assert max(Counter(c.step for c in candidates if c.fate == "kept").values()) <= config.beam


def test_probabilities_are_those_of_the_search(explanation: Explanation):
    for view in explanation.views:
        assert view.probabilities == pytest.approx([math.exp(log_prob) for log_prob in view.hypothesis.log_probs], abs=1e-5)
        assert len(view.output) == len(view.hypothesis.log_probs)
        for token, probability, likely in zip(view.output, view.probabilities, view.likely, strict=True):
            shares = [each.share for each in likely]
            assert shares == sorted(shares, reverse=True)
            assert shares[0] >= probability - 1e-6
            assert {each.token: each.share for each in likely}.get(token, probability) == pytest.approx(probability)


def test_neighbours_are_nearest_by_cosine():
    embedding = torch.randn(40, 8, generator=torch.Generator().manual_seed(1))
    for token, near in nearest(embedding, [3, 30]).items():
        cosines = torch.cosine_similarity(embedding[token], embedding, dim=1)
        assert {each.token for each in near} == set(cosines.argsort(descending=True)[1 : len(near) + 1].tolist())
        assert [each.share for each in near] == pytest.approx([cosines[each.token].item() for each in near], abs=1e-6)


@pytest.mark.parametrize("text", ["The cat sat.", "don't well-known", "“Oui”, 12,5 € \u00ab\u00a0non\u00a0\u00bb\u202f!", "日本 😀", " ", "▁"])
def test_words_hold_every_token_once_and_in_order(tokenizer: Tokenizer, text: str):
    tokens = [*tokenizer.encode(text), EOS]
    found = words(tokenizer, tokens)
    assert [number for word in found for number in range(word.start, word.end)] == list(range(len(tokens)))
    assert all(word.text for word in found)


def test_words_are_what_a_reader_calls_words(tokenizer: Tokenizer):
    tokens = [*tokenizer.encode("The cat, don't (see) 42!"), EOS]
    assert [word.text for word in words(tokenizer, tokens)] == ["The", "cat", ",", "don't", "(", "see", ")", "42", "!", "</s>"]


def test_each_word_divides_its_whole_look_among_the_source(explanation: Explanation):
    for view in explanation.views:
        weights = alignment(view, len(explanation.source))
        torch.testing.assert_close(weights.sum(dim=-1), torch.ones(len(view.output)))
        for _, shares in gaze(explanation, view):
            assert sum(share for _, share in shares) == pytest.approx(1, abs=1e-5)


def test_nothing_to_explain_is_an_error(tokenizer: Tokenizer):
    with pytest.raises(UsageError, match="no sentence"):
        explain(network("encoder-decoder"), tokenizer, " \t", DECODE)


class Page(HTMLParser):
    """What a page loads, and the text of its elements by id."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.text: dict[str, str] = {}
        self.tags: Counter[str] = Counter()
        self.inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.loads += [str(value) for name, value in attributes if name in ("src", "href", "srcset", "action")]
        self.inside = str(dict(attributes).get("id", ""))

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        self.text[self.inside] = self.text.get(self.inside, "") + data


def test_the_page_holds_what_was_computed(explanation: Explanation):
    data = json.loads(Page(page(explanation, DECODE)).text["data"])
    assert data["source"] == explanation.source
    assert data["text"] == explanation.text
    assert [data["pieces"][str(token)] for token in explanation.source] == explanation.tokenizer.pieces(explanation.source)
    for shown, view in zip(data["views"], explanation.views, strict=True):
        assert shown["output"] == view.output
        assert shown["probabilities"] == pytest.approx(view.probabilities, abs=1e-5)
        for drawn, computed in zip([*data["encoder"], *shown["maps"]], view.maps, strict=True):
            assert (drawn["kind"], drawn["layer"]) == (computed.kind, computed.layer)
            torch.testing.assert_close(torch.tensor(drawn["heads"]) / 1000, computed.weights.flatten(1), atol=6e-4, rtol=0)
    for shown, candidate in zip(data["candidates"], explanation.candidates, strict=True):
        assert (shown["step"], shown["rank"], shown["token"], shown["fate"]) == (candidate.step, candidate.rank, candidate.token, candidate.fate)
        assert (None if shown["parent"] is None else explanation.candidates[shown["parent"]]) is candidate.parent


def test_the_page_loads_nothing_from_anywhere(explanation: Explanation):
    html = page(explanation, DECODE)
    assert Page(html).loads == []
    assert not re.search(r"https?:|@import|url\(|fetch\(|XMLHttpRequest", html)


def test_no_sentence_can_break_out_of_the_page(tokenizer: Tokenizer):
    model = network("encoder-decoder", vocab_size=tokenizer.vocab_size)
    plain, hostile = (
        Page(page(explain(model, tokenizer, text, DECODE), DECODE)) for text in ("Hello.", "</script><img src=x onerror=alert(1)><!-- {{data}}")
    )
    assert hostile.tags == plain.tags
    assert json.loads(hostile.text["data"])["text"].startswith("</script><img")


CLICK_ALL = """
<script>
window.onerror = message => { document.title = "error: " + message; };
const cells = () => [...document.querySelectorAll("#map tbody tr")].map(row => [...row.querySelectorAll("td")].map(cell => cell.title));
const click = (selector, number) => document.querySelectorAll(selector)[number].click();
const seen = [];
for (let view = 0; view < document.querySelectorAll("#hypotheses button").length; view++) {
  click("#hypotheses button", view);
  for (let kind = 0; kind < document.querySelectorAll("#kinds button").length; kind++) {
    click("#kinds button", kind);
    for (let map = 0; map < document.querySelectorAll("#thumbnails button").length; map++) {
      click("#thumbnails button", map);
      seen.push({ view, kind: state.kind, layer: state.layer, head: state.head, cells: cells() });
    }
  }
  click("#map td[title]", 0);
  document.querySelectorAll("#output .token")[0].onmouseenter();
  document.querySelectorAll(".token, #map th").forEach(token => token.click && token.click());
  document.querySelectorAll("#beam rect").forEach(box => box.onclick());
}
const beam = [...document.querySelectorAll("#beam g")].map(box => box.getAttribute("class").split(" ")[0]);
const result = document.createElement("pre");
result.id = "result";
result.textContent = JSON.stringify({ seen, beam, steps: document.querySelectorAll("#steps tr").length, error: document.title });
document.body.append(result);
</script>
"""


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here")
def test_a_browser_shows_every_map_as_it_was_computed(explanation: Explanation, tmp_path: Path):
    path = tmp_path / "page.html"
    path.write_text(page(explanation, DECODE).replace("</html>", CLICK_ALL + "</html>"), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", f"--user-data-dir={tmp_path / 'profile'}"]
    result = subprocess.run([str(BROWSER), *flags, "--dump-dom", path.as_uri()], capture_output=True, encoding="utf-8", timeout=120)
    shown = json.loads(Page(result.stdout).text["result"])
    assert shown["error"] == "mt explain"
    assert shown["beam"] == [candidate.fate for candidate in explanation.candidates]
    assert shown["steps"] == len(explanation.views[-1].output)
    assert len(shown["seen"]) == sum(len(view.maps) for view in explanation.views) * 3   # the mean and two heads
    for each in shown["seen"]:
        maps = {(computed.kind, computed.layer): computed.weights for computed in explanation.views[each["view"]].maps}
        heads = maps[each["kind"], each["layer"]]
        weights = heads[each["head"] - 1] if each["head"] else heads.mean(dim=0)
        for r, row in enumerate(each["cells"]):
            for c, title in enumerate(row):
                if each["kind"] in ("decoder", "stack") and c > r:
                    assert title == "masked"
                else:
                    assert float(title.rpartition(": ")[2].removesuffix(" %")) == pytest.approx(100 * weights[r, c].item(), abs=0.11)


def call(*arguments: str | Path) -> Any:
    """`mt explain` in this process."""
    app = Typer()
    app.command()(command)
    return CliRunner().invoke(app, [*map(str, arguments), "--device", "cpu"], env={"COLUMNS": "200"})


def test_the_terminal_shows_tokens_steps_looks_and_beam(run: RunDir, tokenizer: Tokenizer):
    result = call("The cat sat.", "--model", run.path, "--beam", "3")
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout   # not a terminal: no colours
    assert " ".join(tokenizer.pieces([*tokenizer.encode("The cat sat."), EOS])) in result.stdout
    for part in ("Step by step", "Where each word looked", "The beam", "chosen", "✗"):
        assert part in result.stdout


def test_only_the_first_of_several_sentences_is_explained(run: RunDir, tmp_path: Path):
    result = call("The cat sat. Hello.", "--model", run.path, "--html", tmp_path / "page.html")
    assert "2 sentences" in result.stderr
    assert json.loads(Page((tmp_path / "page.html").read_text(encoding="utf-8")).text["data"])["text"] == "The cat sat."


def test_what_is_explained_is_what_would_be_translated(run: RunDir, tokenizer: Tokenizer):
    run.words.write_text("the\t20000000\nworld\t9000\n")
    result = call("THE WRLD.", "--model", run.path)
    run.words.unlink()
    assert 'read "wrld" as "world"' in result.stderr
    assert " ".join(tokenizer.pieces([*tokenizer.encode("The world."), EOS])) in result.stdout


def test_what_would_be_hidden_is_hidden_and_that_is_said(run: RunDir, tokenizer: Tokenizer):
    result = call("Open https://a.example now", "--model", run.path)
    assert "XX1 stands for https://a.example" in result.stderr
    assert " ".join(tokenizer.pieces([*tokenizer.encode("Open XX1 now"), EOS])) in result.stdout


def test_what_would_be_looked_up_is_explained_all_the_same_and_that_is_said(run: RunDir, tokenizer: Tokenizer):
    run.phrases.write_text("bough\tbranche\n")
    result = call("Bough", "--model", run.path)
    run.phrases.unlink()
    assert "phrases.tsv gives 'Branche'" in result.stderr
    assert " ".join(tokenizer.pieces([*tokenizer.encode("Bough"), EOS])) in result.stdout


def test_files_are_written_instead_of_the_terminal(run: RunDir, tmp_path: Path):
    pytest.importorskip("matplotlib")
    result = call("It costs $5 or $6, 日本.", "--model", run.path, "--html", tmp_path / "new" / "page.html", "--png", tmp_path / "cross.png")
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "cross.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "new" / "page.html").stat().st_size > 10_000


def test_a_picture_without_matplotlib_is_an_error_that_says_so(run: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert isinstance(call("The cat.", "--model", run.path, "--png", tmp_path / "a.png").exception, ExtraError)
